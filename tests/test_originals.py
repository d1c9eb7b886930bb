from __future__ import annotations

import gc
import os
from hashlib import sha256

import pytest

from qa.answering.originals import BLOCK_BYTES, PIECE_BYTES, Originals
from qa.errors import UnknownDocument

CONTENT = bytes(range(251)) * 4178  # three blocks and 16 pieces, and a little


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep" / "a.txt"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def originals(tmp_path):
    return Originals(tmp_path, most_bytes=1 << 20)


@pytest.fixture
def pread(monkeypatch):
    """The number of bytes read from files so far."""
    pieces = []
    pread = os.pread

    def counted(descriptor, size, offset):
        pieces.append(pread(descriptor, size, offset))
        return pieces[-1]

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
    """The open descriptors."""
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
    assert max(map(len, pieces)) == PIECE_BYTES
    assert (file.sha256, len(pieces)) == (digest(), 17)
    path.write_bytes(b"")
    assert whole(originals.open("deep/a.txt", digest(b""))) == []


def test_a_digest_is_compared_anew_only_when_the_file_has_changed(originals, path, pread):
    for _ in range(5):
        originals.open("deep/a.txt", digest()).close()
    assert pread() == len(CONTENT)
    with pytest.raises(UnknownDocument):
        originals.open("deep/a.txt", digest(b"other"))
    assert pread() == len(CONTENT)
    path.with_name("b.txt").write_bytes(CONTENT)
    path.with_name("b.txt").replace(path)
    originals.open("deep/a.txt", digest()).close()
    assert pread() == 2 * len(CONTENT)


def test_what_is_remembered_is_bounded(tmp_path, path, pread):
    originals = Originals(tmp_path, most_bytes=1 << 20, remembered_bytes=3 * 200)

    def costs_of(number):
        """The bytes read to open a file, whose size is its number; afterwards the current file is also another."""
        before = pread()
        originals.open(f"deep/{number}.txt", digest(b"x" * number)).close()
        return pread() - before

    for number in range(1, 11):
        path.with_name(f"{number}.txt").write_bytes(b"x" * number)
    assert [costs_of(number) for number in range(1, 11)] == list(range(1, 11))
    assert [costs_of(number) for number in (10, 9, 8)] == [0, 0, 0]
    assert [costs_of(number) for number in (1, 2)] == [1, 2], "these were forgotten"


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
            os.mkfifo(path)  # it has no writer, so opening it as a file would wait forever
        case "unreadable name":
            source = "x" * 300
        case "link to nowhere":
            path.symlink_to("nowhere")
    with pytest.raises(UnknownDocument, match="gone or was changed"):
        originals.open(source, digest())
    assert not held


@pytest.mark.parametrize("change", ["written over", "cut", "emptied"])
def test_a_file_that_changes_while_it_is_read_is_never_given_whole(originals, path, change):
    for pieces_before in (0, 3, 4, 5, 12):
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
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # no check uses the times
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


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, 1), (5, 6), (0, PIECE_BYTES), (PIECE_BYTES - 1, PIECE_BYTES + 1), (BLOCK_BYTES - 1, BLOCK_BYTES + 1),
     (1, 2 * BLOCK_BYTES), (len(CONTENT) - 1, len(CONTENT)), (len(CONTENT) - 5, len(CONTENT)), (0, len(CONTENT))],
)  # fmt: skip
def test_a_part_is_exactly_those_bytes_and_costs_only_the_blocks_it_lies_in(originals, path, pread, start, stop):
    originals.open("deep/a.txt", digest()).close()
    before = pread()
    file = originals.open("deep/a.txt", digest())
    file.take(range(start, stop))
    assert b"".join(whole(file)) == CONTENT[start:stop]
    assert pread() - before <= stop - start + 2 * BLOCK_BYTES


def test_a_part_that_has_changed_is_not_given_though_the_rest_is(originals, path):
    file = originals.open("deep/a.txt", digest())
    with path.open("r+b") as other:
        other.seek(2 * BLOCK_BYTES)
        other.write(b"changed")
    file.take(range(2 * BLOCK_BYTES))
    assert len(b"".join(iter(file.read, b""))) == 2 * BLOCK_BYTES
    file.take(range(2 * BLOCK_BYTES + 100, 2 * BLOCK_BYTES + 101))
    with pytest.raises(UnknownDocument, match="changed while"):
        file.read()
    file.close()
