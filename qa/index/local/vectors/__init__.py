"""Vector stores: find the nearest passages by inner product, with one interface."""

from __future__ import annotations

from qa.index.local.vectors.coded_store import CODED_FROM, CODES, CodedStore, slack, write_codes
from qa.index.local.vectors.exact import ExactStore, Proposed, inner_products
from qa.index.local.vectors.nearest import search

__all__ = [
    "CODED_FROM",
    "CODES",
    "CodedStore",
    "ExactStore",
    "Proposed",
    "inner_products",
    "search",
    "slack",
    "write_codes",
]
