"""The JSON routes. `request_models` and `reply_models` describe their data; `json_form` converts records to JSON.

Blocking functions run, with the conversion of the reply, on the application's workers, so that one question does not
delay others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Annotated
from urllib.parse import quote as percent_encode

from fastapi import APIRouter, Body, Depends, Path
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.index_status import IndexStatus
from qa.errors import UnknownDocument
from qa.records import Filters
from qa.text.document_ids import document_id
from qa.text.safe_text import compose, printable
from qa.web.api import example_replies as samples
from qa.web.api.json_form import answer_data, document_data, documents_data, json_response, status_data
from qa.web.api.known_replies import unless_known
from qa.web.api.reply_models import (
    AnswerModel,
    DocumentModel,
    DocumentsModel,
    HealthModel,
    IndexModel,
)
from qa.web.api.request_models import AskBody, AskQuery, ListQuery
from qa.web.api.route_descriptions import NOT_MODIFIED, file_replies, in_query, replies
from qa.web.api.routing import (
    REPEATABLE,
    OnWorkers,
    counted,
    counted_as_document,
    counted_as_list,
    on_workers,
    service_of,
    takes,
)
from qa.web.document_list import lookups_of, page_after
from qa.web.limits.file_reply import FileReply
from qa.web.root_path import root_of

router = APIRouter(route_class=OnWorkers, generate_unique_id_function=attrgetter("name"))


def status_of(request: Request) -> IndexStatus:
    """The open snapshot, with all current faults of the snapshot and the builder."""
    status = service_of(request).status()
    trouble: Callable[[], str | None] = request.app.state.builder_trouble
    return replace(status, trouble=" ".join(filter(None, (status.trouble, trouble()))) or None)


_IN_ADDRESS = {"minLength": 1, "pattern": r"^[^\x00-\x1f\x7f-\x9f]+$"}
DocumentId = Annotated[
    str,
    Path(
        description="As in the list of documents", examples=["001_fe88db643a881d9c"], json_schema_extra={**_IN_ADDRESS}
    ),
]
FilePath = Annotated[
    str, Path(description="The `source` of a document", examples=["report.pdf"], json_schema_extra={**_IN_ADDRESS})
]


def moved(request: Request, path: str) -> Response:
    """Redirect a request to another path with its query string; a browser keeps the fragment (RFC 9110, 10.2.2).

    Caches must revalidate it, since another document may later get the old id.
    """
    query = percent_encode(request.scope["query_string"], safe="!$&'()*+,;=:@/?%-._~")
    location = root_of(request) + (f"{path}?{query}" if query else path)
    return Response(status_code=308, headers={"location": location, "cache-control": "no-cache"})


@router.get(
    "/api/ask",
    summary="Ask a question",
    tags=["Questions"],
    dependencies=[Depends(takes(*AskQuery.model_fields, "question")), Depends(counted)],
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 429, 503)),
    openapi_extra={"parameters": in_query(AskQuery)},
)
def ask(request: Request) -> Response:
    """Quotes that answer the question, best first, each with its citation. `question` is another name of `q`.

    `signals`, `words` and `stages_ms` need `explain=1`.
    """
    given = request.query_params
    values = {name: given.getlist(name) if name in REPEATABLE else given[name] for name in given}
    asked = AskQuery.model_validate(values)
    return _answer(request, asked.q, asked, asked.filters())


@router.post(
    "/api/ask",
    summary="Ask a question, as JSON",
    tags=["Questions"],
    dependencies=[Depends(takes()), Depends(counted)],
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 413, 415, 429, 503)),
)
async def ask_with_body(request: Request, asked: Annotated[AskBody, Body(examples=[samples.BODY])]) -> Response:
    """The same as GET, for questions and filters that do not fit into an address. `q` is another name of `question`."""
    return await on_workers(request, lambda: _answer(request, asked.question, asked, asked.filters.filters()))


def _answer(request: Request, question: str, asked: AskQuery | AskBody, filters: Filters) -> Response:
    answer = service_of(request).ask(question, asked.k, filters, explain=asked.explain, exactly=asked.exactly)
    return json_response(answer_data(answer, explain=asked.explain, root=root_of(request)))


@router.get(
    "/api/documents",
    summary="List the documents",
    tags=["Documents"],
    dependencies=[Depends(takes(*ListQuery.model_fields)), Depends(counted_as_list)],
    responses=replies(DocumentsModel, samples.DOCUMENTS, (400, 404, 429, 503)) | NOT_MODIFIED,
    openapi_extra={"parameters": in_query(ListQuery)},
)
def list_documents(request: Request) -> Response:
    """The documents without their text: all, or the matching ones, in pages."""
    asked = ListQuery.model_validate(dict(request.query_params))
    found = lookups_of(request).matching(asked.query, asked.sort)
    return unless_known(request.headers, json_response(documents_data(page_after(found, asked.cursor, asked.limit))))


@router.get(
    "/api/documents/{document_id}",
    summary="Read a document",
    tags=["Documents"],
    dependencies=[Depends(takes()), Depends(counted_as_document)],
    responses=replies(DocumentModel, samples.DOCUMENT, (400, 404, 429, 503))
    | NOT_MODIFIED
    | {308: {"description": "The document had this id before; Location has its current id"}},
)
def read_document(request: Request, document_id: DocumentId) -> Response:
    """One document with its blocks and its canonical text, to which the offsets of citations refer."""
    found = service_of(request).document(document_id)
    if found.id != document_id:
        return moved(request, f"/api/documents/{percent_encode(found.id)}")
    return unless_known(request.headers, json_response(document_data(found)))


@router.get(
    "/api/files/{path:path}",
    summary="Download a document's file",
    tags=["Documents"],
    dependencies=[Depends(takes()), Depends(counted_as_document)],
    response_class=Response,
    responses=file_replies((400, 404, 412, 416, 429, 503)),
)
async def read_file(request: Request, path: FilePath) -> Response:
    """The file of a document, by its `source`, or one range of the file's bytes.

    Its entity tag is its SHA-256; with If-Match, a change applies only to that version.
    """
    return await on_workers(request, lambda: original_of(request, _id_of(request, path)), "file_workers")


def _id_of(request: Request, path: str) -> str:
    """The id of the document with a path.

    Raises:
        UnknownDocument: no document has the path.
    """
    source = compose(path)
    found = lookups_of(request).by_id.get(document_id(source))
    if found is None or found.source != source:
        raise UnknownDocument(f"No document was read from {printable(source)}; /api/documents lists them.")
    return found.id


def original_of(request: Request, document_id: str) -> Response:
    """The reply with a document's file, as a download: showing it in the browser could run its scripts."""
    file = service_of(request).original(document_id)
    try:
        return FileReply(file, request.app.state.files, request.app.state.file_workers, request)
    except HTTPException:
        file.close()
        raise


