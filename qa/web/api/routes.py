"""The JSON routes. Their shapes are in `request_models` and `reply_models`; `json_form` writes what they send.

Handlers hand whatever may block to the application's workers, reply and all: a question blocks nobody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote as percent_encode

from fastapi import APIRouter, Body, Depends, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from qa.errors import InvalidRequest
from qa.records import Filters, IndexStatus
from qa.web.api import examples as samples
from qa.web.api.json_form import answer_data, document_data, documents_data, json_response, status_data
from qa.web.api.reply_models import (
    AnswerModel,
    DocumentModel,
    DocumentsModel,
    ErrorModel,
    HealthModel,
    IndexModel,
)
from qa.web.api.request_models import AskBody, AskQuery, ListQuery
from qa.web.backend import Backend
from qa.web.document_list import matching, page_after
from qa.web.limits.rate_limit import DOCUMENT, LIST, QUESTION, Allowance
from qa.web.limits.workers import Workers

router = APIRouter()

Run = Callable[[Callable[[], Response]], Awaitable[Response]]

_REPEATABLE = ("document_id", "publisher")


async def backend(request: Request) -> Backend:
    """Whoever answers, as `create_app` was given it."""
    service: Backend = request.app.state.service
    return service


def status_of(request: Request, service: Backend) -> IndexStatus:
    """What is loaded, with every trouble there is: the snapshot's and the builder's."""
    status = service.status()
    trouble: Callable[[], str | None] = request.app.state.builder_trouble
    return replace(status, trouble=" ".join(filter(None, (status.trouble, trouble()))) or None)


async def runner(request: Request) -> Run:
    """Where a handler leaves what may block; `qa.web.limits.workers` says what may come of it."""
    workers: Workers = request.app.state.workers
    return partial(workers.run, request)


async def file_runner(request: Request) -> Run:
    """The same for what touches the documents' files, on threads of its own."""
    workers: Workers = request.app.state.file_workers
    return partial(workers.run, request)


def counts(cost: float) -> Callable[[Request], Awaitable[None]]:
    """A dependency that counts work that costs as much as so many questions against what its address may ask."""

    async def count(request: Request) -> None:
        allowance: Allowance = request.app.state.allowance
        allowance.take(request, cost)

    return count


counted, counted_as_document, counted_as_list = counts(QUESTION), counts(DOCUMENT), counts(LIST)


Service = Annotated[Backend, Depends(backend)]
Runner = Annotated[Run, Depends(runner)]
FileRunner = Annotated[Run, Depends(file_runner)]
DocumentId = Annotated[
    str,
    Path(
        description="As in the list of documents",
        examples=["001_fe88db643a881d9c"],
        json_schema_extra={"minLength": 1, "pattern": r"^[^\x00-\x1f\x7f-\x9f]+$"},
    ),
]


def moved(request: Request, path: str) -> Response:
    """Lead a request on to another path, with its query string; a browser keeps the fragment (RFC 9110, 10.2.2).

    A cache must ask again, since another document may come to have the id that led here.
    """
    query = percent_encode(request.scope["query_string"], safe="!$&'()*+,;=:@/?%-._~")
    location = f"{path}?{query}" if query else path
    return Response(status_code=308, headers={"location": location, "cache-control": "no-cache"})


