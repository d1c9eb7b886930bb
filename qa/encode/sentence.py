"""The encoder on sentence-transformers; the only module that imports it.

The packaged network runs in onnxruntime behind sentence-transformers' own module interface. Its ready-made ONNX
backend would do, but draws two more packages, holds the library two major versions back, and measures 1.4 times as
slow for one question.

Texts are encoded one by one, side by side on threads, never in padded batches: an int8 network scales its
activations by the whole batch, so a text's vector would depend on its neighbours.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule, Normalize
from sentence_transformers.sentence_transformer.modules import Pooling
from tokenizers import Tokenizer

from qa.encode.contract import Encoding
from qa.encode.weights import PackagedModel
from qa.errors import ModelUnavailable

_AHEAD = 64  # texts in flight, so that memory stays bounded while every thread has work


class OnnxNetwork(InputModule):
    """A BERT-like ONNX network as a module of sentence-transformers: token ids in, `token_embeddings` out."""

    def __init__(self, network: Path, tokenizer: Path, max_tokens: int, threads: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.enable_truncation(max_tokens)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, torch.Tensor]:
        """Tokenise texts into padded id, mask and type tensors."""
        encodings = self.tokenizer.encode_batch([(prompt or "") + text for text in inputs])
        return {
            "input_ids": torch.tensor([encoding.ids for encoding in encodings]),
            "attention_mask": torch.tensor([encoding.attention_mask for encoding in encodings]),
            "token_type_ids": torch.tensor([encoding.type_ids for encoding in encodings]),
        }

    def forward(self, features: dict[str, torch.Tensor], **_: Any) -> dict[str, torch.Tensor]:
        """Run the network."""
        feed = {name: features[name].numpy() for name in self._inputs}
        features["token_embeddings"] = torch.from_numpy(self._session.run(None, feed)[0])
        return features

    def save(self, *_: Any, **__: Any) -> None:
        """Weights are installed, not saved from here."""
        raise NotImplementedError


def load_packaged(packaged: PackagedModel, threads: int = 1) -> SentenceTransformer:
    """Assemble the default model from its verified files."""
    network = OnnxNetwork(packaged.network, packaged.tokenizer, packaged.max_tokens, threads)
    dimension = 384
    return SentenceTransformer(modules=[network, Pooling(dimension, pooling_mode="cls"), Normalize()], device="cpu")


def load_named(name: str) -> SentenceTransformer:
    """Load a model by folder or hub id.

    Raises:
        ModelUnavailable: it cannot be loaded.
    """
    try:
        return SentenceTransformer(name, device="cpu")
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise ModelUnavailable(f"QA_MODEL={name!r} cannot be loaded: {reason}") from error


class SentenceEncoder:
    """An `Encoder` on a SentenceTransformer."""

    def __init__(
        self,
        model: SentenceTransformer,
        model_id: str,
        query_prompt: str,
        threads: int,
        packaged: PackagedModel | None = None,
    ) -> None:
        self._model = model.eval()
        self._threads = threads or os.cpu_count() or 1
        self._prompt = query_prompt or str((model.prompts or {}).get("query") or "")
        self.id = model_id
        self.fingerprint = packaged.fingerprint if packaged else _digest(model, self._prompt)
        self.dimension = len(self.encode_question("dimension").vector)

    def encode_question(self, question: str) -> Encoding:
        """Encode a question; see `Encoder`."""
        encoding = self._encode(self._prompt + question)
        before = len(self._prompt.rstrip())
        kept = (encoding.spans[:, 0] >= before) | (encoding.spans[:, 0] < 0)
        spans = encoding.spans[kept]
        shifted = np.where(spans >= 0, np.maximum(spans - len(self._prompt), 0), spans).astype(np.int32)
        return Encoding(encoding.vector, encoding.tokens[kept], shifted)

    def is_word(self, word: str) -> bool:
        """Whether the model knows a word whole; see `Encoder`."""
        offsets, special = self._tokenised(word)
        return len(offsets) - sum(special) == 1

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        """Encode texts in order; see `Encoder`."""
        pending: deque[Future[Encoding]] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            try:
                for text in texts:
                    pending.append(pool.submit(self._encode, text))
                    if len(pending) >= _AHEAD:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                for future in pending:
                    future.cancel()

    def _encode(self, text: str) -> Encoding:
        with torch.inference_mode():
            features = self._model(self._model.preprocess([text]))
        if "token_embeddings" not in features or "sentence_embedding" not in features:
            raise ModelUnavailable(f"{self.id} gives no token vectors; name a transformer model in QA_MODEL.")
        vector = features["sentence_embedding"][0].numpy()
        tokens = features["token_embeddings"][0].numpy()
        return Encoding(_unit(vector), _unit(tokens), self._spans(text, len(tokens)))

    def _spans(self, text: str, count: int) -> npt.NDArray[np.int32]:
        offsets, special = self._tokenised(text)
        if len(offsets) != count:
            raise ModelUnavailable(f"{self.id} gives {count} token vectors for {len(offsets)} tokens; name another.")
        spans = np.array(offsets, dtype=np.int32).reshape(count, 2)
        spans[np.array(special, dtype=bool)] = -1
        return spans

    def _tokenised(self, text: str) -> tuple[list[tuple[int, int]], list[int]]:
        """Each token's offsets, and 1 for each of the model's own tokens."""
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):
            encoding = tokenizer.encode(text)
            return encoding.offsets, encoding.special_tokens_mask
        encoded = tokenizer(
            text,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        return encoded["offset_mapping"], encoded["special_tokens_mask"]


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def _digest(model: SentenceTransformer, prompt: str) -> str:
    digest = sha256(prompt.encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
