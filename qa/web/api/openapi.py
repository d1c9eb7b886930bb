"""The OpenAPI description, with the limits that only the settings know."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from qa.settings import Settings


class Application(FastAPI):
    """FastAPI whose description tells how long a question may be."""

    def __init__(self, settings: Settings, **options: Any) -> None:
        servers = [{"url": settings.root_path}] if settings.root_path else None
        super().__init__(servers=servers, **options)
        self._max_question_chars = settings.max_question_chars

    def openapi(self) -> dict[str, Any]:
        """The description as JSON data, made once."""
        if self.openapi_schema is None:
            described = super().openapi()
            for question in _questions(described):
                question["maxLength"] = self._max_question_chars
        assert self.openapi_schema is not None
        return self.openapi_schema


def _questions(described: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas of a question, in the query string and in a body."""
    (in_query,) = [each for each in described["paths"]["/api/ask"]["get"]["parameters"] if each["name"] == "q"]
    return [in_query["schema"], described["components"]["schemas"]["AskBody"]["properties"]["question"]]
