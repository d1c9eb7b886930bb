"""Replies in gzip, for clients that take it (RFC 9110, section 12.5.3).

Compressing is done where a reply is made, by the application's workers, so that it never holds up the event loop. Files
are sent as they are: they are mostly compressed already, and ranges are of their own bytes.
"""

from __future__ import annotations

import gzip
import re

from starlette.datastructures import Headers
from starlette.responses import Response

LEAST_BYTES = 1000  # what fits into one packet gains nothing
_LEVEL = 5
_TEXTS = re.compile(r"(?:text/.*|application/(?:json|xml|.*\+xml)|image/svg\+xml)\b", re.IGNORECASE)
_CODING = re.compile(r"\s*([\w*.-]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*", re.ASCII | re.IGNORECASE)


def compressed(asked: Headers, reply: Response) -> Response:
    """A reply, in gzip if the client takes it and it is a text that gains by it."""
    body = bytes(reply.body)
    is_text = _TEXTS.match(reply.headers.get("content-type", ""))
    if len(body) < LEAST_BYTES or not is_text or "content-encoding" in reply.headers:
        return reply
    reply.headers.add_vary_header("accept-encoding")
    if takes_gzip(", ".join(asked.getlist("accept-encoding"))):
        reply.body = gzip.compress(body, _LEVEL, mtime=0)
        reply.headers["content-encoding"] = "gzip"
        reply.headers["content-length"] = str(len(reply.body))
    return reply


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header takes gzip: by its name, or else by the star, and not with a weight of 0."""
    weights: dict[str, float] = {}
    for listed in accepted.lower().split(","):
        match = _CODING.fullmatch(listed)
        if match:
            weights[match[1]] = _weight(match[2])
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(given: str | None) -> float:
    try:
        return 1.0 if given is None else float(given)
    except ValueError:
        return 0.0
