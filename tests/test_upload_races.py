"""Concurrent changes of one document by several clients: each is atomic, and made only under its condition."""

from __future__ import annotations

import asyncio
import threading
from hashlib import sha256
from pathlib import Path

import pytest
from waiting import PATIENCE_S

from qa.settings import Settings
from qa.web.api.uploads import Inbox
from qa.web.limits.workers import Workers


class Changed(Exception):
    """The file is not the version that a change is based on."""


def only(wanted: bytes | None):
    """The condition that a file has certain content, or does not exist."""
    digest = None if wanted is None else sha256(wanted).hexdigest()

    def check(found: str | None) -> None:
        if found != digest:
            raise Changed

    return check


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    return tmp_path / "seeds"


@pytest.fixture
def inbox(seeds: Path) -> Inbox:
    return Inbox(Settings(seeds_dir=seeds, index_dir=seeds.with_name("index")))


async def words(text: bytes):
    yield text


def entries(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.mark.parametrize("change", ["replaced", "removed", "added"])
def test_an_upload_is_refused_where_the_file_has_changed_since_it_began(inbox: Inbox, seeds: Path, change: str) -> None:
    if change != "added":
        (seeds / "a.txt").write_bytes(b"First.")

    async def main() -> None:
        begun, other_is_done = asyncio.Event(), asyncio.Event()

        async def slowly():
            yield b"Second, "
            begun.set()
            await other_is_done.wait()
            yield b"slowly."

        condition = only(None if change == "added" else b"First.")
        slow = asyncio.create_task(inbox.put("a.txt", slowly(), condition))
        await begun.wait()
        if change == "removed":
            inbox.remove("a.txt")
        else:
            await inbox.put("a.txt", words(b"Third."), condition)
        other_is_done.set()
        with pytest.raises(Changed):
            await slow

    asyncio.run(main())
    assert {path.name: path.read_bytes() for path in seeds.iterdir()} == (
        {} if change == "removed" else {"a.txt": b"Third."}
    )


@pytest.mark.parametrize("name", ["a.txt", "new/deep/a.txt"])
def test_of_many_that_want_to_add_one_document_one_does(seeds: Path, name: str) -> None:
    """Each with its own threads and event loop, as in several worker processes."""
    number = 6
    all_are_ready = threading.Barrier(number)
    done: list[object] = []

    def add(text: bytes) -> None:
        async def content():
            await asyncio.to_thread(all_are_ready.wait, PATIENCE_S)
            yield text

        inbox = Inbox(Settings(seeds_dir=seeds, index_dir=seeds.with_name("index")))
        try:
            done.append(asyncio.run(inbox.put(name, content(), only(None))).sha256)
        except Changed as error:
            done.append(error)

    clients = [threading.Thread(target=add, args=(b"By client %d" % client,)) for client in range(number)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    (winner,) = [each for each in done if isinstance(each, str)]
    assert len(done) == number
    assert sha256((seeds / name).read_bytes()).hexdigest() == winner
    assert len(entries(seeds)) == len(Path(name).parts), "nothing else is left"


def test_a_change_is_made_by_one_of_two_that_follow_the_same_version(inbox: Inbox, seeds: Path) -> None:
    for _ in range(20):
        (seeds / "a.txt").write_bytes(b"First.")

        async def main() -> list[object]:
            texts = (b"Second.", b"Third.")
            puts = [inbox.put("a.txt", words(text), only(b"First.")) for text in texts]
            removal = asyncio.to_thread(inbox.remove, "a.txt", only(b"First."))
            return await asyncio.gather(*puts, removal, return_exceptions=True)

        done = asyncio.run(main())
        assert sum(not isinstance(each, Exception) for each in done) == 1, done
        assert entries(seeds) == ([] if isinstance(done[2], str) else ["a.txt"])


def test_an_upload_that_is_cancelled_leaves_nothing_though_every_thread_is_busy(seeds: Path) -> None:
    """As when the server stops: it cancels twice, and ends."""
    workers = Workers(queue=1, seconds=PATIENCE_S, threads=1)
    inbox = Inbox(Settings(seeds_dir=seeds, index_dir=seeds.with_name("index")), workers)
    is_over = threading.Event()

    async def main() -> list[str]:
        half_is_there = asyncio.Event()

        async def half():
            yield b"Half"
            half_is_there.set()
            await asyncio.Event().wait()

        storing = asyncio.create_task(inbox.put("a.txt", half()))
        await half_is_there.wait()
        assert len(entries(seeds)) == 1
        busy = asyncio.create_task(workers.do(is_over.wait))
        await asyncio.sleep(0)
        while not storing.done():
            storing.cancel()
            await asyncio.sleep(0)
        left = entries(seeds)
        is_over.set()
        await busy
        return left

    assert asyncio.run(main()) == []


def test_what_a_refused_addition_has_made_goes_again(inbox: Inbox, seeds: Path) -> None:
    def refuse_at_the_end(found: str | None) -> None:
        if (seeds / "new").exists():
            raise Changed

    with pytest.raises(Changed):
        asyncio.run(inbox.put("new/deep/a.txt", words(b"Words."), refuse_at_the_end))
    assert entries(seeds) == []
