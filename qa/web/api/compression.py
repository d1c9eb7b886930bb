"""Compresses replies with gzip for clients that accept it (RFC 9110, section 12.5.3).

The application's workers compress a reply when they make it, so it never blocks the event loop. Files are sent
uncompressed: most are compressed already, and ranges refer to the file's bytes.
"""

from __future__ import annotations

import gzip
import re

from starlette.datastructures import Headers
from starlette.responses import Response

LEAST_BYTES = 1000  # a reply that fits into one packet gains nothing
_LEVEL = 5
_TEXTS = re.compile(r"(?:text/.*|application/(?:json|xml|.*\+xml)|image/svg\+xml)\b", re.IGNORECASE)
_CODING = re.compile(r"\s*([\w*.-]+)\s*(?:;\s*q\s*=\s*([0-9.]+))?\s*", re.ASCII | re.IGNORECASE)


def compressed(asked: Headers, reply: Response) -> Response:
    """The reply, compressed if the client accepts gzip and the reply is a text of enough bytes."""
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
    """Whether an Accept-Encoding header accepts gzip: by its name, or else by `*`, with a weight above 0."""
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
