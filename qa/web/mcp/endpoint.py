"""The Model Context Protocol over HTTP at /mcp: stateless, each call one POST with one JSON reply.

So any serving process can answer any call, and no connection stays open: GET, which would open an event stream, is
refused with 405, as the protocol allows. A call must name a host of this server, come from a page of this server or
from no page, and carry the token if one is set. The guard also checks host and origin; they are checked here again by
the same rules, instead of the SDK's check, which would refuse numeric addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from mcp.server.transport_security import TransportSecuritySettings
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from qa.answering.service import Service
from qa.settings import Settings
from qa.web.lifespan import keep_open
from qa.web.limits.bearer_token import BearerToken
from qa.web.limits.guard import HostNames, is_from_here
from qa.web.limits.rate_limit import LIST, Allowance
from qa.web.limits.workers import Workers
from qa.web.mcp.server import create_server

if TYPE_CHECKING:
    from qa.web.metrics import Metrics

PATH = "/mcp"


class Endpoint:
    """ASGI application that checks a call and passes it to the SDK."""

    def __init__(self, app: ASGIApp, settings: Settings, allowance: Allowance) -> None:
        self._app = app
        self._hosts = HostNames((settings.host, *settings.allowed_hosts))
        self._token = BearerToken(settings.mcp_token, "QA_MCP_TOKEN") if settings.mcp_token else None
        self._allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call.

        Raises:
            HTTPException: 401, 403 or 421: the call is not allowed.
            TooManyRequests: its address has used up its allowance.
        """
        request = Request(scope)
        self._hosts.check(request)
        if not is_from_here(request):
            raise HTTPException(403)
        if self._token:
            self._token.check(request)
        self._allowance.take(request, LIST)  # each tool counts its own cost
        await self._app(scope, receive, send)


def add_endpoint(app: FastAPI, service: Service, settings: Settings, *, max_body_bytes: int) -> None:
    """Serve assistants at /mcp during the application's lifespan.

    Args:
        app: The application, with its workers, allowance and metrics.
        service: Answers the calls.
        settings: The host names, the token, and the address for readers.
        max_body_bytes: The size limit of a call's body.
    """
    workers: Workers = app.state.workers
    allowance: Allowance = app.state.allowance
    metrics: Metrics | None = app.state.metrics

    def base_url(request: Request | None) -> str:
        return settings.public_url or (str(request.base_url).rstrip("/") if request else "")

    server = create_server(lambda: service, workers, base_url, allowance, metrics.failed if metrics else None)
    inner = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=True,
        max_request_body_size=max_body_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app.router.routes.append(Route(PATH, Endpoint(inner, settings, allowance), methods=["POST"]))
    keep_open(app, server.session_manager.run)
