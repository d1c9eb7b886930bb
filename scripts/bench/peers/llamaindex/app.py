"""LlamaIndex's fusion retriever behind FastAPI, at `/ask`. Runs in LlamaIndex's environment."""

import os
from pathlib import Path

from fastapi import FastAPI
from llama_index.core import StorageContext, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.faiss import FaissVectorStore

_CANDIDATES = 10  # of each retriever

_folder = Path(os.environ["BENCH_INDEX"])
_embedder = HuggingFaceEmbedding(
    os.environ["BENCH_MODEL"], backend="onnx", query_instruction=os.environ["BENCH_PROMPT"]
)
_store = FaissVectorStore.from_persist_dir(str(_folder))
_index = load_index_from_storage(
    StorageContext.from_defaults(vector_store=_store, persist_dir=str(_folder)), embed_model=_embedder
)
_words = BM25Retriever.from_persist_dir(str(_folder / "bm25"))
_words.similarity_top_k = _CANDIDATES
_retriever = QueryFusionRetriever(
    [_index.as_retriever(similarity_top_k=_CANDIDATES), _words],
    llm=MockLLM(),  # never called: the question is searched unchanged
    mode="reciprocal_rerank",
    num_queries=1,
    similarity_top_k=_CANDIDATES,
    use_async=False,  # nothing to await
)
app = FastAPI()


@app.get("/ask")
def ask(question: str, count: int) -> list[dict]:
    """Answer a question with `count` passages."""
    found = _retriever.retrieve(question)[:count]
    return [{"text": each.node.text, "score": each.score} for each in found]
