"""Documents added and removed in the browser: progress, the fate of each file, and a confirmation before removal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import samples_for_tests
from browser_pages import browsing, violations
from fake_service import FakeService
from live_server import serving
from page_elements import Page as Elements
from playwright.sync_api import Page, expect

from qa.index.build_notes import REQUEST, BuildReport, Fate, FileReport, now
from qa.settings import Settings

TOKEN = "open-sesame-open-sesame"


@pytest.fixture
def own() -> FakeService:
    return samples_for_tests.service()


@pytest.fixture
def shelf(browser, own, tmp_path) -> Iterator[Page]:
    settings = Settings(seeds_dir=tmp_path / "seeds", index_dir=tmp_path / "index", admin_token=TOKEN)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds/harbour.txt").write_text("The harbour.")
    with serving(own, settings) as address, browsing(browser, address) as page:
        page.goto("/documents")
        yield page


def files(*names: str) -> list[dict]:
    return [{"name": name, "mimeType": "text/plain", "buffer": b"High water."} for name in names]


def add(shelf: Page, chosen: list[dict], token: str = TOKEN) -> None:
    shelf.get_by_label("Files").set_input_files(chosen)
    shelf.locator("#upload").get_by_label("Token").fill(token)
    shelf.get_by_role("button", name="Add").click()


def built(own: FakeService, *fates: tuple[str, Fate, str | None]) -> None:
    own.last_report = BuildReport(
        files=tuple(FileReport(*fate) for fate in fates), seconds=0.5, started_at=now(), finished_at=now()
    )


@pytest.mark.browser
def test_each_file_that_is_added_shows_its_fate(shelf: Page, own: FakeService, tmp_path: Path):
    add(shelf, files("tide.txt", "odd.txt", "moon.xyz"))
    rows = shelf.locator("#upload-files li")
    expect(rows).to_have_count(3)
    expect(shelf.locator("#upload-said")).to_have_text("Stored; waiting to be read")
    expect(rows.nth(0)).to_contain_text("stored tide.txt")
    expect(rows.nth(2)).to_contain_text("failed moon.xyz: ")
    assert (tmp_path / "seeds/tide.txt").read_bytes() == b"High water."
    assert not (tmp_path / "seeds/moon.xyz").exists()
    assert (tmp_path / "index" / REQUEST).exists()
    built(own, ("tide.txt", Fate.ADDED, None), ("odd.txt", Fate.FAILED, "is empty"))
    expect(rows.nth(0)).to_have_text("added tide.txt")
    expect(rows.nth(1)).to_have_text("failed odd.txt: is empty")
    assert violations(shelf) == []
    shelf.get_by_role("link", name="Show the list as it is now").click()
    expect(shelf.get_by_role("heading", name="Last build")).to_be_visible()


@pytest.mark.browser
def test_a_build_that_began_before_the_change_is_not_the_answer(shelf: Page, own: FakeService):
    earlier = now()
    add(shelf, files("tide.txt", "odd.txt"))
    rows = shelf.locator("#upload-files li")
    expect(shelf.locator("#upload-said")).to_have_text("Stored; waiting to be read")
    own.last_report = BuildReport(started_at=earlier, finished_at=now(), counts={"unchanged": 6})
    with shelf.expect_response("**/api/index"), shelf.expect_response("**/api/index"):
        pass
    expect(rows).to_have_text(["stored tide.txt", "stored odd.txt"])
    # A build between the two read tide.txt.
    built(own, ("tide.txt", Fate.UNCHANGED, "2 charts"), ("odd.txt", Fate.FAILED, "is empty"))
    expect(rows).to_have_text(["added tide.txt: 2 charts", "failed odd.txt: is empty"])


@pytest.mark.browser
def test_a_build_that_fails_is_told(shelf: Page, own: FakeService):
    add(shelf, files("tide.txt"))
    expect(shelf.locator("#upload-said")).to_have_text("Stored; waiting to be read")
    own.last_report = BuildReport(started_at=now(), finished_at=now(), error="The disk is full.")
    expect(shelf.locator("#upload-said")).to_contain_text("The documents could not be read: The disk is full.")
    expect(shelf.locator("#upload-files li")).to_have_text("stored tide.txt")


@pytest.mark.browser
def test_documents_of_a_version_that_was_rolled_back_are_told_of(shelf: Page, own: FakeService):
    add(shelf, files("tide.txt"))
    expect(shelf.locator("#upload-said")).to_have_text("Stored; waiting to be read")
    own.last_report = BuildReport(started_at=now(), finished_at=now(), held_back="c0ffee")
    expect(shelf.locator("#upload-said")).to_contain_text("as in snapshot c0ffee, which was rolled back")
    shelf.reload()
    expect(shelf.locator(".report")).to_contain_text("as in snapshot c0ffee, which was rolled back")


@pytest.mark.browser
def test_a_wrong_token_is_told_once_in_plain_words_and_stores_nothing(shelf: Page, tmp_path: Path):
    add(shelf, files("tide.txt", "moon.txt"), "close-sesame-close-sesame")
    expect(shelf.locator("#upload-files li")).to_have_text(["failed tide.txt: the token is wrong", "not sent moon.txt"])
    assert not (tmp_path / "seeds/tide.txt").exists()


@pytest.mark.browser
def test_a_document_is_removed_only_after_a_second_question(shelf: Page, own: FakeService, tmp_path: Path):
    file = tmp_path / "seeds/harbour.txt"
    shelf.get_by_role("button", name="Remove The harbour of Elsmouth").click()
    asking = shelf.get_by_role("dialog", name="Remove this file?")
    expect(asking).to_contain_text("harbour.txt is deleted")
    assert violations(shelf) == []
    asking.get_by_role("button", name="Keep it").click()
    expect(asking).to_be_hidden()
    assert file.exists()
    shelf.get_by_role("button", name="Remove The harbour of Elsmouth").click()
    asking.get_by_label("Token").fill(TOKEN)
    asking.get_by_role("button", name="Remove").click()
    expect(shelf.locator("#upload-said")).to_have_text("Removed; waiting for the index")
    assert not file.exists()
    built(own, ("harbour.txt", Fate.REMOVED, None))
    expect(shelf.locator("#upload-files li")).to_have_text("removed harbour.txt")


@pytest.mark.browser
@pytest.mark.parametrize("key", ["?", "/"])
def test_no_key_of_the_page_works_while_a_removal_is_confirmed(shelf: Page, key: str):
    shelf.get_by_role("button", name="Remove The harbour of Elsmouth").click()
    asking = shelf.get_by_role("dialog", name="Remove this file?")
    asking.get_by_role("button", name="Keep it").focus()
    shelf.keyboard.press(key)
    expect(shelf.get_by_role("dialog", name="Keys")).to_be_hidden()
    asking.get_by_role("button", name="Keep it").click()
    expect(shelf).to_have_url(re.compile(r"/documents$"))


@pytest.mark.browser
def test_a_document_in_a_zipped_folder_is_removed_with_the_folder(shelf: Page, own: FakeService, tmp_path: Path):
    harbour = own.all_documents["harbour"]
    own.all_documents["harbour"] = replace(harbour, source="old/papers.zip/notes.eml/harbour.txt")
    (tmp_path / "seeds/old").mkdir()
    (tmp_path / "seeds/old/papers.zip").write_bytes(b"PK")
    shelf.reload()
    shelf.get_by_role("button", name="Remove old/papers.zip").click()
    asking = shelf.get_by_role("dialog", name="Remove this file?")
    expect(asking).to_contain_text("old/papers.zip is deleted")
    asking.get_by_label("Token").fill(TOKEN)
    asking.get_by_role("button", name="Remove").click()
    expect(shelf.locator("#upload-said")).to_have_text("Removed; waiting for the index")
    assert not (tmp_path / "seeds/old").exists()


@pytest.mark.browser
def test_what_was_not_read_of_a_zipped_folder_is_told(shelf: Page, own: FakeService):
    add(shelf, [{"name": "old.zip", "mimeType": "application/zip", "buffer": b"PK"}, *files("old.zip.txt")])
    expect(shelf.locator("#upload-said")).to_have_text("Stored; waiting to be read")
    unread = [(f"old.zip/{number}.pdf", Fate.FAILED, "is empty") for number in range(5)]
    built(own, ("old.zip/tide.txt", Fate.ADDED, None), *unread)
    told = "added old.zip: failed 0.pdf, is empty; failed 1.pdf, is empty; failed 2.pdf, is empty; and 2 more"
    expect(shelf.locator("#upload-files li")).to_have_text([told, "added old.zip.txt"])


def test_without_a_token_in_the_settings_nothing_can_be_changed(client):
    page = Elements(client.get("/documents").text)
    assert not any("data-remove" in attributes for _, attributes in page.elements)
    assert "Add documents" not in page.words()


def test_the_outline_of_a_document_opens_in_the_list(client, service: FakeService):
    headings = ("Who runs the harbour?", "Safe mooring in winter")
    document = service.all_documents["harbour"]
    blocks = document.blocks
    third = replace(blocks[4], kind=blocks[1].kind, level=2)
    service.all_documents["harbour"] = replace(
        document, blocks=(*blocks[:4], third, *blocks[5:]), left_out=("3 charts",)
    )
    try:
        closed = Elements(client.get("/documents?sort=title&q=fees").text)
        link = next(link for link in closed.links() if "open=harbour" in link)
        assert link == "/documents?q=fees&sort=title&page=1&open=harbour#outline"
        listed = Elements(client.get(link).text)
        assert [text for text in listed.texts["a"] if text in headings] == list(headings)
        assert f"/documents/harbour#at-{blocks[1].start}" in listed.links()
        assert "Not in its text, or guessed: 3 charts" in listed.words()
        assert "/documents?q=fees&sort=title&page=1" in listed.links()
    finally:
        service.all_documents["harbour"] = document
    assert "too few headings" in Elements(client.get("/documents?open=table").text).words()
    nowhere = Elements(client.get("/documents?open=nowhere").text)
    assert "outline" not in [attributes.get("id") for _, attributes in nowhere.elements]
