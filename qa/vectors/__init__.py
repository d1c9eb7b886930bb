"""The family of vector stores: nearest passages by inner product, behind one contract."""

from __future__ import annotations

from qa.vectors.choice import write_index
from qa.vectors.contract import IndexChoice, VectorStore
from qa.vectors.exact import ExactStore
from qa.vectors.faiss_store import FaissStore

__all__ = ["ExactStore", "FaissStore", "IndexChoice", "VectorStore", "write_index"]
