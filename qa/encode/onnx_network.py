"""The packaged network on `tokenizers` and `onnxruntime`, without PyTorch.

Serving and asking use it directly; `qa.encode.sentence_transformers` wraps it as a module of that library for building.
Both call `tokenised` and `states`, so the results are bit-identical.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from qa.encode.arrays import is_one_token, token_spans, unit_length
from qa.encode.contract import Encoding, Spans
from qa.encode.load_trouble import why
from qa.encode.packaged_model import PackagedModel
from qa.errors import ModelUnavailable

_LONGEST_WORD = 100  # letters; the tokenizer makes one unknown token of a longer one


@dataclass(frozen=True, slots=True)
class Tokenised:
    """Texts as tokens, padded to the longest.

    Attributes:
        inputs: The network's inputs by name, `(texts, tokens) int64` each.
        spans: Each text's tokens, `(tokens, 2) int32`: their places in the text, -1 for the model's own.
    """

    inputs: dict[str, npt.NDArray[np.int64]]
    spans: list[Spans]


class OnnxNetwork:
    """A BERT-like ONNX network: texts to tokens, tokens to states. Safe to call from several threads."""

    def __init__(self, packaged: PackagedModel) -> None:
        """Load the tokenizer and the network from verified files."""
        self.id = packaged.id
        self.fingerprint = packaged.fingerprint
        self.query_prompt = packaged.query_prompt
        self.tokenizer = Tokenizer.from_file(str(packaged.tokenizer))
        self.tokenizer.enable_truncation(packaged.max_tokens)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        # Texts run in parallel, each on its caller's thread. Several threads for one text would wait in busy loops on
        # the cores that other texts need.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(packaged.network), options, providers=["CPUExecutionProvider"])
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    def tokenised(self, texts: Sequence[str]) -> Tokenised:
        """Tokenise texts, each truncated to the model's maximum length."""
        # One text needs no padding and no threads for a batch.
        encodings = self.tokenizer.encode_batch(texts) if len(texts) > 1 else [self.tokenizer.encode(texts[0])]
        inputs = {
            "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
            "attention_mask": np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64),
            "token_type_ids": np.array([encoding.type_ids for encoding in encodings], dtype=np.int64),
        }
        return Tokenised(inputs, [token_spans(each.offsets, each.special_tokens_mask) for each in encodings])

    def states(self, inputs: Mapping[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
        """Run the network: a state for every token, `(texts, tokens, d) float32`.

        Raises:
            ModelUnavailable: it cannot run, for example for lack of memory.
        """
        try:
            states: npt.NDArray[np.float32] = self._session.run(None, {name: inputs[name] for name in self._inputs})[0]
        except Exception as error:
            raise ModelUnavailable(f"The model cannot encode a text: {why(error)}") from error
        return states

    def encode(self, text: str) -> Encoding:
        """One text's first state as its vector, all states as its tokens', and the tokens' places."""
        tokenised = self.tokenised([text])
        states = self.states(tokenised.inputs)
        return Encoding(first_states(states)[0], states[0], tokenised.spans[0])

    def is_word(self, word: str) -> bool:
        """Whether a word is a single token."""
        if word.isascii() and word.isalpha() and len(word) <= _LONGEST_WORD:
            # All letters are tokens, so only words of the vocabulary are one; tokenising takes fifty times as long.
            return self.tokenizer.token_to_id(word.lower()) is not None
        return is_one_token(self.spans(word))

    def spans(self, text: str) -> Spans:
        """The places of a text's tokens; -1 for the model's own."""
        encoding = self.tokenizer.encode(text)
        return token_spans(encoding.offsets, encoding.special_tokens_mask)


def first_states(states: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The vectors of texts, `(texts, d) float32`: the states of their first tokens at unit length."""
    return unit_length(states[:, 0])
