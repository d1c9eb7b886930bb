"""Zipped folders and attachments: each file in them is a separate document, under a safe name."""

from __future__ import annotations

import io
import os
import zipfile
from contextlib import closing
from email.message import EmailMessage
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from compound_files import compound_file
from workshop import Workshop, fates, reason

import qa.containers.container
from qa.answering.extracted_files import ExtractedFiles
from qa.answering.originals import Originals
from qa.building.doctor import examine
from qa.containers.container import Container
from qa.errors import UnknownDocument, UnreadableFile
from qa.text.document_ids import document_id

MILL = b"The mill grinds rye on Tuesdays. Its wheel was turned by the brook until 1950."
PIER = b"The harbour of Elden has three piers. The oldest pier was built by Mara Quill in 1871."
MOST_BYTES = 1 << 20
SUFFIXES = {".txt", ".eml"}


def zipped(files: dict[str, bytes], **options: object) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def message(*attachments: tuple[str, bytes], subject: str = "Hours", text: str = "The mill is shut.") -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = "Mara Quill <mara@example.org>"
    made.set_content(text)
    for name, data in attachments:
        made.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return made


def container(name: str, data: bytes, most_bytes: int = MOST_BYTES) -> Container:
    return Container(name, io.BytesIO(data), most_bytes)


def names(name: str, data: bytes) -> list[str]:
    return [member.name for member in container(name, data).members(SUFFIXES)]


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, {"own.txt": "A text of its own that says something."})


def test_documents_of_a_zipped_folder_are_cited_by_archive_and_name(shop: Workshop) -> None:
    shop.put(
        "old.zip", zipped({"Notes/mill.txt": MILL, "pier.txt": PIER, "logo.png": b"\x89PNG", "__MACOSX/x.txt": MILL})
    )
    report = shop.build()
    assert fates(report) == {
        "own.txt": "added",
        "old.zip/Notes/mill.txt": "added",
        "old.zip/pier.txt": "added",
        "old.zip/logo.png": "skipped",
    }
    with closing(shop.open_index()) as index:
        document = index.document(document_id("old.zip/Notes/mill.txt"))
        assert (document.source, document.text.encode()) == ("old.zip/Notes/mill.txt", MILL)
        assert document.sha256 == sha256(MILL).hexdigest()


def test_what_did_not_change_in_an_archive_is_not_read_again(shop: Workshop) -> None:
    shop.put("old.zip", zipped({"mill.txt": MILL, "pier.txt": PIER}))
    shop.build()
    again = shop.build()
    assert not again.published
    assert set(fates(again).values()) == {"unchanged"}
    shop.put("old.zip", zipped({"mill.txt": MILL, "pier.txt": PIER + b" It was rebuilt.", "new.txt": b"A new one."}))
    changed = shop.build()
    found = fates(changed)
    assert found == {
        "own.txt": "unchanged",
        "old.zip/mill.txt": "unchanged",
        "old.zip/pier.txt": "changed",
        "old.zip/new.txt": "added",
    }
    (shop.seeds / "old.zip").unlink()
    assert fates(shop.build())["old.zip/mill.txt"] == "removed"


def test_an_archive_that_cannot_be_read_is_named_and_takes_nothing_else_with_it(shop: Workshop) -> None:
    whole = zipped({"mill.txt": MILL})
    shop.put("cut.zip", whole[:-30])
    shop.put("nothing.zip", zipped({"a.png": b"\x89PNG"}))
    shop.put("damaged.zip", zipped({"mill.txt": MILL, "pier.txt": PIER}).replace(b"PK\x03\x04", b"PK\x00\x00", 1))
    report = shop.build()
    assert "broken or cut short" in reason(report, "cut.zip")
    assert reason(report, "nothing.zip") == "holds no file of a format that is read"
    assert "cannot be unpacked" in reason(report, "damaged.zip/mill.txt")
    assert fates(report)["damaged.zip/pier.txt"] == "added"
    assert fates(shop.build()) == fates(report) | {"own.txt": "unchanged", "damaged.zip/pier.txt": "unchanged"}


