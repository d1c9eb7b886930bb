"""The family of vector stores: nearest passages by inner product, behind one contract."""

from __future__ import annotations

from qa.index.local.vectors.choice import write_index
from qa.index.local.vectors.coded_store import CODED_FROM, CodedStore, write_codes
from qa.index.local.vectors.contract import IndexChoice, VectorStore
from qa.index.local.vectors.exact import ExactStore, inner_products
from qa.index.local.vectors.faiss_store import FaissStore

__all__ = [
    "CODED_FROM",
    "CodedStore",
    "ExactStore",
    "FaissStore",
    "IndexChoice",
    "VectorStore",
    "inner_products",
    "write_codes",
    "write_index",
]
