"""Vector stores: find the nearest passages by inner product, with one interface."""

from __future__ import annotations

from qa.index.local.vectors.coded_store import CODED_FROM, CODES, FRAME, CodedStore, write_codes
from qa.index.local.vectors.contract import VectorStore, inner_products
from qa.index.local.vectors.exact import ExactStore, nearest

__all__ = [
    "CODED_FROM",
    "CODES",
    "FRAME",
    "CodedStore",
    "ExactStore",
    "VectorStore",
    "inner_products",
    "nearest",
    "write_codes",
]
