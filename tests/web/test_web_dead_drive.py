"""A drive below the documents that does not answer: requests for its files get an error, and no other request waits."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from dead_drive import Drive
from fake_service import FakeService, make_document
from live_server import serving
from raw_http import connect, exchange, parse, read, request
from waiting import PATIENCE_S, until

import qa.index.document_files
from qa.answering.originals import Originals
from qa.errors import BuildFailed, NoPicture, UnknownDocument, UnreadableForNow
from qa.records import BlockKind
from qa.settings import Settings
from qa.web.api.uploads import Inbox
from qa.web.limits.workers import FILE_THREADS, THREADS

CONTENT = b"x" * 1_000_000
DIGEST = sha256(CONTENT).hexdigest()
ORIGINAL = request("GET /documents/far/original HTTP/1.1", "Connection: close")
QUESTION = request("GET /api/ask?q=harbour HTTP/1.1", "Connection: close")


class FarFiles(FakeService):
    def original(self, document_id):
        self.document(document_id)
        return self.originals.open("far.txt", DIGEST)


@pytest.fixture
def drive(monkeypatch):
    drive = Drive(monkeypatch)
    yield drive
    drive.mend()


@pytest.fixture
def originals(tmp_path):
    (tmp_path / "far.txt").write_bytes(CONTENT)
    return Originals(tmp_path, most_bytes=1 << 20)


def hang(drive, monkeypatch, name):
    """Make a function of `os` wait if its argument is the file on the drive, or a descriptor."""
    here = lambda path, *_: isinstance(path, int) or os.fsdecode(path).endswith("far.txt")  # noqa: E731
    monkeypatch.setattr(os, name, drive.slow(getattr(os, name), here))


@pytest.mark.parametrize("call", ["open", "pread"])
def test_originals_on_a_dead_drive_keep_no_question_waiting(originals, drive, monkeypatch, call):
    service = FarFiles({"far": make_document("far", [(BlockKind.PARAGRAPH, "The harbour was built in 1871.")])})
    service.originals = originals
    with serving(service, Settings(answer_seconds=PATIENCE_S)) as address, ExitStack() as held:
        if call == "pread":  # while it is sent: it was compared before
            originals.open("far.txt", DIGEST).close()
        hang(drive, monkeypatch, call)
        clients = [held.enter_context(connect(address)) for _ in range(THREADS + 1)]
        for client in clients:
            client.sendall(ORIGINAL)
        for _ in range(THREADS):
            assert drive.waiting.acquire(timeout=PATIENCE_S)
        assert exchange(address, QUESTION)[0].status == 200
        drive.mend()
        assert {parse(read(client))[0].body for client in clients} == {CONTENT}


def test_an_original_whose_drive_does_not_answer_is_not_there_for_now(originals, drive, monkeypatch):
    drive.give_up()
    hang(drive, monkeypatch, "open")
    for reason in ("gave no answer for 20 s", "still gives no answer"):
        with pytest.raises(UnreadableForNow, match=reason):
            originals.open("far.txt", DIGEST)


@pytest.mark.parametrize("cause", ["EIO", "ESTALE", "ENOTCONN", "EMFILE", "ENOMEM", "EACCES"])
def test_a_drive_or_a_machine_in_trouble_is_not_a_file_that_is_gone(originals, monkeypatch, cause):
    number = getattr(errno, cause)

    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(UnreadableForNow, match=os.strerror(number)):
            originals.open("far.txt", DIGEST)
    with pytest.raises(UnknownDocument):
        originals.open("gone.txt", DIGEST)


def test_a_drive_that_dies_while_a_file_is_read_ends_it_and_what_hangs_closes_it(originals, drive, monkeypatch):
    drive.give_up()
    opened, real = [], os.open
    monkeypatch.setattr(os, "open", lambda *given, **options: opened.append(real(*given, **options)) or opened[-1])
    file = originals.open("far.txt", DIGEST)
    hang(drive, monkeypatch, "pread")
    with pytest.raises(UnreadableForNow, match="gave no answer"):
        file.read()
    file.close()
    del file
    assert Path(f"/dev/fd/{opened[-1]}").exists(), "the call that hangs still uses it"
    drive.mend()
    until(lambda: not Path(f"/dev/fd/{opened[-1]}").exists())


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "seeds").mkdir()
    return Inbox(Settings(seeds_dir=tmp_path / "seeds", index_dir=tmp_path / "index"))


async def words():
    yield b"Words "
    yield b"from afar."


@pytest.mark.parametrize("step", ["begin", "write", "flush", "appear"])
def test_no_step_of_an_upload_keeps_others_from_being_answered(inbox, drive, monkeypatch, tmp_path, step):
    upload = qa.index.document_files.Upload
    monkeypatch.setattr(upload, step, drive.slow(getattr(upload, step)))

    async def main():
        storing = asyncio.create_task(inbox.put("far.txt", words()))
        assert await asyncio.to_thread(drive.waiting.acquire, timeout=PATIENCE_S)
        drive.mend()
        return await storing

    assert asyncio.run(main()).bytes == 16
    assert (tmp_path / "seeds/far.txt").read_bytes() == b"Words from afar."


@pytest.mark.parametrize("call", ["landing", "open_upload", "lock"])
def test_an_upload_to_a_dead_drive_is_refused_and_does_not_appear_when_it_is_mended(
    inbox, drive, monkeypatch, tmp_path, call
):
    drive.give_up()
    monkeypatch.setattr(qa.index.document_files, call, drive.slow(getattr(qa.index.document_files, call)))
    with pytest.raises(BuildFailed, match=r"far\.txt cannot be stored \(its drive gave no answer"):
        asyncio.run(inbox.put("far.txt", words()))
    drive.mend()
    assert list((tmp_path / "seeds").iterdir()) == []


def test_a_removal_on_a_dead_drive_is_refused(inbox, drive, monkeypatch):
    drive.give_up()
    monkeypatch.setattr(qa.index.document_files, "landing", drive.slow(qa.index.document_files.landing))
    with pytest.raises(BuildFailed, match=r"far\.txt cannot be removed \(its drive gave no answer"):
        inbox.remove("far.txt")


def test_uploads_to_a_dead_drive_keep_no_other_upload_waiting(inbox, drive, monkeypatch):
    drive.give_up()
    landing = qa.index.document_files.landing
    on_it = lambda _, name: name.startswith("far")  # noqa: E731
    monkeypatch.setattr(qa.index.document_files, "landing", drive.slow(landing, on_it))

    async def main():
        dead = [asyncio.create_task(inbox.put(f"far-{number}.txt", words())) for number in range(2 * FILE_THREADS)]
        stored = await inbox.put("near/good.txt", words())
        return stored, await asyncio.gather(*dead, return_exceptions=True)

    stored, failed = asyncio.run(main())
    assert stored.new
    assert {type(error) for error in failed} == {BuildFailed}


class SlowPictures(FakeService):
    def page_picture(self, *_):
        self.drive.slow(lambda: None)()
        raise NoPicture("There is no picture.")


def test_pages_that_are_hard_to_draw_keep_no_question_waiting(drive):
    service = SlowPictures({"far": make_document("far", [(BlockKind.PARAGRAPH, "The harbour was built in 1871.")])})
    service.drive = drive
    picture = request("GET /documents/far/pages/1/picture HTTP/1.1", "Connection: close")
    with serving(service, Settings(answer_seconds=PATIENCE_S)) as address, ExitStack() as held:
        clients = [held.enter_context(connect(address)) for _ in range(THREADS + 1)]
        for client in clients:
            client.sendall(picture)
        assert drive.waiting.acquire(timeout=PATIENCE_S)
        assert exchange(address, QUESTION)[0].status == 200
        drive.mend()
        assert {parse(read(client))[0].status for client in clients} == {404}
