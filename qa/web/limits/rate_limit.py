"""Limits how much work one address may ask for.

Guarantees: an address may ask the questions of a minute at once, and then as many as the rate allows (a token bucket).
Memory is bounded: the addresses that asked longest ago are forgotten, and begin with a full bucket.

Every route that costs work counts, in units of one question: a document, its file or its page costs about as much as a
question, a list a tenth. Static files, the probes and the page with the search box are free, so that a reader who is
refused can still open that page.
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

MOST_ADDRESSES = 100_000  # some 20 MB


class Allowance:
    """The buckets: of each address, how many questions it had left, and when that was."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, request: Request, cost: float = QUESTION) -> None:
        """Count work that costs as much as so many questions; without a limit, count nothing.

        Raises:
            TooManyRequests: the address has used up what it may ask.
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
