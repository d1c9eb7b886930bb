"""Checks the Bearer token of a request (RFC 6750)."""

from __future__ import annotations

from hmac import compare_digest

from starlette.exceptions import HTTPException
from starlette.requests import Request

from qa.web.limits.wrong_tokens import WrongTokens


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
