"""Limits the work that one client address may request.

Guarantees: an address may ask one minute's questions at once, and then at the allowed rate (a token bucket). Memory is
    bounded: the least recent addresses are dropped, and start again with a full bucket.

Each route has a cost in units of one question: a document, its file or its page costs one, a list a tenth. Static
files, the probes and the search page without a question are free, so that a refused reader can still open that page.
"""

from __future__ import annotations

import time
from math import ceil

from starlette.requests import Request

from qa.errors import TooManyRequests
from qa.web.limits.address_limits import address_of

QUESTION = 1.0
DOCUMENT = 1.0
LIST = 0.1

MOST_ADDRESSES = 100_000  # about 20 MB


class Allowance:
    """The buckets: for each address, the remaining questions and the time of the last request."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, request: Request, cost: float = QUESTION) -> None:
        """Count a request as `cost` questions; without a limit, count nothing.

        Raises:
            TooManyRequests: the address has used up its allowance.
        """
        if not self._per_minute or request.client is None:
            return
        address, now = address_of(request.scope), time.monotonic()
        left, then = self._buckets.pop(address, (self._per_minute, now))
        left = min(self._per_minute, left + (now - then) * self._per_minute / 60)
        self._buckets[address] = (left - cost if left >= cost else left, now)
        if len(self._buckets) > MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]
        if left < cost:
            message = (
                f"One address may ask {self._per_minute} questions a minute here, and a document counts as one; "
                "wait a little."
            )
            raise TooManyRequests(message, wait_s=ceil((cost - left) * 60 / self._per_minute))
