#!/usr/bin/env python
"""The cost of builds and of opening for an index of many small documents, in CPU seconds and bytes.

    .venv/bin/python scripts/index_bench.py WORK [--passages N]

WORK gets a folder of generated documents, ten passages in each, and their index; the next run reuses both. Vectors are
random and short: nothing here depends on them, and a real model would take hours. CPU seconds are of this process and
its parsers, so other work on the machine hardly changes them.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from qa.building.background_merge import merge
from qa.building.build import build
from qa.encode import Encoding
from qa.index.local.open_version import open_index
from qa.settings import Settings

ROUNDS = 5
_DIMENSION = 8
_PASSAGES_EACH = 10


class RandomVectors:
    """An `Encoder` that gives each text a random vector seeded by its digest, and one token."""

    id = fingerprint = "random"
    dimension = _DIMENSION

    def encode_question(self, question: str) -> Encoding:
        """A question's vector."""
        seed = int.from_bytes(blake2b(question.encode(), digest_size=8).digest(), "big")
        vector = np.random.default_rng(seed).standard_normal(_DIMENSION).astype(np.float32)
        vector /= np.linalg.norm(vector)
        return Encoding(vector, vector[np.newaxis], np.array([[0, 1]], np.int32))

    def is_word(self, _: str) -> bool:
        """No correction."""
        return True

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        """The vectors of the texts."""
        return map(self.encode_question, texts)

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        """The vectors of the texts, by group."""
        return (list(self.encode_texts(group)) for group in groups)


def main() -> None:
    """Make the documents and their index, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    arguments = parser.parse_args()
    settings = Settings(seeds_dir=arguments.work / "documents", index_dir=arguments.work / "index", keep_snapshots=1)
    _write_documents(settings.seeds_dir, arguments.passages // _PASSAGES_EACH)

    def built() -> object:
        return build(settings, encoder=RandomVectors())

    _told("build, the first of this run", [_cost(built)])
    _told("merge, the first of this run", [_cost(lambda: merge(settings))])
    _told("build with nothing to do", [_cost(built) for _ in range(ROUNDS)])
    _told("open", [_cost(lambda: open_index(settings.index_dir).close()) for _ in range(ROUNDS)])
    new = settings.seeds_dir / "zz-new.md"
    added = []
    for number in range(ROUNDS):
        new.write_text(f"# New {number}\n\nThe lighthouse shows {number} flashes.")
        added.append(_cost(built))
    new.unlink()
    _told("build that changes a document of one passage", added)
    with closing(open_index(settings.index_dir)) as index:
        print(f"{index.size:,} passages, {len(index.documents):,} documents, {index.segments} segments")


def _write_documents(folder: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        parts = [f"# Pier {number}-{place}\n\nWord{number % 97} by word{place} at {number}." for place in range(10)]
        path = folder / f"note{number:06}.md"
        if not path.exists():
            path.write_text("\n\n".join(parts))


def _cost(act: Callable[[], object]) -> tuple[float, float, float]:
    """CPU seconds, and megabytes read and written through system calls."""
    before = _spent()
    act()
    return tuple(after - earlier for earlier, after in zip(before, _spent(), strict=True))  # type: ignore[return-value]


def _spent() -> tuple[float, float, float]:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    seconds = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    return seconds, int(counts["rchar"]) / 1e6, int(counts["wchar"]) / 1e6


def _told(what: str, costs: Sequence[tuple[float, float, float]]) -> None:
    seconds, read, written = (statistics.median(values) for values in zip(*costs, strict=True))
    print(f"{what}: {seconds:.2f} CPU s, {read:.1f} MB read, {written:.3f} MB written", flush=True)


if __name__ == "__main__":
    main()
