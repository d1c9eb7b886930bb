"""The pipeline that hayhooks serves at `/ask/run`. Runs in Haystack's environment."""

import os

from hayhooks import BasePipelineWrapper
from haystack import Pipeline
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack_integrations.components.embedders.sentence_transformers import SentenceTransformersTextEmbedder


class PipelineWrapper(BasePipelineWrapper):
    """Search by vectors and by BM25, joined by reciprocal rank fusion."""

    def setup(self) -> None:
        """Load the store and build the pipeline."""
        store = InMemoryDocumentStore.load_from_disk(os.environ["BENCH_INDEX"])
        embedder = SentenceTransformersTextEmbedder(
            model=os.environ["BENCH_MODEL"], backend="onnx", prefix=os.environ["BENCH_PROMPT"], progress_bar=False
        )
        self.pipeline = Pipeline()
        self.pipeline.add_component("embedder", embedder)
        self.pipeline.add_component("meaning", InMemoryEmbeddingRetriever(store))
        self.pipeline.add_component("words", InMemoryBM25Retriever(store))
        self.pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
        self.pipeline.connect("embedder.embedding", "meaning.query_embedding")
        self.pipeline.connect("meaning", "joiner")
        self.pipeline.connect("words", "joiner")
        self.pipeline.warm_up()

    def run_api(self, question: str, count: int) -> list[dict]:
        """Answer a question with `count` passages."""
        found = self.pipeline.run(
            {
                "embedder": {"text": question},
                "words": {"query": question},
                "joiner": {"top_k": count},
            }
        )
        return [{"text": each.content, "score": each.score} for each in found["joiner"]["documents"]]
