from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from types import SimpleNamespace

import pytest
from filelock import FileLock
from workshop import Workshop

import qa.building.doctor
import qa.building.upgrade
from qa.building.doctor import Health, examine
from qa.errors import ModelUnavailable
from qa.index.build_notes import BuildReport, Fate, FileReport, write_report
from qa.index.local.rollback import roll_back


@pytest.fixture
def shop(tmp_path, monkeypatch):
    shop = Workshop(tmp_path)
    shop.build()
    monkeypatch.setattr(qa.building.doctor, "model_fingerprint", lambda _: shop.encoder.fingerprint)
    return shop


def findings(shop: Workshop, health: Health | None = None) -> dict[str, str]:
    return {
        f"{found.what}: {found.detail}": found.remedy
        for found in examine(shop.settings)
        if health in (None, found.health)
    }


def only(shop: Workshop, health: Health) -> tuple[str, str]:
    ((detail, remedy),) = findings(shop, health).items()
    return detail, remedy


def test_all_is_well(shop):
    assert findings(shop, Health.WRONG) == findings(shop, Health.NOTE) == {}
    kinds = {detail.partition(":")[0] for detail in findings(shop)}
    assert kinds == {"model", "reading", "documents", "build", "upgrade", "snapshot", "agreement", "disk"}


@pytest.mark.parametrize("name", ["segment.json", "texts.sqlite", "vectors.f32", "tokens.u8", "term_texts.utf8"])
def test_a_damaged_file_is_named_with_its_documents_and_the_remedy(shop, name):
    shop.put("new.txt", "New.")
    shop.build()
    path = shop.segments()[0] / name
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[-2] ^= 4
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    found = findings(shop, Health.WRONG)
    assert [remedy for detail, remedy in found.items() if "(current)" in detail] == ["Run `qa build --repair`."]
    assert all(name in detail and path.parent.name in detail for detail in found), found
    assert all("It holds ferry.md, harbour.txt, mill.txt." in detail for detail in found), found
    shop.build(repair=True)
    assert findings(shop, Health.WRONG) == {}


def test_a_damaged_version_is_named(shop):
    first = shop.version().name
    shop.put("new.txt", "New.")
    shop.build()
    (shop.index / "versions" / f"{first}.json").write_bytes(b"{}")
    assert f"{first} (older): Snapshot {first}: " in only(shop, Health.WRONG)[0]


def test_a_current_that_names_nothing(shop):
    (shop.index / "CURRENT").write_text("000007-0123456789abcdef\n")
    detail, remedy = only(shop, Health.WRONG)
    assert detail == "snapshot: CURRENT names 000007-0123456789abcdef, which is not there"
    assert "qa rollback" in remedy
    (shop.index / "CURRENT").write_text("nonsense")
    assert "does not name a snapshot" in only(shop, Health.WRONG)[0]


def test_no_index(shop):
    shutil.rmtree(shop.index)
    assert "Run `qa build`." in findings(shop, Health.WRONG).values()


def test_no_documents(shop):
    for path in shop.seeds.iterdir():
        path.unlink()
    assert any("holds no document" in detail for detail in findings(shop, Health.WRONG))
    shop.seeds.rmdir()
    assert any("There is no folder" in detail for detail in findings(shop, Health.WRONG))


def test_documents_that_differ_from_the_snapshot(shop):
    shop.put("new.txt", "New.")
    shop.put("mill.txt", "Changed.")
    (shop.seeds / "ferry.md").unlink()
    detail, remedy = only(shop, Health.NOTE)
    assert detail == "agreement: documents differ from the current snapshot: 1 new, 1 changed, 1 gone"
    assert remedy == "Run `qa build`."


def test_a_file_that_failed_and_a_sidecar_that_is_broken(shop):
    shop.put("empty.txt", b"")
    shop.build()
    assert "empty.txt is not in the index: is empty" in only(shop, Health.NOTE)[0]
    shop.put("sources.toml", "[broken")
    assert any("sources.toml" in detail for detail in findings(shop, Health.WRONG))


def test_a_file_that_was_not_read_for_now(shop):
    report = BuildReport(
        files=(
            FileReport("mill.txt", Fate.KEPT, "its parser was killed; for now it is served", for_now=True),
            FileReport(
                "new.txt", Fate.FAILED, "its parser was killed; for now: the next build tries again", for_now=True
            ),
        )
    )
    write_report(shop.index, report)
    assert findings(shop, Health.NOTE) == {
        "build: mill.txt could not be read anew: its parser was killed; for now it is served": "Run `qa build`.",
        "build: new.txt is not in the index: its parser was killed; for now: the next build tries again": (
            "Run `qa build`."
        ),
    }


