"""Models through sentence-transformers; the only module that imports that library and PyTorch.

Builds use it: the packaged network as a module of the library, or any of its models. The library's own ONNX backend
would also work, but needs two more packages, allows only a version of the library that is two major versions older, and
took 1.4 times as long for one question.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule

from qa.encode.arrays import is_one_token, token_spans
from qa.encode.contract import Encoding, Spans
from qa.encode.load_trouble import why
from qa.encode.onnx_network import OnnxNetwork, first_states
from qa.encode.packaged_model import PackagedModel
from qa.errors import ModelUnavailable


class OnnxModule(InputModule):
    """The packaged network as a module of sentence-transformers: texts in, `token_embeddings` out.

    The first token's state at unit length is the `sentence_embedding`. `spans` are the tokens' places in each text, so
    no text is tokenised twice.
    """

    def __init__(self, network: OnnxNetwork) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._network = network
        self.tokenizer = network.tokenizer

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Tokenise texts into padded id, mask and type tensors, and the spans of each text's tokens."""
        tokenised = self._network.tokenised([(prompt or "") + text for text in inputs])
        tensors = {name: torch.from_numpy(values) for name, values in tokenised.inputs.items()}
        return {**tensors, "spans": tokenised.spans}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Run the network."""
        inputs = {name: values.numpy() for name, values in features.items() if isinstance(values, torch.Tensor)}
        states = self._network.states(inputs)
        features["token_embeddings"] = torch.from_numpy(states)
        features["sentence_embedding"] = torch.from_numpy(first_states(states))
        return features

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token."""
        return self._network.is_word(word)

    def spans(self, text: str) -> Spans:
        """The places of a text's tokens; see `TextModel`."""
        return self._network.spans(text)

    def save(self, *_: Any, **__: Any) -> None:
        """Not supported: the weights are installed files."""
        raise NotImplementedError


class LibraryModel:
    """A `TextModel` on a SentenceTransformer."""

    def __init__(self, model: SentenceTransformer, model_id: str, fingerprint: str, query_prompt: str) -> None:
        self._model = model.eval()
        self.id = model_id
        self.fingerprint = fingerprint
        self.query_prompt = query_prompt

    def encode(self, text: str) -> Encoding:
        """One text through the model; see `TextModel`.

        Raises:
            ModelUnavailable: the model gives no token vectors.
        """
        with torch.inference_mode():
            features: dict[str, Any] = self._model(self._model.preprocess([text]))
        if "token_embeddings" not in features or "sentence_embedding" not in features:
            raise ModelUnavailable(f"{self.id} gives no token vectors; name a transformer model in QA_MODEL.")
        vector = features["sentence_embedding"].numpy()[0]
        tokens = features["token_embeddings"].numpy()[0]
        spans = features["spans"][0] if "spans" in features else self.spans(text)
        if len(spans) != len(tokens):
            raise ModelUnavailable(
                f"{self.id} gives {len(tokens)} token vectors for {len(spans)} tokens; name another."
            )
        return Encoding(vector, tokens, spans)

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token; see `TextModel`."""
        module = self._model[0]
        return module.is_word(word) if isinstance(module, OnnxModule) else is_one_token(self.spans(word))

    def spans(self, text: str) -> Spans:
        """The places of a text's tokens; see `TextModel`."""
        module = self._model[0]
        if isinstance(module, OnnxModule):
            return module.spans(text)
        encoded = self._model.tokenizer(
            text,
            truncation=True,
            max_length=self._model.max_seq_length,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        return token_spans(encoded["offset_mapping"], encoded["special_tokens_mask"])


def load_packaged(packaged: PackagedModel) -> LibraryModel:
    """The packaged network from its verified files as a model of sentence-transformers."""
    model = SentenceTransformer(modules=[OnnxModule(OnnxNetwork(packaged))], device="cpu")
    return LibraryModel(model, packaged.id, packaged.fingerprint, packaged.query_prompt)


def load_named(name: str, revision: str, model_id: str, query_prompt: str) -> LibraryModel:
    """Load a model by folder or hub id. Code that comes with a model is never run.

    Args:
        name: The folder, or the id on the hub.
        revision: The commit on the hub; empty: the newest. A folder has none.
        model_id: The model's name, for people.
        query_prompt: The text before a question; empty: the model's own.

    Raises:
        ModelUnavailable: it cannot be loaded.
    """
    if revision and Path(name).is_dir():
        raise ModelUnavailable(f"QA_MODEL={name!r} is a folder, which has no revisions; leave QA_MODEL_REVISION empty.")
    try:
        model = SentenceTransformer(name, device="cpu", revision=revision or None, trust_remote_code=False)
    except Exception as error:
        at = f" at QA_MODEL_REVISION={revision!r}" if revision else ""
        raise ModelUnavailable(f"QA_MODEL={name!r}{at} cannot be loaded: {why(error)}") from error
    prompt = query_prompt or str((model.prompts or {}).get("query") or "")
    return LibraryModel(model, model_id, _digest(model, prompt), prompt)


def _digest(model: SentenceTransformer, prompt: str) -> str:
    digest = sha256(prompt.encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
