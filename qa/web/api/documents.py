"""Routes that change the documents; they exist only where QA_ADMIN_TOKEN is set, for whoever sends it.

A file is stored under its name and the builder beside the server asked for a build; /api/index tells how far that is
and, when it is done, what became of every file.
"""

from __future__ import annotations

from asyncio import to_thread
from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from qa.errors import BuilderMissing
from qa.text.document_ids import document_id
from qa.web.api import examples as samples
from qa.web.api.file_changes import Condition
from qa.web.api.json_form import json_response
from qa.web.api.reply_models import BuildModel, RemovedModel, StoredModel
from qa.web.api.request_models import NAME_PATTERN, NAME_RULES
from qa.web.api.routes import FileRunner, Runner, replies
from qa.web.api.uploads import Inbox
from qa.web.limits.range_requests import check_change
from qa.web.limits.wrong_tokens import WrongTokens


async def allowed(request: Request) -> None:
    """Refuse a request without the token.

    Raises:
        HTTPException: 401, the token is missing or another.
        TooManyRequests: it is another, as several before from the same address.
    """
    authorization = request.headers.get("authorization", "")
    scheme, _, given = authorization.partition(" ")
    wanted: str = request.app.state.admin_token
    # Headers arrive as Latin-1. Compared in a time that does not tell how much of it is right.
    same = compare_digest(given.strip().encode("latin-1"), wanted.encode())
    if scheme.lower() != "bearer" or not same:
        if authorization:
            wrong: WrongTokens = request.app.state.wrong_tokens
            wrong.count(request)
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


async def with_a_builder(request: Request) -> None:
    """Refuse what would need a build while no builder is running; nothing is stored or removed then.

    Raises:
        BuilderMissing: no builder is running.
    """
    trouble = await to_thread(request.app.state.builder_trouble)
    if trouble:
        raise BuilderMissing(trouble)


async def inbox(request: Request) -> Inbox:
    """The folder that the application was given."""
    found: Inbox = request.app.state.inbox
    return found


Kept = Annotated[Inbox, Depends(inbox)]
# Named like the id of a document, since the two addresses are one, but a file's name: it may hold folders.
Name = Annotated[
    str,
    Path(
        alias="document_id",
        description=NAME_RULES,
        examples=["report.pdf"],
        json_schema_extra={"minLength": 1, "pattern": NAME_PATTERN},
    ),
]
_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "minLength": 1}}}
_BODY = {"requestBody": {"required": True, "content": _BYTES}}
router = APIRouter(dependencies=[Depends(HTTPBearer(auto_error=False)), Depends(allowed), Depends(with_a_builder)])


@router.put(
    "/api/documents/{document_id:path}",
    summary="Add or replace a document",
    status_code=202,
    responses=replies(StoredModel, samples.STORED, (400, 401, 409, 412, 413, 429, 503), status=202),
    openapi_extra=_BODY,
)
async def put_document(request: Request, run: FileRunner, kept: Kept, name: Name) -> Response:
    """Store the body, a file's bytes, under a name, and ask for a build; `GET /api/index` tells how far that is.

    The reply tells what was stored, by size and SHA-256, and the id that the document gets if it can be read. An empty
    body is refused. `If-None-Match: *` only adds; `If-Match` with the SHA-256 in quotes only replaces that version.
    """
    file = await kept.put(name, request.stream(), _condition(request))
    done = {
        "source": file.source,
        "id": document_id(file.source),
        "stored": "added" if file.new else "replaced",
        "bytes": file.bytes,
        "sha256": file.sha256,
    }
    return await run(lambda: _build(kept, **done))


@router.delete(
    "/api/documents/{document_id:path}",
    summary="Remove a document",
    status_code=202,
    responses=replies(RemovedModel, samples.REMOVED, (400, 401, 404, 412, 429, 503), status=202),
)
async def delete_document(request: Request, run: FileRunner, kept: Kept, name: Name) -> Response:
    """Remove a file, and the folders that it leaves empty, and ask for a build."""

    def remove() -> Response:
        source = kept.remove(name, _condition(request))
        return _build(kept, source=source, id=document_id(source), stored="removed")

    return await run(remove)


@router.post(
    "/api/index/rebuild",
    summary="Build the index anew",
    status_code=202,
    responses=replies(BuildModel, {"build": samples.STORED["build"]}, (401, 429, 503), status=202),
)
async def rebuild(run: Runner, kept: Kept) -> Response:
    """Ask for a build."""
    return await run(lambda: _build(kept))


def _condition(request: Request) -> Condition | None:
    """What If-Match and If-None-Match say of the file that a change finds; the entity tag of a file is its SHA-256."""
    if "if-match" not in request.headers and "if-none-match" not in request.headers:
        return None
    return lambda digest: check_change(request.headers, f'"{digest}"' if digest else None)


def _build(kept: Inbox, **done: str | int) -> Response:
    kept.ask_for_build()
    return json_response({**done, "build": "asked for"}, 202)
