"""Files added and removed over HTTP: one at a time by path, several in a form, and documents removed by id."""

from __future__ import annotations

import asyncio
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from waiting import until
from workshop import TEXTS, Workshop

from qa.cli.open_service import open_service
from qa.index.build_notes import REQUEST
from qa.text.document_ids import document_id
from qa.text.readable_types import READ_SUFFIXES
from qa.web.api.reply_models import AddedModel, RemovedModel, StoredModel
from qa.web.app import create_app

TOKEN = "correct-horse-battery-staple"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ODD = "deep/Yearly Report.md"
NAMES = {*TEXTS, ODD}
Send = Callable[..., httpx.Response]


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    shop = Workshop(tmp_path, TEXTS | {ODD: "# Year\n\nOld words."}, admin_token=TOKEN, max_file_mb=1)
    shop.build()
    return shop


@pytest.fixture
def send(shop: Workshop) -> Iterator[Send]:
    service = open_service(shop.settings, shop.encoder)
    app = create_app(service, shop.settings)

    def send(method: str, target: str, **options) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=BEARER) as client:
                return await client.request(method, target, **options)

        return asyncio.run(once())

    yield send
    service.close()


def held(shop: Workshop) -> dict[str, bytes]:
    """Every file in the documents' folder, also hidden ones."""
    files = [path for path in shop.seeds.rglob("*") if path.is_file()]
    return {path.relative_to(shop.seeds).as_posix(): path.read_bytes() for path in files}


def error_of(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


# One file


def test_a_file_is_stored_replaced_and_removed_by_its_path(shop, send):
    for content, fate in ((b"First words.", "added"), (b"Second words.", "replaced")):
        reply = send("PUT", "/api/files/deep/new%20file.txt", content=content)
        assert reply.status_code == 202
        StoredModel.model_validate(reply.json())
        assert reply.json() == {
            "source": "deep/new file.txt",
            "id": document_id("deep/new file.txt"),
            "fate": fate,
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
            "build": "asked for",
            "asked_at": reply.json()["asked_at"],
        }
        assert held(shop)["deep/new file.txt"] == content
    reply = send("DELETE", "/api/files/deep/new%20file.txt")
    RemovedModel.model_validate(reply.json())
    assert (reply.status_code, reply.json()["fate"]) == (202, "removed")
    assert error_of(send("DELETE", "/api/files/deep/new%20file.txt")) == (404, "unknown_document")


@pytest.mark.parametrize("address", ["/api/files", "/api/documents"])
@pytest.mark.parametrize("name", ["photo.png", "old.xls", "noextension", "a.txt.bak", "deep/archive.tar"])
def test_a_type_that_is_not_read_is_415_and_stores_nothing(shop, send, address, name):
    before = held(shop)
    reply = send("PUT", f"{address}/{name}", content=b"Words.")
    assert error_of(reply) == (415, "unsupported_type")
    assert name in reply.json()["error"]["message"]
    assert held(shop) == before
    assert not (shop.index / REQUEST).exists()


def test_a_type_that_would_be_read_in_another_form_is_told(send):
    assert "save it as .xlsx" in send("PUT", "/api/files/old.xls", content=b"x").json()["error"]["message"]


@pytest.mark.parametrize("suffix", sorted(READ_SUFFIXES))
def test_every_type_that_is_read_is_stored_in_any_case(shop, send, suffix):
    assert send("PUT", f"/api/files/a{suffix.upper()}", content=b"Words.").status_code == 202
    assert f"a{suffix.upper()}" in held(shop)


def test_conditions_hold_for_files(shop, send):
    mill = f'"{sha256(TEXTS["mill.txt"].encode()).hexdigest()}"'
    assert send("PUT", "/api/files/mill.txt", content=b"New.", headers={"If-None-Match": "*"}).status_code == 412
    assert send("PUT", "/api/files/mill.txt", content=b"New.", headers={"If-Match": '"other"'}).status_code == 412
    assert send("DELETE", "/api/files/mill.txt", headers={"If-Match": '"other"'}).status_code == 412
    assert held(shop)["mill.txt"] == TEXTS["mill.txt"].encode()
    assert send("PUT", "/api/files/mill.txt", content=b"New.", headers={"If-Match": mill}).status_code == 202


# Documents by id


@pytest.mark.parametrize(("name", "source"), [("mill", "mill.txt"), ("mill.txt", "mill.txt"), ("ferry.md", "ferry.md"),
                                              (document_id(ODD), ODD)])  # fmt: skip
def test_a_document_is_removed_by_its_id_or_by_its_files_path(shop, send, name, source):
    reply = send("DELETE", f"/api/documents/{name}")
    assert (reply.status_code, reply.json()["source"], reply.json()["fate"]) == (202, source, "removed")
    assert source not in held(shop)


def test_conditions_on_an_id_are_those_of_its_file(shop, send):
    assert send("DELETE", "/api/documents/mill", headers={"If-Match": '"other"'}).status_code == 412
    assert "mill.txt" in held(shop)
    mill = f'"{sha256(TEXTS["mill.txt"].encode()).hexdigest()}"'
    assert send("DELETE", "/api/documents/mill", headers={"If-Match": mill}).status_code == 202


def test_an_id_of_no_document_is_unknown(shop, send):
    before = held(shop)
    assert error_of(send("DELETE", "/api/documents/nothing")) == (404, "unknown_document")
    assert held(shop) == before


# Several files


def form(*files: tuple[str, bytes]) -> dict[str, object]:
    return {"files": [("files", file) for file in files]}


def test_several_files_are_added_and_each_is_told_of(shop, send):
    reply = send("POST", "/api/documents", **form(("new.txt", b"New words."), ("mill.txt", b"Other words.")))
    assert reply.status_code == 202
    AddedModel.model_validate(reply.json())
    told = reply.json()
    assert [(each["source"], each["id"], each["fate"]) for each in told["files"]] == [
        ("new.txt", "new", "added"),
        ("mill.txt", "mill", "replaced"),
    ]
    assert [each["sha256"] for each in told["files"]] == [
        sha256(content).hexdigest() for content in (b"New words.", b"Other words.")
    ]
    assert told["build"] == "asked for"
    assert (shop.index / REQUEST).exists()
    assert held(shop) | {"new.txt": b"New words.", "mill.txt": b"Other words."} == held(shop)
    assert set(held(shop)) == {*NAMES, "new.txt"}


def test_a_file_that_is_refused_keeps_no_other_out(shop, send):
    files = (("photo.png", b"x"), ("good.txt", b"Words."), ("empty.txt", b""), ("../out.txt", b"Words."))
    told = send("POST", "/api/documents", **form(*files)).json()["files"]
    assert [(each["source"], each["fate"], each.get("error", {}).get("code")) for each in told] == [
        ("photo.png", "refused", "unsupported_type"),
        ("good.txt", "added", None),
        ("empty.txt", "refused", "invalid_request"),
        ("../out.txt", "refused", "invalid_request"),
    ]
    assert set(held(shop)) == {*NAMES, "good.txt"}


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ([("photo.png", b"x")], (415, "unsupported_type")),
        ([("photo.png", b"x"), ("empty.txt", b"")], (415, "unsupported_type")),
        ([("empty.txt", b"")], (400, "invalid_request")),
        ([(".hidden.txt", b"x")], (400, "invalid_request")),
    ],
)
def test_where_every_file_is_refused_the_reply_is_an_error_and_nothing_is_stored(shop, send, files, error):
    before = held(shop)
    assert error_of(send("POST", "/api/documents", **form(*files))) == error
    assert held(shop) == before
    assert not (shop.index / REQUEST).exists()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, (415, "unsupported_type")),
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, (415, "unsupported_type")),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, (400, "invalid_request")),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data; boundary=a"}}, (400, "invalid_request")),
        ({"data": {"a": "b"}, **form(("new.txt", b"x"))}, (400, "invalid_request")),
        (form(("big.txt", b"x" * (3 << 20)), ("more.txt", b"x")), (413, "request_too_large")),
        ({"headers": {"Authorization": "Bearer wrong"}, **form(("new.txt", b"x"))}, (401, "token_needed")),
    ],
)  # fmt: skip
def test_a_body_that_holds_no_files_is_refused(shop, send, options, error):
    before = held(shop)
    assert error_of(send("POST", "/api/documents", **options)) == error
    assert held(shop) == before


