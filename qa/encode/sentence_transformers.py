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
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from tokenizers import Tokenizer

from qa.encode.contract import Encoding
from qa.encode.load_trouble import why
from qa.encode.packaged_model import PackagedModel
from qa.errors import ModelUnavailable

Spans = npt.NDArray[np.int32]

_AHEAD = 8  # groups of texts in flight for each thread, so that memory stays bounded while every thread has work


class OnnxNetwork(InputModule):
    """A BERT-like ONNX network as a module of sentence-transformers: token ids in, `token_embeddings` out.

    The first token's state, at unit length, is the `sentence_embedding`. `spans` are the tokens' places in each text,
    so that nothing is tokenised twice.
    """

    def __init__(self, network: Path, tokenizer: Path, max_tokens: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.tokenizer.enable_truncation(max_tokens)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # Texts run side by side, each on the thread that brings it. A team for each would wait for its next piece of
        # work by spinning, on the very cores that the other texts need.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Tokenise texts into padded id, mask and type tensors, and the spans of each text's tokens."""
        texts = [(prompt or "") + text for text in inputs]
        # One text needs no padding, and none of the threads that a batch is handed out to.
        encodings = self.tokenizer.encode_batch(texts) if len(texts) > 1 else [self.tokenizer.encode(texts[0])]
        return {
            "input_ids": _tensor([encoding.ids for encoding in encodings]),
            "attention_mask": _tensor([encoding.attention_mask for encoding in encodings]),
            "token_type_ids": _tensor([encoding.type_ids for encoding in encodings]),
            "spans": [_spans(encoding.offsets, encoding.special_tokens_mask) for encoding in encodings],
        }

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Run the network."""
        feed = {name: features[name].numpy() for name in self._inputs}
        try:
            states = self._session.run(None, feed)[0]
        except Exception as error:
            raise ModelUnavailable(f"The model cannot encode a text: {why(error)}") from error
        features["token_embeddings"] = torch.from_numpy(states)
        features["sentence_embedding"] = torch.from_numpy(_unit(states[:, 0]))
        return features

    def save(self, *_: Any, **__: Any) -> None:
        """Weights are installed, not saved from here."""
        raise NotImplementedError


def load_packaged(packaged: PackagedModel) -> SentenceTransformer:
    """Assemble the default model from its verified files."""
    network = OnnxNetwork(packaged.network, packaged.tokenizer, packaged.max_tokens)
    return SentenceTransformer(modules=[network], device="cpu")


def load_named(name: str, revision: str = "") -> SentenceTransformer:
    """Load a model by folder or hub id. Code that a model brings with it is never run.

    Args:
        name: The folder, or the id on the hub.
        revision: The commit of the hub's to take; empty: the newest. A folder has none.

    Raises:
        ModelUnavailable: it cannot be loaded.
    """
    if revision and Path(name).is_dir():
        raise ModelUnavailable(f"QA_MODEL={name!r} is a folder, which has no revisions; leave QA_MODEL_REVISION empty.")
    try:
        return SentenceTransformer(name, device="cpu", revision=revision or None, trust_remote_code=False)
    except Exception as error:
        at = f" at QA_MODEL_REVISION={revision!r}" if revision else ""
        raise ModelUnavailable(f"QA_MODEL={name!r}{at} cannot be loaded: {why(error)}") from error


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
        self._is_word = lru_cache(maxsize=65536)(lambda word: int((self._tokenised(word)[:, 0] >= 0).sum()) == 1)
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
        return self._is_word(word)

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        """Encode groups of texts in order; see `Encoder`."""
        pending: deque[Future[list[Encoding]] | None] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="encode") as pool:
            try:
                for group in groups:
                    pending.append(pool.submit(self._encode_all, group) if group else None)
                    if len(pending) > _AHEAD * self._threads:
                        yield _result(pending.popleft())
                while pending:
                    yield _result(pending.popleft())
            finally:
                for future in filter(None, pending):
                    future.cancel()

    def encode_texts(self, texts: Iterable[str]) -> Iterator[Encoding]:
        """Encode texts in order; see `Encoder`."""
        for (encoding,) in self.encode_groups((text,) for text in texts):
            yield encoding

    def _encode_all(self, texts: Sequence[str]) -> list[Encoding]:
        return [self._encode(text) for text in texts]

    def _encode(self, text: str) -> Encoding:
        with torch.inference_mode():
            features: dict[str, Any] = self._model(self._model.preprocess([text]))
        if "token_embeddings" not in features or "sentence_embedding" not in features:
            raise ModelUnavailable(f"{self.id} gives no token vectors; name a transformer model in QA_MODEL.")
        vector = features["sentence_embedding"].numpy()[0]
        tokens = features["token_embeddings"].numpy()[0]
        spans = features["spans"][0] if "spans" in features else self._tokenised(text)
        if len(spans) != len(tokens):
            raise ModelUnavailable(
                f"{self.id} gives {len(tokens)} token vectors for {len(spans)} tokens; name another."
            )
        return Encoding(_unit(vector), _unit(tokens), spans)

    def _tokenised(self, text: str) -> Spans:
        """The places of a text's tokens; -1 for the model's own."""
        tokenizer = self._model.tokenizer
        if isinstance(tokenizer, Tokenizer):
            encoding = tokenizer.encode(text)
            return _spans(encoding.offsets, encoding.special_tokens_mask)
        encoded = tokenizer(
            text,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        return _spans(encoded["offset_mapping"], encoded["special_tokens_mask"])


def _tensor(ids: list[list[int]]) -> torch.Tensor:
    return torch.from_numpy(np.array(ids, dtype=np.int64))


def _spans(offsets: Sequence[tuple[int, int]], special: Sequence[int]) -> Spans:
    spans = np.array(offsets, dtype=np.int32).reshape(len(special), 2)
    spans[np.array(special, dtype=bool)] = -1
    return spans


def _result(future: Future[list[Encoding]] | None) -> list[Encoding]:
    return future.result() if future else []


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def _digest(model: SentenceTransformer, prompt: str) -> str:
    digest = sha256(prompt.encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
