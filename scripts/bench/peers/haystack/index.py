"""Encode the passages with Haystack and keep its in-memory store as a file. Runs in Haystack's environment."""

import json
import os
from pathlib import Path

from haystack import Document
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersDocumentEmbedder

embedder = SentenceTransformersDocumentEmbedder(model=os.environ["BENCH_MODEL"], backend="onnx", progress_bar=False)
embedder.warm_up()
with Path(os.environ["BENCH_PASSAGES"]).open(encoding="utf-8") as lines:
    passages = [json.loads(line) for line in lines]
documents = [Document(id=str(each["id"]), content=each["text"]) for each in passages]
store = InMemoryDocumentStore()
store.write_documents(embedder.run(documents)["documents"])
store.save_to_disk(os.environ["BENCH_INDEX"])