def takes(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses query parameters other than `names`, and a repeated one that has a single value."""

    async def check(request: Request) -> None:
        given = request.query_params
        unknown = sorted(set(given) - set(names))
        if unknown:
            known = f"known are {', '.join(names)}" if names else "it takes none"
            raise InvalidRequest(f"{unknown[0]} is not a parameter of {request.url.path}; {known}.")
        for name in given:
            if name not in _REPEATABLE and len(given.getlist(name)) > 1:
                raise InvalidRequest(f"{name} is given more than once; give it once.")

    return check


def in_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """A model's fields as the parameters of a query string, for a route's description."""
    described = model.model_json_schema()
    return [
        {"name": name, "in": "query", "required": name in described.get("required", ()), "schema": _without_null(field)}
        | {"description": field["description"]}
        for name, field in described["properties"].items()
    ]


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A field's schema for a query string, which has no null: an absent parameter stands for it."""
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return field
    return {**choices[0], **{name: value for name, value in field.items() if name not in ("anyOf", "default")}}


def replies(
    model: type[Any], example: dict[str, Any], errors: Iterable[int], status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route, for its description."""
    described: dict[int | str, dict[str, Any]] = {
        status: {"model": model, "content": {"application/json": {"example": example}}}
    }
    for error in errors:
        described[error] = {"model": ErrorModel, "description": _ERRORS[error]} | _HEADERS.get(error, {})
    described["default"] = {
        "model": ErrorModel,
        "description": "Any other error, in the same shape",
        "content": {"application/json": {"example": samples.ERROR}},
    }
    return described


_ERRORS = {
    400: "invalid_question, question_too_long, invalid_request",
    401: "token_needed",
    404: "unknown_document, unknown_publisher",
    409: "name_taken",
    412: "precondition_failed",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests; with Retry-After",
    503: "no_index, damaged_snapshot, mismatched_snapshot, model_unavailable, builder_missing, overloaded, "
    "took_too_long; with Retry-After",
}
_RETRY_AFTER = {"description": "Seconds until it is worth another try", "schema": {"type": "integer", "minimum": 1}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}}},
    429: {"headers": {"Retry-After": {"required": True, **_RETRY_AFTER}}},
    503: {"headers": {"Retry-After": {"required": True, **_RETRY_AFTER}}},
}

_takes_a_question = takes(*AskQuery.model_fields)


@router.get(
    "/api/ask",
    summary="Ask a question",
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 429, 503)),
    openapi_extra={"parameters": in_query(AskQuery)},
)
async def ask(request: Request) -> Response:
    """Quotes that answer the question, best first, each with its citation.

    `signals`, `words` and `stages_ms` need `explain=1`.
    """
    # Asking is what has to be quick, so it does without the framework's dependencies, which take half a millisecond.
    await _takes_a_question(request)
    await counted(request)
    given = request.query_params
    values = {name: given.getlist(name) if name in _REPEATABLE else given[name] for name in given}
    asked = AskQuery.model_validate(values)
    service, run = await backend(request), await runner(request)
    return await run(lambda: _answer(service, asked.q, asked, asked.filters()))


@router.post(
    "/api/ask",
    summary="Ask a question, as JSON",
    dependencies=[Depends(takes()), Depends(counted)],
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 413, 415, 429, 503)),
)
async def ask_with_body(
    run: Runner, service: Service, asked: Annotated[AskBody, Body(examples=[samples.BODY])]
) -> Response:
    """The same as GET, for questions and filters that do not fit into an address."""
    return await run(lambda: _answer(service, asked.question, asked, asked.filters.filters()))


def _answer(service: Backend, question: str, asked: AskQuery | AskBody, filters: Filters) -> Response:
    answer = service.ask(question, asked.k, filters, explain=asked.explain, exactly=asked.exactly)
    return json_response(answer_data(answer, explain=asked.explain))


@router.get(
    "/api/documents",
    summary="List the documents",
    dependencies=[Depends(takes(*ListQuery.model_fields)), Depends(counted_as_list)],
    responses=replies(DocumentsModel, samples.DOCUMENTS, (400, 404, 429, 503)),
    openapi_extra={"parameters": in_query(ListQuery)},
)
async def documents(request: Request, run: Runner, service: Service) -> Response:
    """The loaded documents, without their text: all of them, or those that match, a page at a time."""
    asked = ListQuery.model_validate(dict(request.query_params))
    return await run(lambda: _documents(service, asked))


def _documents(service: Backend, asked: ListQuery) -> Response:
    found = matching(service.documents(), asked.query, asked.sort)
    return json_response(documents_data(page_after(found, asked.cursor, asked.limit)))


@router.get(
    "/api/documents/{document_id}",
    summary="Read a document",
    dependencies=[Depends(takes()), Depends(counted_as_document)],
    responses=replies(DocumentModel, samples.DOCUMENT, (404, 429, 503))
    | {308: {"description": "The document had this id before; Location names it by its present one"}},
)
async def document(request: Request, run: Runner, service: Service, document_id: DocumentId) -> Response:
    """One document with its blocks and its canonical text, which every citation's offsets point into."""
    return await run(lambda: _document(request, service, document_id))


def _document(request: Request, service: Backend, document_id: str) -> Response:
    found = service.document(document_id)
    if found.id != document_id:
        return moved(request, f"/api/documents/{percent_encode(found.id)}")
    return json_response(document_data(found))


@router.get(
    "/api/index",
    summary="What is loaded",
    dependencies=[Depends(takes()), Depends(counted_as_list)],
    responses=replies(IndexModel, samples.INDEX, (429, 503)),
)
async def index(request: Request, run: Runner, service: Service) -> Response:
    """The open snapshot, from when it is, how much is in it, and what the last build did with every file."""
    return await run(lambda: json_response(status_data(status_of(request, service), service.report())))


@router.get(
    "/healthz",
    summary="Whether the process is alive",
    dependencies=[Depends(takes())],
    responses=replies(HealthModel, {"status": "ok"}, ()),
)
async def healthz() -> Response:
    """Answers even when every worker is busy or there is no index."""
    return json_response({"status": "ok"})


@router.get(
    "/readyz",
    summary="Whether questions can be answered",
    dependencies=[Depends(takes())],
    responses=replies(HealthModel, {"status": "ready"}, (503,)),
)
async def readyz(run: Runner, service: Service) -> Response:
    """503, with the reason, until questions can be answered."""
    return await run(lambda: _ready(service))


def _ready(service: Backend) -> Response:
    service.ready()
    return json_response({"status": "ready"})