def test_a_document_in_a_container_is_removed_with_its_file(shop: Workshop, send: Send) -> None:
    shop.put("old.zip", b"PK")
    told = send("DELETE", "/api/files/old.zip/notes/mill.txt").json()["error"]
    assert told["code"] == "unknown_document"
    assert told["message"].endswith("; what old.zip holds is removed with that file.")
    assert send("DELETE", "/api/files/nothing.txt").json()["error"]["message"].endswith("among the documents.")
    assert (shop.seeds / "old.zip").exists()


def test_a_zipped_folder_is_no_document_and_has_no_id(shop: Workshop, send: Send) -> None:
    stored = send("PUT", "/api/files/old.zip", content=b"PK").json()
    assert (stored["id"], stored["fate"]) == (None, "added")
    assert send("PUT", "/api/files/letter.eml", content=b"Subject: Hours").json()["id"] == "letter.eml"
    removed = send("DELETE", "/api/files/old.zip").json()
    assert (removed["id"], removed["fate"]) == (None, "removed")


def test_a_folder_with_a_containers_name_holds_files_of_its_own(shop: Workshop, send: Send) -> None:
    shop.put("Inbox.mbox/letter.txt", b"A letter.")
    with zipfile.ZipFile(shop.put("Inbox.mbox/old.zip", b""), "w") as archive:
        archive.writestr("pier.txt", "A pier.")
    shop.build()
    until(lambda: 'data-remove="Inbox.mbox' in send("GET", "/documents").text)
    page = send("GET", "/documents").text
    assert 'data-remove="Inbox.mbox/letter.txt"' in page
    assert 'data-remove="Inbox.mbox/old.zip"' in page
    assert 'data-remove="Inbox.mbox"' not in page
    told = send("DELETE", "/api/files/Inbox.mbox/old.zip/pier.txt").json()["error"]["message"]
    assert told.endswith("; what Inbox.mbox/old.zip holds is removed with that file.")
    assert send("DELETE", "/api/files/Inbox.mbox/letter.txt").status_code == 202
    assert "Inbox.mbox/letter.txt" not in held(shop)