@router.get(
    "/api/index",
    summary="Show the open snapshot",
    tags=["Index"],
    dependencies=[Depends(takes()), Depends(counted_as_list)],
    responses=replies(IndexModel, samples.INDEX, (400, 429, 503)),
)
def read_index(request: Request) -> Response:
    """The open snapshot with its date, machines and size, and the last build's result for every file."""
    service = service_of(request)
    return json_response(status_data(status_of(request), service.shards(), service.progress(), service.report()))


@router.get(
    "/healthz",
    summary="Whether the process is alive",
    tags=["Health"],
    dependencies=[Depends(takes())],
    responses=replies(HealthModel, {"status": "ok"}, (400,)),
)
async def read_health() -> Response:
    """Succeeds while the process is alive, even when every worker is busy or there is no index."""
    return json_response({"status": "ok"})


@router.get(
    "/readyz",
    summary="Whether questions can be answered",
    tags=["Health"],
    dependencies=[Depends(takes())],
    responses=replies(HealthModel, {"status": "ready"}, (400, 503)),
)
def read_readiness(request: Request) -> Response:
    """503 with the reason until questions can be answered."""
    service_of(request).ready()
    return json_response({"status": "ready"})


@router.get("/openapi.json", include_in_schema=False, dependencies=[Depends(counted_as_list)])
def describe(request: Request) -> Response:
    """The OpenAPI description."""
    return unless_known(request.headers, json_response(request.app.openapi()))
