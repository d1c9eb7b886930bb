"""Routes that change the documents. They exist only if QA_ADMIN_TOKEN is set, and only requests with that token may use
them.

A route stores or removes a file by its path and asks the builder for a build. /api/index has the build's progress and,
at its end, the result for every file. Documents are read by id, files are written by path.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterable
from contextlib import suppress
from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.security import HTTPBearer
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.service import Service
from qa.errors import BuilderMissing, QAError
from qa.index.document_files import Condition
from qa.text.document_ids import document_id
from qa.text.document_names import suffix_of
from qa.text.readable_types import ARCHIVE_SUFFIXES
from qa.web.api import example_replies as samples
from qa.web.api.json_form import json_response
from qa.web.api.multipart import MOST_FILES, content_of, files_of
from qa.web.api.reply_models import (
    AddedModel,
    BuildModel,
    RemovedByNameModel,
    RemovedModel,
    StoredByNameModel,
    StoredModel,
)
from qa.web.api.request_models import FILE_PATTERN, NAME_PATTERN, NAME_RULES
from qa.web.api.route_descriptions import replies
from qa.web.api.routing import OnWorkers, on_workers, service_of
from qa.web.api.uploads import Inbox
from qa.web.limits.bearer_token import BearerToken
from qa.web.limits.range_requests import check_change


async def allowed(request: Request) -> None:
    """Refuse a request without the token; see `BearerToken.check`."""
    token: BearerToken = request.app.state.admin_token
    token.check(request)


async def with_a_builder(request: Request) -> None:
    """Refuse a request that needs a build while no builder is running, before anything is stored or removed.

    Raises:
        BuilderMissing: no builder is running.
    """
    trouble = await to_thread(request.app.state.builder_trouble)
    if trouble:
        raise BuilderMissing(trouble)


def _name(pattern: str) -> Any:
    """A path parameter with the name of a file."""
    schema: dict[str, Any] = {"minLength": 1, "pattern": pattern}
    return Path(description=NAME_RULES, examples=["report.pdf"], json_schema_extra=schema)


FilePath = Annotated[str, _name(FILE_PATTERN)]
StoredPath = Annotated[str, _name(NAME_PATTERN)]
_FILE = {"type": "string", "format": "binary", "minLength": 1}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": _FILE}}}}
_FORM = {
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {"files": {"type": "array", "minItems": 1, "maxItems": MOST_FILES, "items": _FILE}},
}
_FORM_TYPES = {
    "files": {"contentType": "text/plain, text/markdown, text/html, text/csv, application/pdf, application/rtf"}
}
_FORM_BODY = {
    "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM, "encoding": _FORM_TYPES}}}
}
router = APIRouter(
    tags=["Changes"],
    dependencies=[Depends(HTTPBearer(auto_error=False)), Depends(allowed), Depends(with_a_builder)],
    route_class=OnWorkers,
    generate_unique_id_function=attrgetter("name"),
)


@router.post(
    "/api/documents",
    summary="Add documents",
    status_code=202,
    responses=replies(AddedModel, samples.ADDED, (400, 401, 409, 413, 415, 429, 503), status=202),
    openapi_extra=_FORM_BODY,
)
async def add_documents(request: Request) -> Response:
    """Store the files of a multipart/form-data body under their names, and ask for a build.

    The reply has the fate of each file: `added`, `replaced`, or `refused` with an error. A refused file does not affect
    the others; if all are refused, the reply is the first one's error.
    """
    done: list[dict[str, Any]] = []
    refusals: list[QAError] = []
    for file in await files_of(request):
        try:
            done.append(await _stored(request, file.filename or "", content_of(file)))
        except QAError as error:
            refusals.append(error)
            done.append(_refused(file.filename or "", error))
        finally:
            await file.close()
    if len(refusals) == len(done):
        raise refusals[0]
    return await on_workers(request, lambda: _build(request, files=done))


@router.put(
    "/api/files/{path:path}",
    summary="Store a file",
    status_code=202,
    responses=replies(StoredModel, samples.STORED, (400, 401, 409, 412, 413, 415, 429, 503), status=202),
    openapi_extra=_BODY,
)
async def put_file(request: Request, path: FilePath) -> Response:
    """Store the body, a file's bytes, under a path, and ask for a build; `GET /api/index` has its progress.

    The reply has the size and SHA-256 of the stored bytes, and the id that the document gets if it can be read; null
    for a zipped folder, since each file in it is a document. An empty body is refused. `If-None-Match: *` only adds;
    `If-Match` with the SHA-256 in quotes only replaces that version.
    """
    done = await _stored(request, path, request.stream(), _condition(request))
    return await on_workers(request, lambda: _build(request, **done))


@router.delete(
    "/api/files/{path:path}",
    summary="Remove a file",
    status_code=202,
    responses=replies(RemovedModel, samples.REMOVED, (400, 401, 404, 412, 429, 503), status=202),
)
async def delete_file(request: Request, path: StoredPath) -> Response:
    """Remove a file and the folders that it leaves empty, and ask for a build."""
    return await on_workers(request, lambda: _build(request, **_removed(request, path)), "file_workers")


@router.put(
    "/api/documents/{document_id:path}",
    summary="Store a file (older address)",
    deprecated=True,
    status_code=202,
    responses=replies(StoredByNameModel, samples.STORED_BY_NAME, (400, 401, 409, 412, 413, 415, 429, 503), status=202),
    openapi_extra=_BODY,
)
async def put_document(request: Request, document_id: FilePath) -> Response:
    """The same as `PUT /api/files/{path}`. The reply also has `stored`, the older name of `fate`."""
    done = await _stored(request, document_id, request.stream(), _condition(request))
    return await on_workers(request, lambda: _build(request, **done, stored=done["fate"]))


@router.delete(
    "/api/documents/{document_id:path}",
    summary="Remove a document",
    status_code=202,
    responses=replies(RemovedByNameModel, samples.REMOVED_BY_NAME, (400, 401, 404, 412, 429, 503), status=202),
)
async def delete_document(request: Request, document_id: StoredPath) -> Response:
    """Remove a document's file by the document's id, or (older form) by the file's path, and ask for a build."""

    def remove() -> Response:
        is_path = _inbox(request).has(document_id)
        named = document_id if is_path else _source_of(service_of(request), document_id) or document_id
        return _build(request, **_removed(request, named), stored="removed")

    return await on_workers(request, remove, "file_workers")


