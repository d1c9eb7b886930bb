"""Templates to pages. Everything is escaped, and a name that a template does not get is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from qa.text.places import place_words, range_words
from qa.web.pages.assets import Assets
from qa.web.pages.page_query import Asked
from qa.web.pages.wording import day, moment

TEMPLATES_DIR = Path(__file__).parent / "templates"


class Pages:
    """The compiled templates."""

    def __init__(self, assets: Assets, *, uploads: bool = False, feedback: bool = False) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES_DIR),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.url
        self._environment.globals["uploads"] = uploads
        self._environment.globals["feedback"] = feedback
        self._environment.filters.update(
            day=day,
            moment=moment,
            place=lambda page, source: place_words(source, page),
            places=lambda pages, source: range_words(source, *pages),
        )
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def render(
        self,
        template: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media_type: str = "text/html",
        **context: object,
    ) -> Response:
        """A page. Lone surrogates, which no page can hold, become question marks."""
        text = self._environment.get_template(template).render({"asked": Asked(), **context})
        return Response(text.encode("utf-8", "replace"), status, headers, media_type)

    def error(self, request: Request, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        """A page that says what went wrong, with the question still in the box."""
        asked = Asked(request.query_params.get("q", ""))
        return self.render("error.html", status, headers, code=code, message=message, asked=asked)
