"""Parts of the API's description of a route: parameters, replies and errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from qa.web.api import example_replies as samples
from qa.web.api.reply_models import ErrorModel


def in_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """A model's fields as query parameters, for a route's description."""
    described = model.model_json_schema()
    return [
        {"name": name, "in": "query", "required": name in described.get("required", ()), "schema": _without_null(field)}
        | {"description": field["description"]}
        for name, field in described["properties"].items()
    ]


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without null: in a query string, an absent parameter means null."""
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


def file_replies(errors: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that sends a file."""
    content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    described = {status: reply for status, reply in replies(ErrorModel, samples.ERROR, errors).items() if status != 200}
    return {
        200: {"description": "The file", "content": content},
        206: {"description": "The range of bytes that the Range header asked for", "content": content},
        304: {"description": "The client has it already, as If-None-Match says"},
        **described,
    }


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The client has it already, as If-None-Match says"}
}
_ERRORS = {
    400: "invalid_question, question_too_long, invalid_request",
    401: "token_needed",
    404: "unknown_document, unknown_publisher",
    409: "name_taken",
    412: "precondition_failed",
    413: "request_too_large",
    415: "unsupported_media_type, unsupported_type",
    416: "range_not_satisfiable",
    429: "too_many_requests; with Retry-After",
    503: "no_index, damaged_snapshot, mismatched_snapshot, short_of_resources, model_unavailable, builder_missing, "
    "overloaded, took_too_long, shard_unavailable; with Retry-After",
}
_RETRY_AFTER = {"description": "Seconds to wait before another try", "schema": {"type": "integer", "minimum": 1}}
_HEADERS: dict[int, dict[str, Any]] = {
    401: {"headers": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}}},
    429: {"headers": {"Retry-After": {"required": True, **_RETRY_AFTER}}},
    503: {"headers": {"Retry-After": {"required": True, **_RETRY_AFTER}}},
}
