"""Every implementation of `qa.index.contract.Index`, each by a function that makes and opens an index of some texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

from workshop import Workshop

from qa.index.contract import Index

Made = Callable[[Path, Mapping[str, str], str], AbstractContextManager[Index]]

TWO_BITS = "snapshot with tokens of two bits"


@contextmanager
def snapshot(folder: Path, texts: Mapping[str, str], sidecar: str = "", token_bits: int = 4) -> Iterator[Index]:
    """One snapshot of all documents."""
    workshop = Workshop(folder, dict(texts), token_bits=token_bits)
    if sidecar:
        workshop.put("sources.toml", sidecar)
    workshop.build()
    with closing(workshop.open_index()) as index:
        yield index


IMPLEMENTATIONS: dict[str, Made] = {"snapshot": snapshot, TWO_BITS: partial(snapshot, token_bits=2)}
