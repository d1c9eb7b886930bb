"""Every implementation of `qa.index.contract.Index`, each as a function that builds and opens an index of some
texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from workshop import Workshop

from qa.index.cluster.host import assign
from qa.index.cluster.sharded_index import ShardedIndex
from qa.index.contract import Index
from qa.index.local.local_index import LocalIndex
from qa.index.local.segment import Segment

Made = Callable[[Path, Mapping[str, str], str], AbstractContextManager[Index]]

TWO_BITS = "snapshot with tokens of two bits"


@dataclass
class InProcess:
    """Groups of segments in this process, asked one after another."""

    groups: Sequence[LocalIndex]

    @property
    def shards(self) -> int:
        return len(self.groups)

    def ask(self, call: str, arguments: Mapping[int, Sequence[Any]]) -> dict[int, Any]:
        return {shard: getattr(self.groups[shard], call)(*given) for shard, given in arguments.items()}


@contextmanager
def snapshot(folder: Path, texts: Mapping[str, str], sidecar: str = "", token_bits: int = 4) -> Iterator[Index]:
    """One snapshot of all documents."""
    workshop = Workshop(folder, dict(texts), token_bits=token_bits)
    if sidecar:
        workshop.put("sources.toml", sidecar)
    workshop.build()
    with closing(workshop.open_index()) as index:
        yield index


@contextmanager
def shards(number: int, folder: Path, texts: Mapping[str, str], sidecar: str = "") -> Iterator[Index]:
    """A segment for each document, divided among shards."""
    workshop = Workshop(folder, {})
    if sidecar:
        workshop.put("sources.toml", sidecar)
    for name, text in texts.items():
        workshop.put(name, text)
        workshop.build()
    version = workshop.version()
    groups = assign([entry.passages for entry in version.segments], number)
    with ExitStack() as stack:
        segments = [stack.enter_context(closing(Segment.open(each))) for each in workshop.segments()]
        yield ShardedIndex(
            version, InProcess([LocalIndex(version, [segments[each] for each in group], group) for group in groups])
        )


IMPLEMENTATIONS: dict[str, Made] = {"snapshot": snapshot, TWO_BITS: partial(snapshot, token_bits=2)} | {
    f"{number} shards": partial(shards, number) for number in (1, 2, 3, 5)
}
