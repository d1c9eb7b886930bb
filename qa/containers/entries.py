"""The entries of a container's first level, before limits and nesting are applied."""

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
        load: Returns its bytes, at most one more than the given limit. Raises UnreadableFile if it is broken.
        bytes: Its size according to the container.
        packed_bytes: Its compressed size according to the container.
        trouble: Why it cannot be read.
    """

    name: str
    load: Callable[[int], bytes]
    bytes: int = 0
    packed_bytes: int = 0
    trouble: str | None = None


def with_safe_names(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that may be documents, with safe and unique names.

    A name that is taken by another entry or a folder gets a number: "report (2).pdf". Hidden files and programs' own
    files are left out.
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
