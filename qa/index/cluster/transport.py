"""The interface for calls to the shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Transport(Protocol):
    """Calls the shards of one version. Safe to use from several threads."""

    @property
    def shards(self) -> int:
        """The number of shards."""
        ...

    def ask(self, call: str, arguments: Mapping[int, Sequence[Any]]) -> dict[int, Any]:
        """Call some shards at once, and wait for all of them.

        Args:
            call: A method of a shard, a `LocalIndex`.
            arguments: The arguments for each shard to call, by its number.

        Returns:
            The answers of all called shards, by number.

        Raises:
            ShardUnavailable: a shard did not answer in time.
            OperatingError: any other error of a shard.
        """
        ...
