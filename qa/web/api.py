"""The JSON routes. Their shapes are in `qa.web.schema`, and what they send is written by `qa.web.wire`.

Handlers are plain functions, so that the framework runs each in a worker thread: a question blocks nobody else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from qa.errors import InvalidRequest
from qa.web import samples
from qa.web.backend import Backend
from qa.web.schema import (
    AnswerModel,
    AskBody,
    AskQuery,
    DocumentModel,
    DocumentsModel,
    ErrorModel,
    HealthModel,
    IndexModel,
)
from qa.web.wire import answer_data, document_data, documents_data, json_response, status_data

router = APIRouter()

_REPEATABLE = ("document_id", "publisher")


async def backend(request: Request) -> Backend:
    """Whoever answers, as `create_app` was given it."""
    service: Backend = request.app.state.service
    return service


Service = Annotated[Backend, Depends(backend)]
DocumentId = Annotated[str, Path(description="As in the list of documents", examples=["001_fe88db643a881d9c"])]


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


def replies(model: type[Any], example: dict[str, Any], errors: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route, for its description."""
    described: dict[int | str, dict[str, Any]] = {
        200: {"model": model, "content": {"application/json": {"example": example}}}
    }
    for status in errors:
        described[status] = {"model": ErrorModel, "description": _ERRORS[status]}
    described["default"] = {
        "model": ErrorModel,
        "description": "Any other error, in the same shape",
        "content": {"application/json": {"example": samples.ERROR}},
    }
    return described


_ERRORS = {
    400: "invalid_question, question_too_long, invalid_request",
    404: "unknown_document",
    413: "request_too_large",
    415: "unsupported_media_type",
    503: "no_index, damaged_snapshot, mismatched_snapshot, model_unavailable; with Retry-After",
}


@router.get(
    "/api/ask",
    summary="Ask a question",
    dependencies=[Depends(takes(*AskQuery.model_fields))],
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 503)),
)
def ask(service: Service, asked: Annotated[AskQuery, Query()]) -> Response:
    """Quotes that answer the question, best first, each with its citation; `signals` and `words` need `explain=1`."""
    answer = service.ask(asked.q, asked.k, asked.filters(), explain=asked.explain)
    return json_response(answer_data(answer, explain=asked.explain))


@router.post(
    "/api/ask",
    summary="Ask a question, as JSON",
    dependencies=[Depends(takes())],
    responses=replies(AnswerModel, samples.ANSWER, (400, 404, 413, 415, 503)),
)
def ask_with_body(service: Service, asked: Annotated[AskBody, Body(examples=[samples.BODY])]) -> Response:
    """The same as GET, for questions and filters that do not fit into an address."""
    answer = service.ask(asked.question, asked.k, asked.filters.filters(), explain=asked.explain)
    return json_response(answer_data(answer, explain=asked.explain))


@router.get(
    "/api/documents",
    summary="List the documents",
    dependencies=[Depends(takes())],
    responses=replies(DocumentsModel, samples.DOCUMENTS, (503,)),
)
def documents(service: Service) -> Response:
    """Every loaded document, without its text."""
    return json_response(documents_data(service.documents()))


@router.get(
    "/api/documents/{document_id}",
    summary="Read a document",
    dependencies=[Depends(takes())],
    responses=replies(DocumentModel, samples.DOCUMENT, (404, 503)),
)
def document(service: Service, document_id: DocumentId) -> Response:
    """One document with its blocks and its canonical text, which every citation's offsets point into."""
    return json_response(document_data(service.document(document_id)))


@router.get(
    "/api/index",
    summary="What is loaded",
    dependencies=[Depends(takes())],
    responses=replies(IndexModel, samples.INDEX, (503,)),
)
def index(service: Service) -> Response:
    """The open snapshot, from when it is, how much is in it, and what the last build did with every file."""
    return json_response(status_data(service.status(), service.report()))


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
def readyz(service: Service) -> Response:
    """503, with the reason, until questions can be answered."""
    service.ready()
    return json_response({"status": "ready"})
