"""Routes that change the documents; they exist only where QA_ADMIN_TOKEN is set, for whoever sends it.

A file is stored under its name and the builder beside the server asked for a build; /api/index tells how far that is
and, when it is done, what became of every file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from qa.inbox import Inbox
from qa.web.api import Runner
from qa.web.wire import json_response

UPLOADS = "/api/documents/"


async def allowed(request: Request) -> None:
    """Refuse a request without the token.

    Raises:
        HTTPException: 401, the token is missing or another.
    """
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    wanted: str = request.app.state.admin_token
    # Headers arrive as Latin-1. Compared in a time that does not tell how much of it is right.
    same = compare_digest(given.strip().encode("latin-1"), wanted.encode())
    if scheme.lower() != "bearer" or not same:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


async def inbox(request: Request) -> Inbox:
    """The folder that the application was given."""
    found: Inbox = request.app.state.inbox
    return found


Kept = Annotated[Inbox, Depends(inbox)]
router = APIRouter(dependencies=[Depends(allowed)], include_in_schema=False)


@router.put("/api/documents/{name:path}")
async def put_document(request: Request, run: Runner, kept: Kept, name: str) -> Response:
    """Store the body under a name, and ask for a build."""

    async def content() -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            yield chunk

    new = await kept.put(name, content())
    return await run(lambda: _build(kept, source=name, stored="added" if new else "replaced"))


@router.delete("/api/documents/{name:path}")
async def delete_document(run: Runner, kept: Kept, name: str) -> Response:
    """Remove a file, and ask for a build."""

    def remove() -> Response:
        kept.remove(name)
        return _build(kept, source=name, stored="removed")

    return await run(remove)


@router.post("/api/index/rebuild")
async def rebuild(run: Runner, kept: Kept) -> Response:
    """Ask for a build."""
    return await run(lambda: _build(kept))


def _build(kept: Inbox, **done: str) -> Response:
    kept.ask_for_build()
    return json_response({**done, "build": "asked for"}, 202)
