"""How calls reach the shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Transport(Protocol):
    """Asks the shards of one version. Safe to call from several threads."""

    @property
    def shards(self) -> int:
        """The number of shards."""
        ...

    def ask(self, call: str, arguments: Mapping[int, Sequence[Any]]) -> dict[int, Any]:
        """Ask some shards at once, and wait for all of them.

        Args:
            call: A method of `Shard`.
            arguments: What each shard asked is given, by its number.

        Returns:
            Every shard's answer, by its number; all of them, or none.

        Raises:
            ShardUnavailable: a shard did not answer in time.
            OperatingError: a shard's own error.
        """
        ...
