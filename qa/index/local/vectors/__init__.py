"""The family of vector stores: nearest passages by inner product, behind one contract."""

from __future__ import annotations

from qa.index.local.vectors.choice import write_index
from qa.index.local.vectors.contract import IndexChoice, VectorStore
from qa.index.local.vectors.exact import ExactStore
from qa.index.local.vectors.faiss_store import FaissStore

__all__ = ["ExactStore", "FaissStore", "IndexChoice", "VectorStore", "write_index"]