def test_a_sidecar_entry_for_nothing(shop):
    shop.put("sources.toml", '["mil.txt"]\ntitle = "Mill"\n')
    shop.build()
    assert only(shop, Health.NOTE)[0] == "documents: sources.toml describes mil.txt, which is not there"


def test_a_sidecar_entry_may_compose_a_name_otherwise_than_the_disk(shop):
    composed, decomposed = (unicodedata.normalize(form, "café.txt") for form in ("NFC", "NFD"))
    shop.put(decomposed, "Coffee.")
    shop.put("sources.toml", f'["{composed}"]\ntitle = "Coffee"\n')
    shop.build()
    assert not findings(shop, Health.NOTE)


def test_wrong_weights(shop, monkeypatch):
    monkeypatch.setattr(qa.building.doctor, "model_fingerprint", lambda _: "other")
    detail, remedy = only(shop, Health.WRONG)
    assert "fake-1, but other is in use" in detail
    assert remedy == "Run `qa build`."


def test_a_running_build_and_what_a_dead_one_left(shop):
    (shop.index / "segments/.unfinished-99").mkdir()
    assert "a build was interrupted (.unfinished-99)" in only(shop, Health.NOTE)[0]
    with FileLock(shop.index / "build.lock"):
        assert "build: a build is running" in findings(shop, Health.OK)
        assert findings(shop, Health.NOTE) == {}


def test_a_rollback(shop):
    shop.put("new.txt", "New.")
    second = shop.build().snapshot
    roll_back(shop.index)
    notes = findings(shop, Health.NOTE)
    assert f"Take it back with `qa rollback {second}`." in notes.values()


def test_too_little_disk(shop, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    assert only(shop, Health.WRONG)[0].startswith("disk: 0.0 GB free")


def test_a_parser_that_cannot_start(shop, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert "even one line cannot be read" in only(shop, Health.WRONG)[0]


def test_the_model_is_looked_at_once_and_what_is_wrong_with_it_is_told_once(shop, monkeypatch):
    looked = []

    def altered(settings):
        looked.append(settings)
        raise ModelUnavailable("The weights are altered.")

    monkeypatch.setattr(qa.building.doctor, "model_fingerprint", altered)
    assert list(findings(shop, Health.WRONG)) == ["model: The weights are altered."]
    assert len(looked) == 1


def test_nothing_is_changed(shop):
    def state():
        return {path: path.stat().st_mtime_ns for path in shop.index.rglob("*") if path.name != "build.lock"}

    before = state()
    findings(shop)
    assert state() == before


# Upgrades


@pytest.mark.parametrize(
    ("constant", "told", "serves"),
    [
        ("PASSAGES_VERSION", "A build reads all documents anew and encodes what is cut otherwise", True),
        ("ANALYSER_VERSION", "A build writes all documents anew from what is stored", False),
    ],
)
def test_an_upgrade_is_told_before_a_build_does_it_and_the_build_does_that(
    shop, monkeypatch, caplog, constant, told, serves
):
    monkeypatch.setattr(qa.building.upgrade, constant, 99)
    (detail,) = [detail for detail in findings(shop, Health.NOTE) if detail.startswith("upgrade: ")]
    assert told in detail
    assert detail.endswith(
        "Until then " + ("the current snapshot serves." if serves else "nothing can be served by this version.")
    )
    before = shop.encoder.encoded
    report = shop.build()
    assert [record.getMessage() for record in caplog.records if told in record.getMessage()]
    assert len(report.files) == 3
    assert report.published
    assert shop.encoder.encoded == before, "no passage is another one"
    assert "upgrade: a build goes on from what is stored" in findings(shop, Health.OK)


def test_another_model_is_told_before_a_build_encodes_everything(shop, monkeypatch):
    shop.encoder.fingerprint = "another"
    (detail,) = [detail for detail in findings(shop, Health.NOTE) if detail.startswith("upgrade: ")]
    assert "A build encodes all documents anew, since the model's weights have changed." in detail
    before = shop.encoder.encoded
    report = shop.build()
    assert (report.encoded, report.reused) == (report.passages, 0)
    assert shop.encoder.encoded > before
    assert "upgrade: a build goes on from what is stored" in findings(shop, Health.OK)


def test_an_index_of_another_format_is_told_before_a_build_makes_it_anew(shop):
    (shop.index / "CURRENT").write_text("0123456789abcdef\n")
    (found,) = [detail for detail in findings(shop, Health.NOTE) if detail.startswith("upgrade: ")]
    assert "is of format 5, but" in found
    assert "A build reads and encodes all documents anew." in found


def test_without_an_upgrade_a_build_says_nothing_of_one(shop, caplog):
    shop.put("new.txt", "New.")
    shop.build()
    assert caplog.records == []
