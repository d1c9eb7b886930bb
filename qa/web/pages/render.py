"""Renders templates as pages. All text is escaped, and an undefined name in a template is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.service import Service
from qa.text.page_units import place_words, range_words
from qa.text.site import Site
from qa.web.pages.assets import Assets
from qa.web.pages.error_words import words_for
from qa.web.pages.page_query import Asked, asked_as_it_stands
from qa.web.pages.wording import day, moment
from qa.web.root_path import root_of

TEMPLATES_DIR = Path(__file__).parent / "templates"


class Pages:
    """The compiled templates."""

    def __init__(self, assets: Assets, service: Service, *, uploads: bool = False, feedback: bool = False) -> None:
        self._service = service
        self._last_site = Site()
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
        request: Request,
        template: str,
        media_type: str = "text/html",
        site: Site | None = None,
        **context: object,
    ) -> Response:
        """Render a page; may block. Lone surrogates, which UTF-8 cannot encode, become question marks."""
        self._last_site = site or self._service.site()
        return self._render(request, template, context, media_type)

    def error(self, request: Request, status: int, code: str, message: str, headers: Mapping[str, str]) -> Response:
        """Render an error page that keeps the question and its filters in the form; never blocks."""
        asked = asked_as_it_stands(request.query_params)
        query = f"?{request.url.query}" if request.url.query else ""
        context = {
            "code": code,
            "message": message,
            "told": words_for(code),
            "asked": asked,
            "here": f"{root_of(request)}{request.url.path}{query}",
            "wait_s": headers.get("retry-after", ""),
        }
        page = self._render(request, "error.html", context)
        page.status_code = status
        page.headers.update(headers)
        return page

    def _render(
        self, request: Request, template: str, context: Mapping[str, object], media_type: str = "text/html"
    ) -> Response:
        common = {
            "asked": Asked(),
            "site": self._last_site,
            "root": root_of(request),
            "address": str(request.url.replace(path=root_of(request) + request.url.path)),
        }
        text = self._environment.get_template(template).render({**common, **context})
        return Response(text.encode("utf-8", "replace"), media_type=media_type)


def page(request: Request, template: str, **options: Any) -> Response:
    """A page by the application's templates; see `Pages.render`."""
    pages: Pages = request.app.state.pages
    return pages.render(request, template, **options)
