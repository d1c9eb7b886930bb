"""Encodes text as vectors: one pass of the model gives the text's vector and a vector for every token.

Guarantees: a text's vectors depend only on the model and the text, not on other texts, the number of threads or the
    library, so stored vectors can be reused. Between kinds of processors they may differ slightly (docs/quality.md).
    All vectors are float32 of unit length.
"""

from __future__ import annotations

from qa.encode.contract import Encoder, Encoding
from qa.encode.load_trouble import BARE_MB, LIBRARY_MB, check_room, why
from qa.encode.packaged_model import PackagedModel, packaged_model
from qa.encode.text_encoder import TextEncoder
from qa.errors import ModelUnavailable, OperatingError, PackageMissing
from qa.settings import Settings

__all__ = [
    "Encoder",
    "Encoding",
    "PackagedModel",
    "model_fingerprint",
    "model_name",
    "open_encoder",
    "open_question_encoder",
    "packaged_model",
]

_LIBRARY = {"sentence_transformers": "sentence-transformers", "torch": "PyTorch", "transformers": "transformers"}


def open_encoder(settings: Settings) -> Encoder:
    """Load the packaged model, or the one in QA_MODEL, through sentence-transformers.

    Raises:
        ModelUnavailable: weights are missing, altered, or cannot be loaded.
        PackageMissing: sentence-transformers or PyTorch is not installed.
    """
    return _opened(settings, bare=False)


def open_question_encoder(settings: Settings) -> Encoder:
    """Load the model for questions: the packaged one needs only `tokenizers` and `onnxruntime`, and less than a second.

    Its vectors equal those of `open_encoder` bit for bit. A model of QA_MODEL needs sentence-transformers.

    Raises:
        ModelUnavailable, PackageMissing: as `open_encoder`.
    """
    return _opened(settings, bare=not settings.model)


def model_name(settings: Settings) -> str:
    """The name of the model in use, with a pinned revision as NAME@REVISION."""
    revision = f"@{settings.model_revision}" if settings.model_revision else ""
    return f"{settings.model}{revision}" if settings.model else "packaged"


def model_fingerprint(settings: Settings) -> str:
    """The fingerprint that `open_encoder(settings)` will have, without loading the packaged model.

    Raises:
        ModelUnavailable, PackageMissing: as `open_encoder`.
    """
    return open_encoder(settings).fingerprint if settings.model else packaged_model().fingerprint


def _opened(settings: Settings, *, bare: bool) -> Encoder:
    check_room(BARE_MB if bare else LIBRARY_MB)
    try:
        # Imported here: onnxruntime takes a tenth of a second, sentence-transformers several seconds.
        if bare:
            from qa.encode.onnx_network import OnnxNetwork  # noqa: PLC0415

            return TextEncoder(OnnxNetwork(packaged_model()), settings.threads)
        from qa.encode.sentence_transformers import load_named, load_packaged  # noqa: PLC0415

        if settings.model:
            model = load_named(settings.model, settings.model_revision, model_name(settings), settings.query_prompt)
            return TextEncoder(model, settings.threads)
        return TextEncoder(load_packaged(packaged_model()), settings.threads)
    except OperatingError:
        raise
    except Exception as error:  # torch, onnxruntime and tokenizers raise many types of errors with the same meaning
        name = settings.model or "the packaged one"
        if isinstance(error, ModuleNotFoundError) and error.name in _LIBRARY:
            raise PackageMissing(
                f"The model ({name}) needs {_LIBRARY[error.name]}, which this environment leaves out. "
                "Install requirements.lock for it."
            ) from None
        raise ModelUnavailable(f"The model ({name}) cannot be loaded: {why(error)}") from error
