"""Opens what answers questions: the model, the index, and the service over both."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from qa.answering.service import Service
from qa.cli.output import say, start_log
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


@contextmanager
def asking(settings: Settings) -> Iterator[Service]:
    """The service for a command that asks and ends.

    What is wrong with the index is told once: as the command's error, or after its answer where an older one serves.

    Raises:
        ModelUnavailable, PackageMissing: as `open_service`.
    """
    start_log(logging.CRITICAL)
    service = open_service(settings)
    try:
        yield service
        trouble = service.status().trouble
    finally:
        service.close()
    if trouble:
        say(f"qa: {trouble}", to=sys.stderr)
