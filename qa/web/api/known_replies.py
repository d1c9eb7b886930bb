"""Replies with an entity tag, and 304 for clients that have the reply already (RFC 9110, sections 8.8.3 and 13.1.2).

The tag is weak, since it does not depend on the content coding. It is a digest of the whole body, so it changes with
every change of a document or of its metadata.
"""

from __future__ import annotations

from hashlib import blake2b

from starlette.datastructures import Headers
from starlette.responses import Response

from qa.web.limits.range_requests import is_known

_DIGEST_BYTES = 16
_STORED_BUT_ASKED_FOR = "private, no-cache"


def unless_known(asked: Headers, reply: Response) -> Response:
    """The reply with its entity tag, or 304 if the client has it."""
    tag = f'"{blake2b(reply.body, digest_size=_DIGEST_BYTES).hexdigest()}"'
    headers = {"etag": f"W/{tag}", "cache-control": _STORED_BUT_ASKED_FOR}
    if is_known(asked, tag):
        return Response(status_code=304, headers=headers)
    reply.headers.update(headers)
    return reply
