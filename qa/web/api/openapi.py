"""The OpenAPI description, with the limits that only the settings know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from qa.settings import Settings

_TAGS = [
    {"name": "Questions", "description": "Quotes that answer a question, each with its citation."},
    {"name": "Documents", "description": "What may be quoted: each document by its id."},
    {"name": "Changes", "description": "Files that are added and removed, by whoever has the token."},
    {"name": "Index", "description": "What is loaded."},
    {"name": "Health", "description": "Probes."},
]
_SUMMARY = "Exact, checkable quotations from a folder of documents, in reply to questions."
_DESCRIPTION = (
    "Offsets count code points; ends are exclusive. Every error of every route has one shape, `ErrorModel`. Within "
    "version 1 fields and routes are added, and nothing is taken away or changes its meaning: see docs/api.md."
)


class Application(FastAPI):
    """FastAPI whose description tells how long a question may be. An operation's id is its function's name."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        super().__init__(
            title="Questions to documents",
            version="1",
            summary=_SUMMARY,
            description=_DESCRIPTION,
            openapi_tags=_TAGS,
            openapi_url=None,  # a route of ours sends it
            docs_url=None,
            redoc_url=None,
            generate_unique_id_function=_name_of,
            servers=[{"url": settings.root_path or "/", "description": "This service"}],
            **options,
        )
        self._max_question_chars = settings.max_question_chars

    def openapi(self) -> dict[str, Any]:
        """The description as JSON data, made once."""
        if self.openapi_schema is None:
            described = super().openapi()
            for question in _questions(described):
                question["maxLength"] = self._max_question_chars
        assert self.openapi_schema is not None
        return self.openapi_schema


def _name_of(route: APIRoute) -> str:
    return route.name


def _questions(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of a question, in the query string and in a body."""
    (in_query,) = [each for each in described["paths"]["/api/ask"]["get"]["parameters"] if each["name"] == "q"]
    return [in_query["schema"], described["components"]["schemas"]["AskBody"]["properties"]["question"]]
