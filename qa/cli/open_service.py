"""Opens the service that answers questions, with its model and index."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from qa.answering.service import Service
from qa.cli.output import say, start_log
from qa.cli.packages import CLUSTER, check_packages
from qa.encode import Encoder, open_question_encoder
from qa.index.local.current import CurrentIndex
from qa.settings import Settings


def open_service(settings: Settings, encoder: Encoder | None = None) -> Service:
    """Load the model, open the current snapshot, and change to later ones; without a snapshot, `ready` raises the
    reason.

    Raises:
        ModelUnavailable: weights are missing, altered or not loadable.
        PackageMissing: QA_MODEL names a model, and sentence-transformers is not installed.
        ShardUnavailable: no cluster is at the address in QA_CLUSTER.
        InvalidSettings: the cluster's shared secret cannot be used.
    """
    encoder = encoder or open_question_encoder(settings)
    source = _source(settings, encoder.fingerprint)
    source.watch()
    return Service(settings, encoder, source)


def _source(settings: Settings, weights: str) -> CurrentIndex:
    if not settings.cluster:
        return CurrentIndex.of_this_machine(settings.index_dir, weights)
    check_packages("A server of a cluster", CLUSTER)
    from qa.index.cluster.hosts import ClusterIndex, Hosts  # noqa: PLC0415 - only a cluster needs it
    from qa.index.cluster.nodes import prepare  # noqa: PLC0415

    prepare(settings.cluster_token_path)
    from qa.index.cluster.actors import connect, replicas_of  # noqa: PLC0415 - Ray reads its settings when imported

    connect(settings.cluster)
    hosts = Hosts(
        settings.index_dir.resolve(),
        replicas_of(settings.cluster_shards, settings.cluster_replicas),
        weights=weights,
        answer_s=settings.answer_seconds,
        prepare_s=settings.cluster_prepare_seconds,
        hedge_s=settings.cluster_hedge_ms / 1000 or None,
    )
    return ClusterIndex(settings.index_dir, hosts)


@contextmanager
def asking(settings: Settings) -> Iterator[Service]:
    """A context with the service, for a command that asks once and ends.

    A fault of the index is printed once: as the command's error, or after the answer if an older snapshot serves.

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
