"""How often one address may ask.

Guarantees: an address asks a minute's worth of questions at once, and then as many as grow back (a token bucket); the
memory is bounded: the addresses that asked longest ago are forgotten, and may ask afresh.
"""

from __future__ import annotations

import time
from ipaddress import ip_network
from math import ceil

from starlette.requests import Request

from qa.errors import TooManyRequests

_MOST_ADDRESSES = 100_000  # some 20 MB


class Allowance:
    """The buckets: of each address, how many questions it had left, and when that was."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, request: Request) -> None:
        """Count one question; without a limit, nothing.

        Raises:
            TooManyRequests: the address has used up what it may ask.
        """
        if not self._per_minute or request.client is None:
            return
        address, now = household(request.client.host), time.monotonic()
        left, then = self._buckets.pop(address, (self._per_minute, now))
        left = min(self._per_minute, left + (now - then) * self._per_minute / 60)
        self._buckets[address] = (left - 1 if left >= 1 else left, now)
        if len(self._buckets) > _MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        if left < 1:
            message = f"One address may ask {self._per_minute} questions a minute here; wait a little."
            raise TooManyRequests(message, wait_s=ceil((1 - left) * 60 / self._per_minute))


def household(host: str) -> str:
    """The address; of IPv6 the network of 64 bits, out of which a client may choose as it likes."""
    try:
        return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host
    except ValueError:
        return host[:64]  # a proxy's word for a client whose address it does not tell
