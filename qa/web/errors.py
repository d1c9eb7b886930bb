"""Converts errors to replies: one status per cause, one shape for every route.

Guarantees: every error's reply is `{"error": {"code", "message"}}`, or a page with the same code and message if a
    browser asked for a page. An unexpected exception is logged with its traceback, and the reply has no details of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from qa.errors import (
    InvalidQuestion,
    InvalidRequest,
    NameTaken,
    NoPicture,
    OperatingError,
    Overloaded,
    QAError,
    QuestionTooLong,
    RequestError,
    TookTooLong,
    TooManyRequests,
    UnknownDocument,
    UnknownPublisher,
    UnknownSnapshot,
    UnsupportedType,
)
from qa.web.api.json_form import json_response
from qa.web.pages.render import Pages

log = logging.getLogger("qa.web")

STATUS: Mapping[type[QAError], int] = {
    InvalidQuestion: 400,
    QuestionTooLong: 400,
    InvalidRequest: 400,
    UnknownDocument: 404,
    UnknownPublisher: 404,
    UnknownSnapshot: 404,
    NoPicture: 404,
    NameTaken: 409,
    UnsupportedType: 415,
    TooManyRequests: 429,
    RequestError: 400,
    OperatingError: 503,
    QAError: 500,
}

# Errors of HTTP itself, found before a route is chosen.
HTTP_ERRORS: Mapping[int, tuple[str, str]] = {
    400: ("invalid_request", "The request could not be read; it must be whole HTTP/1.1, encoded as UTF-8."),
    401: ("token_needed", "This needs a Bearer token: that of QA_ADMIN_TOKEN for changes, of QA_MCP_TOKEN for /mcp."),
    403: ("origin_not_allowed", "This request came from another site's page; only pages served here may send it."),
    404: ("not_found", "Nothing is served at this address; /docs lists what is."),
    405: ("method_not_allowed", "This address does not take that method; see the Allow header and /docs."),
    408: ("request_too_slow", "The request did not arrive in time; send it again."),
    412: ("precondition_failed", "The file is not as If-Match or If-None-Match has it, so nothing was done."),
    413: ("request_too_large", "The request body is larger than what is read here."),
    415: ("unsupported_media_type", "Send the body as JSON, with the header Content-Type: application/json."),
    416: ("range_not_satisfiable", "The file has none of the bytes that Range names; Content-Range tells its size."),
    421: ("host_not_allowed", "This host name is not served here; the operator can add it to QA_ALLOWED_HOSTS."),
    431: ("head_too_large", "The address and the headers are larger than what is read here; use a body."),
    501: ("coding_not_supported", "A body may be sent in chunks, but not in a Transfer-Encoding other than chunked."),
    500: ("internal", "Something went wrong here; the service's log has the details."),
}

_UNPARSED = "There was an error parsing the body"  # FastAPI's message for JSON that cannot be parsed

_RETRY_SOON_S = 1  # until places in the queue become free
_RETRY_LATER_S = 10  # a rebuild or a restart usually takes no longer

_MOST_FAULTS = 10  # faults listed in one message, to bound its length

_JSON_PATHS = ("/api/", "/healthz", "/readyz", "/openapi.json")


def status_of(error: QAError) -> int:
    """The status in the table of the error's class, or of its nearest base class."""
    return next(STATUS[cause] for cause in type(error).__mro__ if cause in STATUS)


def respond(request: Request, error: Exception) -> Response:
    """The reply to any exception; `request.app` must be the application that `create_app` made."""
    told = _told(error)
    if told.status == 500:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    if wants_page(request):
        pages: Pages = request.app.state.pages
        return pages.error(request, told.status, told.code, told.message, told.headers)
    return _json(told)


def code_of(error: Exception) -> str:
    """The code that a reply to an exception has."""
    return _told(error).code


def as_json(error: Exception) -> Response:
    """The reply to an exception outside of a request."""
    return _json(_told(error))


@dataclass(frozen=True, slots=True)
class _Told:
    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)


def _told(error: Exception) -> _Told:
    if isinstance(error, (RequestValidationError, ValidationError)):
        error = InvalidRequest(describe(error.errors()))
    if isinstance(error, QAError):
        status = status_of(error)
        headers = {"retry-after": str(_retry_after_s(error))} if status in (429, 503) else {}
        return _Told(status, error.code, str(error), headers)
    if isinstance(error, HTTPException) and error.detail == _UNPARSED:
        return _Told(
            400,
            "invalid_request",
            "The body is not JSON in UTF-8, or holds a number too long or lists too deep to be read.",
        )
    if isinstance(error, HTTPException):
        code, message = HTTP_ERRORS.get(error.status_code, ("http_error", error.detail))
        return _Told(error.status_code, code, message, error.headers or {})
    return _Told(500, *HTTP_ERRORS[500])


def _json(told: _Told) -> Response:
    return json_response({"error": {"code": told.code, "message": told.message}}, told.status, told.headers)


def _retry_after_s(error: QAError) -> int:
    if isinstance(error, TooManyRequests):
        return error.wait_s
    return _RETRY_SOON_S if isinstance(error, Overloaded | TookTooLong) else _RETRY_LATER_S


def wants_page(request: Request) -> bool:
    """Whether the client is a browser that asks for a page, not a program that asks for data."""
    return not request.url.path.startswith(_JSON_PATHS) and "text/html" in request.headers.get("accept", "")


def describe(errors: Sequence[Mapping[str, Any]]) -> str:
    """Validation errors in one line, with every invalid field, or the first ones and the total number."""
    told = [_describe_one(error) for error in errors[:_MOST_FAULTS]]
    if len(errors) > _MOST_FAULTS:
        told.append(f"There are {len(errors)} faults in total.")
    return " ".join(told)


def _describe_one(error: Mapping[str, Any]) -> str:
    place = [str(part) for part in error["loc"] if part not in ("query", "path")]
    if place[:1] == ["body"] and len(place) > 1:
        place = place[1:]
    name = ".".join(place)  # empty where the fault is of the parameters together
    match error["type"]:
        case "extra_forbidden":
            return f"{name} is not a parameter of this route; see /docs."
        case "missing":
            return f"{name} is missing."
        case "json_invalid":
            return f"The body is not JSON: {error['ctx']['error']}, near character {name}."
        case "model_attributes_type" | "model_type":
            return f"{name} is not a JSON object."
        case "value_error":
            return f"{f'{name}: ' if name else ''}{str(error['msg']).removeprefix('Value error, ')}."
        case _:
            return f"{name}: {error['msg']}."
