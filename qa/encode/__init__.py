"""Text to vectors: one model pass gives the passage vector and a vector for every token.

Guarantees: a text's vectors depend on the model and the text alone, never on what else was encoded with it or on the
number of threads, so a vector remembered is a vector recomputed. All vectors are float32 of unit length.
"""

from __future__ import annotations

from qa.encode.contract import Encoder, Encoding
from qa.encode.load_trouble import check_room, why
from qa.encode.packaged_model import PackagedModel, packaged_model
from qa.errors import ModelUnavailable
from qa.settings import Settings

__all__ = ["Encoder", "Encoding", "PackagedModel", "model_fingerprint", "model_name", "open_encoder", "packaged_model"]


def open_encoder(settings: Settings) -> Encoder:
    """Load the model that the settings name: the packaged one, or any of sentence-transformers' by hub id or folder.

    Raises:
        ModelUnavailable: weights are missing, altered, or cannot be loaded.
    """
    check_room()
    try:
        # Importing sentence-transformers takes seconds; commands that encode nothing do without.
        from qa.encode.sentence_transformers import SentenceEncoder, load_named, load_packaged  # noqa: PLC0415

        if settings.model:
            model = load_named(settings.model, settings.model_revision)
            return SentenceEncoder(model, model_name(settings), settings.query_prompt, settings.threads)
        packaged = packaged_model()
        return SentenceEncoder(load_packaged(packaged), packaged.id, packaged.query_prompt, settings.threads, packaged)
    except ModelUnavailable:
        raise
    except Exception as error:  # torch, onnxruntime and tokenizers raise what they like; all of it means the same
        name = settings.model or "the packaged one"
        raise ModelUnavailable(f"The model ({name}) cannot be loaded: {why(error)}") from error


def model_name(settings: Settings) -> str:
    """The model that the settings name, with its revision where one is pinned, as NAME@REVISION."""
    revision = f"@{settings.model_revision}" if settings.model_revision else ""
    return f"{settings.model}{revision}" if settings.model else "packaged"


def model_fingerprint(settings: Settings) -> str:
    """The fingerprint that `open_encoder(settings)` will have, without loading the packaged model.

    Raises:
        ModelUnavailable: as `open_encoder`.
    """
    return open_encoder(settings).fingerprint if settings.model else packaged_model().fingerprint
