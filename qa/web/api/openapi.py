"""The OpenAPI description, with the limits from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from qa.settings import Settings

_TAGS = [
    {"name": "Questions", "description": "Quotes that answer a question, each with its citation."},
    {"name": "Documents", "description": "What may be quoted: each document by its id."},
    {"name": "Changes", "description": "Files that are added and removed, by clients that have the token."},
    {"name": "Index", "description": "The open snapshot and the last build."},
    {"name": "Health", "description": "Probes."},
]
_SUMMARY = "Exact, checkable quotations from a folder of documents, in reply to questions."
_DESCRIPTION = (
    "Offsets count code points; ends are exclusive. Every error of every route has one shape, `ErrorModel`. Within "
    "version 1 fields and routes are added, and nothing is taken away or changes its meaning: see docs/api.md."
)


_BASIC_PLACES = 0x10000  # of Unicode's Basic Multilingual Plane


class Application(FastAPI):
    """FastAPI with the maximum length of a question in its description."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(
            title="Questions to documents",
            version="1",
            summary=_SUMMARY,
            description=_DESCRIPTION,
            openapi_tags=_TAGS,
            openapi_url=None,  # one of the routes sends it
            docs_url=None,
            redoc_url=None,
            servers=[{"url": settings.root_path or "/", "description": "This service"}],
            **options,
        )
        self._max_question_chars = settings.max_question_chars
        self._describing = Lock()

    def openapi(self) -> dict[str, Any]:
        """The description as JSON data, made once."""
        with self._describing:  # FastAPI sets it before it is complete
            if self.openapi_schema is None:
                described = super().openapi()
                described["security"] = []  # each route that needs the token says so
                _put_nulls_back(described, self.routes)
                for question in _questions(described):
                    question |= {"maxLength": self._max_question_chars, "pattern": _letter_or_digit()}
            assert self.openapi_schema is not None
            return self.openapi_schema


def _questions(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of a question, in the query string and in a body."""
    (in_query,) = [each for each in described["paths"]["/api/ask"]["get"]["parameters"] if each["name"] == "q"]
    return [in_query["schema"], described["components"]["schemas"]["AskBody"]["properties"]["question"]]


def _put_nulls_back(described: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """Put the null fields back into the examples; FastAPI omits them."""
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                replies = described["paths"][route.path_format][method.lower()]["responses"]
                for status, reply in route.responses.items():
                    for media_type, content in reply.get("content", {}).items():
                        replies[str(status)]["content"][media_type] |= content


def _letter_or_digit() -> str:
    r"""A regular expression for a text with a letter or a digit of any script.

    It lists their ranges, since no character class means the same everywhere: Python has no `\p{L}`, and `\w` is ASCII
    in ECMA-262. It leaves out characters beyond the Basic Multilingual Plane, which some JSON tools cannot read; the
    server still answers a question that has only such characters.
    """
    places = [place for place in range(_BASIC_PLACES) if chr(place).isalnum()]
    starts = [place for before, place in zip([-2, *places], places, strict=False) if place != before + 1]
    ends = [place for place, after in zip(places, [*places[1:], -2], strict=True) if after != place + 1]
    return f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in zip(starts, ends, strict=True))}]"