def test_attachments_are_documents_beside_their_message(shop: Workshop) -> None:
    inner = message(("pier.txt", PIER), subject="Re: piers/hours")
    outer = message(("mill.txt", MILL), ("tune.mp3", b"ID3"), ("folder.zip", zipped({"pier.txt": PIER})))
    outer.add_attachment(inner)
    shop.put("a.eml", outer.as_bytes())
    report = shop.build()
    assert set(fates(report)) == {
        "own.txt",
        "a.eml",
        "a.eml/mill.txt",
        "a.eml/folder.zip/pier.txt",
        "a.eml/Re_ piers_hours.eml",
        "a.eml/Re_ piers_hours.eml/pier.txt",
    }
    assert reason(report, "a.eml") == "1 attachment"  # the tune


def test_attachments_of_a_mailbox_stand_below_their_messages_number() -> None:
    one = message(("mill.txt", MILL)).as_bytes()
    data = b"".join(b"From mara Tue Jun  4 09:30:00 2024\n" + one + b"\n" for _ in range(2))
    assert names("a.mbox", data) == ["1/mill.txt", "2/mill.txt"]


def test_attachments_of_outlook_are_taken_by_their_long_names() -> None:
    storage = "__attach_version1.0_#00000000"
    streams = {
        "__properties_version1.0": bytes(32),
        f"{storage}/__substg1.0_37010102": MILL,
        f"{storage}/__substg1.0_3707001F": "mill notes.txt".encode("utf-16-le"),
    }
    found = container("a.msg", compound_file(streams))
    assert [member.name for member in found.members(SUFFIXES)] == ["mill notes.txt"]
    assert found.take("mill notes.txt").rstrip(b"\0") == MILL


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd.txt", "etc/passwd.txt"),
        ("/root/a.txt", "root/a.txt"),
        ("C:\\Users\\mara\\a.txt", "C_/Users/mara/a.txt"),
        ("a\x1b[31m\u202etxt.b.txt", "a_[31m_txt.b.txt"),
        ("Bru\u0308cke.txt", "Br\u00fccke.txt"),
        ("x" * 300 + ".txt", "x" * 196 + ".txt"),
        ("/".join("abcdefghij") + ".txt", "a/b/c/d/e/f/g/j.txt"),
    ],
)
def test_names_in_archives_are_made_safe(given: str, safe: str) -> None:
    assert names("a.zip", zipped({given: MILL})) == [safe]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Brücke.txt", "utf-8"),
        ("Brücke.txt", "cp437"),
        ("Prøve på måling.txt", "cp850"),
        ("Отчёт.txt", "cp866"),
        ("報告書の一覧.txt", "cp932"),
        ("货物报告.txt", "gbk"),
    ],
)
def test_names_without_a_mark_of_their_encoding_are_read_as_letters_of_one_script(name: str, encoding: str) -> None:
    written = name.encode(encoding)
    flagged = zipped({"é" + "x" * (len(written) - 2): MILL}).replace("é".encode() + b"x" * (len(written) - 2), written)
    utf_8, unflagged = (0x800).to_bytes(2, "little"), flagged
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = unflagged.index(signature) + offset
        assert unflagged[at : at + 2] == utf_8
        unflagged = unflagged[:at] + bytes(2) + unflagged[at + 2 :]
    assert names("a.zip", unflagged) == [name]


def test_two_files_of_one_name_are_two_documents() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a/n.txt", MILL)
        archive.writestr("a\\n.txt", PIER)
        archive.writestr("a.eml", message(("mill.txt", MILL)).as_bytes())
        archive.writestr("a.eml/mill.txt", PIER)
    found = container("a.zip", made.getvalue())
    listed = {member.name: member.sha256 for member in found.members(SUFFIXES)}
    assert listed["a/n.txt"] == sha256(MILL).hexdigest()
    assert listed["a/n (2).txt"] == sha256(PIER).hexdigest()
    assert len(listed) == 5
    assert all(sha256(found.take(name)).hexdigest() == digest for name, digest in listed.items())


