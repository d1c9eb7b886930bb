"""What a container holds at its first level, before limits and nesting are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from qa.text.document_names import safe_name


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a container.

    Attributes:
        name: Its path in the container, with forward slashes.
        load: Its bytes; of a larger file than asked for, one more than that. Raises UnreadableFile if it is broken.
        bytes: Its size, as far as the container says.
        packed_bytes: What it takes in the container, as far as that says.
        trouble: Why it cannot be read.
    """

    name: str
    load: Callable[[int], bytes]
    bytes: int = 0
    packed_bytes: int = 0
    trouble: str | None = None


def with_safe_names(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that may be documents, under names that are safe and differ.

    A name that is taken, or is that of a folder, gets a number: "report (2).pdf". Hidden files and what programs leave
    behind are left out.
    """
    named = [(name, entry) for entry in entries if (name := safe_name(entry.name))]
    folders = {parent.as_posix() for name, _ in named for parent in PurePosixPath(name).parents}
    taken: set[str] = set()
    found: list[Entry] = []
    for name, entry in named:
        free = next(each for each in _numbered(name) if each not in taken and each not in folders)
        taken.add(free)
        found.append(replace(entry, name=free))
    return found


def _numbered(name: str) -> Iterator[str]:
    yield name
    path = PurePosixPath(name)
    number = 2
    while True:
        yield path.with_name(f"{path.stem} ({number}){path.suffix}").as_posix()
        number += 1
