from __future__ import annotations

import gc
import os
from hashlib import sha256

import pytest

import qa.answering.originals
from qa.answering.originals import PIECE_BYTES, Originals
from qa.errors import UnknownDocument

CONTENT = bytes(range(256)) * 1024  # four pieces


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def originals(tmp_path):
    return Originals(tmp_path)


@pytest.fixture
def hashed(monkeypatch):
    """How many bytes were read for a digest before anything was sent."""
    pieces = []
    pread = os.pread

    def counted(descriptor, size, offset):
        piece = pread(descriptor, size, offset)
        if size == qa.answering.originals._HASHED_BYTES:
            pieces.append(piece)
        return piece

    monkeypatch.setattr(os, "pread", counted)
    return lambda: sum(map(len, pieces))


def digest(content=CONTENT):
    return sha256(content).hexdigest()


def whole(file, pieces=None):
    pieces = [] if pieces is None else pieces
    try:
        while piece := file.read():
            pieces.append(piece)
    finally:
        file.close()
    return pieces


@pytest.fixture
def held(monkeypatch):
    """The descriptors that were opened and not closed."""
    held = set()
    opened, closed = os.open, os.close

    def open_noted(*arguments, **options):
        descriptor = opened(*arguments, **options)
        held.add(descriptor)
        return descriptor

    def close_noted(descriptor):
        held.discard(descriptor)
        closed(descriptor)

    monkeypatch.setattr(os, "open", open_noted)
    monkeypatch.setattr(os, "close", close_noted)
    return held


def test_a_file_comes_in_pieces_as_it_was_indexed(originals, path):
    file = originals.open("deep/a.txt", digest())
    assert (file.name, file.size_bytes) == ("a.txt", len(CONTENT))
    pieces = whole(file)
    assert b"".join(pieces) == CONTENT
    assert {len(piece) for piece in pieces} == {PIECE_BYTES}
    path.write_bytes(b"")
    assert whole(originals.open("deep/a.txt", digest(b""))) == []


def test_a_digest_is_compared_anew_only_when_the_file_has_changed(originals, path, hashed):
    for _ in range(5):
        originals.open("deep/a.txt", digest()).close()
    assert hashed() == len(CONTENT)
    with pytest.raises(UnknownDocument):
        originals.open("deep/a.txt", digest(b"other"))
    assert hashed() == len(CONTENT)
    path.with_name("b.txt").write_bytes(CONTENT)
    path.with_name("b.txt").replace(path)
    originals.open("deep/a.txt", digest()).close()
    assert hashed() == 2 * len(CONTENT)


def test_what_is_remembered_is_bounded(originals, path, monkeypatch):
    monkeypatch.setattr(qa.answering.originals, "_REMEMBERED", 3)
    for number in range(10):
        path.write_bytes(b"%d" % number)
        originals.open("deep/a.txt", digest(b"%d" % number)).close()
    assert len(originals._known) == 3


@pytest.mark.parametrize("kind", ["gone", "changed", "folder", "pipe", "unreadable name", "link to nowhere"])
def test_what_is_not_the_file_that_was_indexed_is_refused(originals, path, held, kind):
    path.unlink()
    source = "deep/a.txt"
    match kind:
        case "changed":
            path.write_bytes(CONTENT[:-1] + b"x")
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)  # nobody writes to it, so opening it as a file would wait for ever
        case "unreadable name":
            source = "x" * 300
        case "link to nowhere":
            path.symlink_to("nowhere")
    with pytest.raises(UnknownDocument, match="gone or was changed"):
        originals.open(source, digest())
    assert not held


@pytest.mark.parametrize("change", ["written over", "cut", "emptied"])
def test_a_file_that_changes_while_it_is_read_is_never_given_whole(originals, path, change):
    for pieces_before in range(3):
        path.write_bytes(CONTENT)
        file = originals.open("deep/a.txt", digest())
        received = [file.read() for _ in range(pieces_before)]
        stat = path.stat()
        with path.open("r+b") as other:
            if change == "written over":
                other.seek(-1, os.SEEK_END)
                other.write(b"x")
            else:
                other.truncate(len(CONTENT) - 1 if change == "cut" else 0)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # nothing relies on the times
        with pytest.raises(UnknownDocument, match="changed while"):
            whole(file, received)
        assert sum(map(len, received)) < len(CONTENT)


def test_a_file_that_is_replaced_or_grows_meanwhile_is_given_as_it_was(originals, path):
    file = originals.open("deep/a.txt", digest())
    with path.open("ab") as other:
        other.write(b"more")
    assert b"".join(whole(file)) == CONTENT
    path.write_bytes(CONTENT)
    file = originals.open("deep/a.txt", digest())
    path.unlink()
    path.write_bytes(b"another")
    assert b"".join(whole(file)) == CONTENT


def test_a_file_that_nobody_sends_is_closed(originals, path, held):
    for _ in range(5):
        assert originals.open("deep/a.txt", digest())
        gc.collect()
    assert not held