def test_what_is_beyond_the_limits_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def troubles(data: bytes, most_bytes: int = MOST_BYTES) -> dict[str, str | None]:
        return {each.name: each.trouble for each in container("a.zip", data, most_bytes).members(SUFFIXES)}

    deep = zipped({"mill.txt": MILL})
    for level in range(4):
        deep = zipped({f"{level}.zip": deep, "pier.txt": PIER})
    found = troubles(deep)
    assert found["pier.txt"] is found["3.zip/2.zip/pier.txt"] is None
    assert "at most 3 are opened" in found["3.zip/2.zip/1.zip/0.zip"]
    assert "QA_MAX_FILE_MB" in troubles(zipped({"a.txt": MILL * 100, "b.txt": MILL}), 2000)["a.txt"]
    bomb = troubles(zipped({"a.txt": bytes(11 << 20), "b.txt": MILL}), 20 << 20)
    assert "times its size" in bomb["a.txt"]
    assert bomb["b.txt"] is None
    monkeypatch.setattr(qa.containers.container, "_MOST_ENTRIES", 2)
    with pytest.raises(UnreadableFile, match="holds 3 files; at most 2 are read"):
        container("a.zip", zipped({f"{n}.txt": MILL for n in range(3)}))
    monkeypatch.setattr(qa.containers.container, "_MOST_TOTAL_BYTES", 100)
    assert "stands behind the first" in troubles(zipped({"a.txt": MILL, "b.txt": PIER}))["b.txt"]


def test_the_original_of_a_document_in_an_archive_can_be_had_as_it_was_indexed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    path = tmp_path / "deep" / "old.zip"
    path.write_bytes(zipped({"in/a.eml": message(("mill.txt", MILL)).as_bytes(), "pier.txt": PIER}))
    originals = Originals(tmp_path, MOST_BYTES)
    for source, data in (("deep/old.zip/pier.txt", PIER), ("deep/old.zip/in/a.eml/mill.txt", MILL)):
        file = originals.open(source, sha256(data).hexdigest())
        assert (file.name, file.size_bytes, file.read()) == (source.rpartition("/")[2], len(data), data)
        file.close()
    path.write_bytes(zipped({"pier.txt": MILL}))
    for source in ("deep/old.zip/pier.txt", "deep/old.zip/gone.txt", "deep/old.zip"):
        with pytest.raises(UnknownDocument):
            originals.open(source, sha256(PIER).hexdigest())


def test_a_document_that_is_sent_in_parts_is_taken_out_of_its_archive_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.zip"
    path.write_bytes(zipped({"pier.txt": PIER, **{f"{number}.txt": b"%d" % number for number in range(9)}}))
    taken: list[str] = []
    take = Container.take

    def counted(container: Container, name: str) -> bytes:
        taken.append(name)
        return take(container, name)

    monkeypatch.setattr(Container, "take", counted)
    originals = Originals(tmp_path, MOST_BYTES)

    def opened(name: str, data: bytes) -> bytes:
        file = originals.open(f"old.zip/{name}", sha256(data).hexdigest())
        try:
            return file.read()
        finally:
            file.close()

    assert [opened("pier.txt", PIER) for _ in range(3)] == [PIER] * 3
    assert taken == ["pier.txt"]
    for number in range(9):  # others replace it
        opened(f"{number}.txt", b"%d" % number)
    assert opened("pier.txt", PIER) == PIER
    assert taken.count("pier.txt") == 2
    path.write_bytes(zipped({"pier.txt": MILL}))
    assert opened("pier.txt", MILL) == MILL
    with pytest.raises(UnknownDocument):
        opened("pier.txt", PIER)


def test_reading_a_large_container_shows_that_its_drive_answers(tmp_path: Path) -> None:
    data = b"A line of a long list.\n" * 200_000
    (tmp_path / "old.eml").write_bytes(message(("list.txt", data)).as_bytes())
    (tmp_path / "old.zip").write_bytes(zipped({"list.txt": data}, compression=zipfile.ZIP_STORED))
    for container in ("old.eml", "old.zip"):
        pieces: list[None] = []
        descriptor = ExtractedFiles(tmp_path, 2 * len(data)).open(f"{container}/list.txt", partial(pieces.append, None))
        assert os.pread(descriptor, 2 * len(data), 0) == data
        os.close(descriptor)
        assert len(pieces) >= 4, "of a million bytes at most"


def test_the_sidecar_and_the_doctor_know_documents_in_archives(shop: Workshop) -> None:
    shop.put("old.zip", zipped({"mill.txt": MILL}))
    shop.put("sources.toml", '["old.zip/mill.txt"]\ntitle = "The Mill"\n')
    shop.build()
    with closing(shop.open_index()) as index:
        assert index.info(document_id("old.zip/mill.txt")).title == "The Mill"
    assert not [finding.detail for finding in examine(shop.settings) if "not there" in finding.detail]
