"""Vector stores: find the nearest passages by inner product, with one interface."""

from __future__ import annotations

from qa.index.local.vectors.coded_store import CODED_FROM, CODES, CodedStore, write_codes
from qa.index.local.vectors.contract import Proposed, VectorStore, inner_products
from qa.index.local.vectors.exact import ExactStore
from qa.index.local.vectors.search import search

__all__ = [
    "CODED_FROM",
    "CODES",
    "CodedStore",
    "ExactStore",
    "Proposed",
    "VectorStore",
    "inner_products",
    "search",
    "write_codes",
]
