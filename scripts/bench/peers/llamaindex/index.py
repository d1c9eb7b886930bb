"""Encode the passages with LlamaIndex; keep its vector and BM25 indexes. Runs in LlamaIndex's environment."""

import json
import os
from pathlib import Path

import faiss
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.faiss import FaissVectorStore

index = Path(os.environ["BENCH_INDEX"])
with Path(os.environ["BENCH_PASSAGES"]).open(encoding="utf-8") as lines:
    nodes = [TextNode(id_=str(each["id"]), text=each["text"]) for each in map(json.loads, lines)]
embedder = HuggingFaceEmbedding(os.environ["BENCH_MODEL"], backend="onnx")
store = FaissVectorStore(faiss.IndexFlatIP(len(embedder.get_text_embedding("dimension"))))
storage = StorageContext.from_defaults(vector_store=store)
VectorStoreIndex(nodes, storage_context=storage, embed_model=embedder)
BM25Retriever.from_defaults(nodes=nodes).persist(str(index / "bm25"))
storage.persist(str(index))
