"""The application: routes, guard and error handling put together around one service."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qa.errors import QAError
from qa.settings import Settings
from qa.web.api import documents as admin
from qa.web.api import routes as api
from qa.web.api.openapi import Application
from qa.web.api.uploads import Inbox
from qa.web.backend import Backend
from qa.web.errors import respond
from qa.web.limits.address_limits import Quota
from qa.web.limits.file_descriptors import files_allowed
from qa.web.limits.guard import Guard
from qa.web.limits.rate_limit import Allowance
from qa.web.limits.unread_replies import MOST_BYTES, LargeReplies
from qa.web.limits.workers import FILE_THREADS, Workers
from qa.web.limits.wrong_tokens import WrongTokens
from qa.web.pages import routes as pages
from qa.web.pages.assets import Assets
from qa.web.pages.home import Home
from qa.web.pages.render import Pages

_DESCRIPTION = "Exact, checkable quotations from a folder of documents, in reply to questions."

# A character takes at most 12 bytes of JSON (two escaped surrogates); the rest leaves room for filters.
_BYTES_PER_CHAR = 12
_FILTER_BYTES = 64 * 1024


def create_app(
    service: Backend, settings: Settings, builder_trouble: Callable[[], str | None] = lambda: None
) -> FastAPI:
    """Build the application. The caller opens the service, and closes it when the server has stopped.

    Args:
        service: Answers questions.
        settings: Limits, host names, and the token of those who may change documents.
        builder_trouble: Why no document can be added or removed just now, or None; may block for a moment.
    """
    app = Application(
        settings,
        title="Questions to documents",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={QAError: _reply, HTTPException: _reply, RequestValidationError: _reply},
    )
    assets = Assets()
    app.state.service = service
    app.state.assets = assets
    app.state.pages = Pages(assets, uploads=bool(settings.admin_token))
    app.state.home = Home()
    app.state.workers = Workers(queue=settings.queue, seconds=settings.answer_seconds)
    app.state.file_workers = Workers(queue=settings.queue, seconds=settings.answer_seconds, threads=FILE_THREADS)
    app.state.files = Quota(files_allowed())
    app.state.allowance = Allowance(settings.questions_per_minute)
    app.state.builder_trouble = builder_trouble
    if settings.admin_token:
        app.state.wrong_tokens = WrongTokens()
        app.state.admin_token = settings.admin_token
        app.state.inbox = Inbox(settings, app.state.file_workers)
    app.include_router(api.router)
    if settings.admin_token:
        app.include_router(admin.router)
    app.include_router(pages.router)

    def respond_here(request: Request, error: Exception) -> Response:
        request.scope.setdefault("app", app)
        return respond(request, error)

    app.add_middleware(LargeReplies, quota=Quota(MOST_BYTES))
    app.add_middleware(
        Guard,
        hosts=(settings.host, *settings.allowed_hosts),
        max_body_bytes=settings.max_question_chars * _BYTES_PER_CHAR + _FILTER_BYTES,
        max_upload_bytes=settings.max_file_mb << 20 if settings.admin_token else None,
        cors_origins=settings.cors_origins,
        respond=respond_here,
    )
    return app


async def _reply(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        # The router names the methods of one route only, and one address may have several.
        error.headers = {"Allow": _allowed(request)}
    return respond(request, error)


def _allowed(request: Request) -> str:
    routers = [request.app, api.router, pages.router]
    if hasattr(request.app.state, "inbox"):
        routers.append(admin.router)
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]
    methods = {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
