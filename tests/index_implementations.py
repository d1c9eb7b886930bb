"""Every implementation of `qa.index.contract.Index`, each by a function that makes and opens an index of some texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from workshop import Workshop

from qa.index.contract import Index

Made = Callable[[Path, Mapping[str, str], str], AbstractContextManager[Index]]


@contextmanager
def snapshot(folder: Path, texts: Mapping[str, str], sidecar: str = "") -> Iterator[Index]:
    """One snapshot of all documents."""
    workshop = Workshop(folder, dict(texts))
    if sidecar:
        workshop.put("sources.toml", sidecar)
    workshop.build()
    with closing(workshop.open_index()) as index:
        yield index


IMPLEMENTATIONS: dict[str, Made] = {"snapshot": snapshot}
