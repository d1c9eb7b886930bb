"""Checks the Bearer token of a request (RFC 6750); limits and logs wrong tokens per client address.

Guarantees: the first ten wrong tokens of an address get 401 at once. After that, one more gets 401 after each delay,
which starts at 1 s and doubles up to 10 minutes; every other wrong token gets 429. After 15 minutes without a wrong
token, an address starts again. The right token is always accepted: otherwise another client with the same address, for
example behind one proxy, could exclude it. So the limits only bound work and log lines; the length of tokens prevents
guessing (`qa.settings`).

The log has a line for the first wrong token of an address, and then at most one a minute that counts the others; it
never contains a token. Memory is bounded: the least recent addresses are dropped.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from hmac import compare_digest
from math import ceil

from starlette.exceptions import HTTPException
from starlette.requests import Request

from qa.errors import TooManyRequests
from qa.web.limits.address_limits import address_of

_AT_ONCE = 10  # for typing errors, or a client with an old token
_LONGEST_DELAY_S = 600
_FORGOTTEN_AFTER_S = 900
_LOG_EVERY_S = 60
_MOST_ADDRESSES = 10_000  # about 3 MB

log = logging.getLogger("qa.web")


class BearerToken:
    """The token of one setting, with a count of wrong tokens. Used on the event loop's thread."""

    def __init__(self, token: str, setting: str) -> None:
        """Use a token; `setting` is the name of its setting, for error messages."""
        self._token = token.encode()
        self._wrong = WrongTokens(setting)

    def check(self, request: Request) -> None:
        """Refuse a request without the token.

        Raises:
            HTTPException: 401, the token is missing or wrong.
            TooManyRequests: it is wrong, and the address has sent several wrong ones before.
        """
        authorization = request.headers.get("authorization", "")
        scheme, _, given = authorization.partition(" ")
        # Headers arrive as Latin-1. The comparison takes constant time, so that it reveals no correct prefix.
        same = compare_digest(given.strip().encode("latin-1"), self._token)
        if scheme.lower() != "bearer" or not same:
            if authorization:
                self._wrong.count(request)
            raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


@dataclass(slots=True)
class _Address:
    """The wrong tokens of one address; times are seconds of the event loop's clock."""

    last: float
    taken: int = 0  # wrong tokens that got a 401
    next_at: float = 0.0  # when the next one gets 401
    unlogged: int = 0
    logging: bool = False  # whether the next log line is scheduled


class WrongTokens:
    """Counts the wrong tokens of each address. Used on the event loop's thread."""

    def __init__(self, setting: str) -> None:
        """Start without addresses; `setting` is the name of the setting with the right token."""
        self._setting = setting
        self._addresses: dict[str, _Address] = {}

    def count(self, request: Request) -> None:
        """Count and log a wrong token.

        Raises:
            TooManyRequests: the address has sent several, and the delay after the last one is not over.
        """
        address, now = address_of(request.scope) or "unknown", asyncio.get_running_loop().time()
        known = self._addresses.pop(address, None)
        if known is None or now - known.last > _FORGOTTEN_AFTER_S:
            known = _Address(now)
        self._addresses[address] = known
        if len(self._addresses) > _MOST_ADDRESSES:
            del self._addresses[next(iter(self._addresses))]
        known.last = now
        known.unlogged += 1
        if not known.logging:
            self._log(address, known)
        if now < known.next_at:
            message = f"Too many wrong tokens came from this address; send the one that {self._setting} names."
            raise TooManyRequests(message, wait_s=ceil(known.next_at - now))
        known.taken += 1
        if known.taken >= _AT_ONCE:
            known.next_at = now + min(2 ** min(known.taken - _AT_ONCE, 30), _LONGEST_DELAY_S)

    def _log(self, address: str, known: _Address) -> None:
        """Log the wrong tokens since the last line, if there are any, and plan the next line."""
        known.logging = known.unlogged > 0
        if known.logging:
            # `%a`: an address reported by a proxy is untrusted text.
            log.warning("Wrong tokens for %s from %a: %d", self._setting, address, known.unlogged)
            known.unlogged = 0
            asyncio.get_running_loop().call_later(_LOG_EVERY_S, lambda: self._log(address, known))
