"""Creates the ASGI application of a service: routes, middleware and error handling."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qa.answering.question_log import Kept, QuestionLog
from qa.answering.service import Service
from qa.errors import QAError
from qa.settings import Settings
from qa.web.api import documents as admin
from qa.web.api import routes as api
from qa.web.api.openapi import Application
from qa.web.api.uploads import Inbox
from qa.web.document_list import CurrentLookups
from qa.web.errors import code_of, respond
from qa.web.lifespan import close_at_end, keep_open, lifespan
from qa.web.limits.address_limits import Quota
from qa.web.limits.bearer_token import BearerToken
from qa.web.limits.file_descriptors import files_allowed
from qa.web.limits.guard import Guard
from qa.web.limits.rate_limit import Allowance
from qa.web.limits.unread_replies import MOST_BYTES, LargeReplies
from qa.web.limits.workers import FILE_THREADS, PICTURE_THREADS, PICTURES_WAITING, THREADS, Gauge, Workers
from qa.web.observed import Observed
from qa.web.pages import feedback, picture_routes
from qa.web.pages import routes as pages
from qa.web.pages.assets import Assets
from qa.web.pages.render import Pages
from qa.web.root_path import RootPath

if TYPE_CHECKING:
    from qa.web.metrics import Metrics

# A character takes at most 12 bytes of JSON (two escaped surrogates); the rest is for filters.
_BYTES_PER_CHAR = 12
_FILTER_BYTES = 64 * 1024


def create_app(
    service: Service, settings: Settings, builder_trouble: Callable[[], str | None] = lambda: None
) -> FastAPI:
    """Create the application. The caller opens the service, and closes it when the server has stopped.

    Args:
        service: Answers questions.
        settings: Limits, host names, and the token for changing documents.
        builder_trouble: Returns why documents cannot be changed at present, or None; may block briefly.
    """
    app = Application(
        settings,
        redirect_slashes=False,
        exception_handlers={QAError: _reply, HTTPException: _reply, RequestValidationError: _reply},
        lifespan=lifespan,
    )
    app.state.kept_open, app.state.told = [], {}
    assets = Assets()
    app.state.service = service = _observed(app, service, settings)
    app.state.assets = assets
    app.state.pages = Pages(assets, service, uploads=bool(settings.admin_token), feedback=bool(settings.question_log))
    app.state.current_lookups = CurrentLookups()
    seconds = settings.answer_seconds
    queue: Gauge | None = app.state.metrics and app.state.metrics.queue
    threads = THREADS + 1 if settings.cluster else THREADS  # one that waits for a cluster's hosts uses no core
    app.state.workers = Workers(queue=settings.queue, seconds=seconds, threads=threads, gauge=queue)
    app.state.file_workers = Workers(queue=settings.queue, seconds=seconds, threads=FILE_THREADS)
    app.state.picture_workers = Workers(queue=PICTURES_WAITING, seconds=seconds, threads=PICTURE_THREADS)
    app.state.files = Quota(files_allowed())
    app.state.allowance = Allowance(settings.questions_per_minute)
    app.state.builder_trouble = builder_trouble
    if settings.admin_token:
        app.state.admin_token = BearerToken(settings.admin_token, "QA_ADMIN_TOKEN")
        app.state.inbox = Inbox(settings, app.state.file_workers)
    for router in (
        api.router,
        *([admin.router] if settings.admin_token else []),
        pages.router,
        picture_routes.router,
        *([feedback.router] if settings.question_log else []),
    ):
        app.routes.extend(router.routes)  # an included router would match every request twice
    max_body_bytes = settings.max_question_chars * _BYTES_PER_CHAR + _FILTER_BYTES
    if settings.mcp:
        from qa.web.mcp.endpoint import add_endpoint  # noqa: PLC0415 - the SDK takes as long to import as FastAPI

        add_endpoint(app, service, settings, max_body_bytes=max_body_bytes)
    _add_middleware(app, settings, max_body_bytes)
    return app


def _add_middleware(app: FastAPI, settings: Settings, max_body_bytes: int) -> None:
    """Add the middleware that limits, checks and identifies requests; the last one added is the outermost."""

    def respond_here(request: Request, error: Exception) -> Response:
        request.scope.setdefault("app", app)
        return _respond(request, error)

    app.add_middleware(LargeReplies, quota=Quota(MOST_BYTES))
    app.add_middleware(
        Guard,
        hosts=(settings.host, *settings.allowed_hosts),
        max_body_bytes=max_body_bytes,
        max_upload_bytes=settings.max_file_mb << 20 if settings.admin_token else None,
        cors_origins=settings.cors_origins,
        respond=respond_here,
    )
    if settings.root_path:
        app.add_middleware(RootPath, root_path=settings.root_path)


async def _reply(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        # The router lists the methods of one route only, but an address may have several routes.
        error.headers = {"Allow": _allowed(request)}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=error.headers)
    return _respond(request, error)


def _respond(request: Request, error: Exception) -> Response:
    """The reply to an exception; the metrics count it."""
    metrics: Metrics | None = request.app.state.metrics
    if metrics:
        metrics.failed(code_of(error))
    return respond(request, error)


def _observed(app: FastAPI, service: Service, settings: Settings) -> Service:
    """The service with the metrics and the question log that the settings enable; both are also in `app.state`."""
    app.state.metrics = app.state.question_log = None
    if settings.metrics:
        from qa.web.metrics import Metrics  # noqa: PLC0415 - the client library is an extra

        app.state.metrics = Metrics()
        app.state.told["refused"] = lambda error: app.state.metrics.failed(code_of(error))
        if settings.cluster:
            keep_open(app, partial(app.state.metrics.looking_at, service))
    if settings.question_log:
        kept = Kept(settings.question_log_days, settings.question_log_rows)
        app.state.question_log = QuestionLog(Path(settings.question_log), kept)
        close_at_end(app, app.state.question_log.close)
    return cast("Service", Observed(service, filter(None, (app.state.metrics, app.state.question_log))))


def _allowed(request: Request) -> str:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    methods = {method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()}
    return ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