@router.post(
    "/api/index/rebuild",
    summary="Rebuild the index",
    status_code=202,
    responses=replies(BuildModel, samples.BUILD, (401, 429, 503), status=202),
)
def rebuild_index(request: Request) -> Response:
    """Ask for a build."""
    return _build(request)


def _inbox(request: Request) -> Inbox:
    found: Inbox = request.app.state.inbox
    return found


async def _stored(
    request: Request, name: str, content: AsyncIterable[bytes], condition: Condition | None = None
) -> dict[str, Any]:
    """Store a file and return its reply data."""
    kept = _inbox(request)
    await kept.check(name)
    file = await kept.put(name, content, condition)
    return {
        "source": file.source,
        "id": _id_of(file.source),
        "fate": "added" if file.new else "replaced",
        "bytes": file.bytes,
        "sha256": file.sha256,
    }


def _id_of(source: str) -> str | None:
    """The id of the document that a file is; None for an archive, which has no text of its own."""
    return None if suffix_of(source) in ARCHIVE_SUFFIXES else document_id(source)


def _refused(name: str, error: QAError) -> dict[str, Any]:
    return {"source": name, "fate": "refused", "error": {"code": error.code, "message": str(error)}}


def _removed(request: Request, name: str) -> dict[str, Any]:
    """Remove a file and return its reply data."""
    source = _inbox(request).remove(name, _condition(request))
    return {"source": source, "id": _id_of(source), "fate": "removed"}


def _source_of(service: Service, name: str) -> str | None:
    """The path of the document with an id; None if there is no such document or no index."""
    with suppress(QAError):
        present = service.present_id(name)
        return next((info.source for info in service.documents() if info.id == present), None)
    return None


def _condition(request: Request) -> Condition | None:
    """The check of If-Match and If-None-Match against the present file; a file's entity tag is its SHA-256."""
    if "if-match" not in request.headers and "if-none-match" not in request.headers:
        return None
    return lambda digest: check_change(request.headers, f'"{digest}"' if digest else None)


def _build(request: Request, **done: Any) -> Response:
    asked_at = _inbox(request).ask_for_build()
    return json_response({**done, "build": "asked for", "asked_at": asked_at}, 202)
