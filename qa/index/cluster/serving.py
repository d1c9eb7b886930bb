"""Connects a server to the hosts of a cluster."""

from __future__ import annotations

from qa.index.cluster.hosts import Hosts
from qa.index.cluster.nodes import prepare
from qa.settings import Settings


def cluster_hosts(settings: Settings, weights: str) -> Hosts:
    """The hosts of the cluster that the settings name.

    Args:
        settings: Settings with `cluster`.
        weights: Fingerprint of the model that will encode questions.

    Raises:
        ShardUnavailable: no cluster is at this address.
        InvalidSettings: the shared secret cannot be used.
    """
    prepare(settings.cluster_token_path)
    from qa.index.cluster.actors import connect, replicas_of  # noqa: PLC0415 - Ray reads its settings when imported

    connect(settings.cluster)
    return Hosts(
        settings.index_dir.resolve(),
        replicas_of(settings.cluster_shards, settings.cluster_replicas),
        weights=weights,
        answer_s=settings.answer_seconds,
        prepare_s=settings.cluster_prepare_seconds,
        hedge_s=settings.cluster_hedge_ms / 1000 or None,
    )
