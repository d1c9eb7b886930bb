"""Opens the service that answers questions, with its model and index."""

from __future__ import annotations

from qa.answering.service import Service
from qa.encode import Encoder, open_question_encoder
from qa.index.local.current import CurrentIndex
from qa.settings import Settings


def open_service(settings: Settings, encoder: Encoder | None = None) -> Service:
    """Load the model and open the current snapshot, whose successors are taken up; without one, `ready` says why.

    Raises:
        ModelUnavailable: weights are missing, altered or not loadable.
        PackageMissing: QA_MODEL names a model, and sentence-transformers is not installed.
    """
    encoder = encoder or open_question_encoder(settings)
    source = CurrentIndex(settings.index_dir, encoder.fingerprint)
    source.watch()
    return Service(settings, encoder, source)
