"""The outermost ASGI layer: identifies requests, checks their host and origin, limits bodies, adds security headers.

Guarantees: a request for an unknown host name is refused, so that a page of another site cannot read a local service
    through DNS rebinding. A request that could change something must come from a page of this server or from no page.
    The size of a body and the time for it are limited. A request that is not answered when the server stops gets an
    error. Every reply, errors included, has an id and the security headers.

Pages of the origins in QA_CORS_ORIGINS may only read the API and ask by POST; without such origins, no CORS header is
sent (the Fetch standard, "CORS protocol").
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from urllib.parse import unquote_to_bytes

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import InvalidRequest, Overloaded
from qa.web.request_ids import HEADER, identified

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
ASKED_HEAD = "qa.asked_head"  # in the scope of a HEAD request, which routes receive as GET
BODY_SECONDS = 20.0  # time for a whole question, or for the next piece of an upload
_ASKING = "/api/ask"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CACHE_DEFAULT = (b"cache-control", b"private, no-cache")


class HostNames:
    """The host names that requests may address.

    A numeric address is always allowed: rebinding needs a host name that the attacker controls.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name.lower() for name in names) | {"localhost"}

    def check(self, request: Request) -> None:
        """Refuse a request for any other host.

        Raises:
            HTTPException: 421; 400 if it names none or several (RFC 9112, section 3.2).
        """
        named = request.headers.getlist("host")
        if len(named) != 1:
            raise HTTPException(400)
        host = _host_name(named[0])
        if host not in self._names and not host.endswith(".localhost") and not _is_address(host):
            raise HTTPException(421)


def is_from_here(request: Request) -> bool:
    """Whether a request was sent by a page of this service, or by no page."""
    origin = request.headers.get("origin")
    return origin is None or origin.lower().partition("://")[2] == request.headers["host"].lower()


class Guard:
    """ASGI middleware. `respond` turns any exception into a reply."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        max_body_bytes: int,
        max_upload_bytes: int | None = None,
        cors_origins: Iterable[str] = (),
        respond: Callable[[Request, Exception], Response],
    ) -> None:
        self._app = app
        self._hosts = HostNames(hosts)
        self._max_body_bytes = max_body_bytes
        self._max_upload_bytes = max_upload_bytes
        self._origins = frozenset(cors_origins)
        self._respond = respond

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        with identified(request.headers.get("traceparent", "")) as request_id:
            await self._answer(request, request_id, receive, send)

    async def _answer(self, request: Request, request_id: str, receive: Receive, send: Send) -> None:
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                own = (HEADER, request_id.encode())
                headers = _with_one_vary([*message["headers"], own, *SECURITY_HEADERS, *self._sharing(request)])
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_CACHE_DEFAULT)
                message = {**message, "headers": headers}
            await send(message)

        scope = request.scope
        try:
            scope, receive = self._admitted(request, receive)
            app = _preflight if self._is_preflight(request) else self._app
            await app(scope, receive, send_guarded)
        except ClientDisconnect:
            return
        except (Exception, asyncio.CancelledError) as error:
            if started and isinstance(error, asyncio.CancelledError):
                return  # the server stops, and closes the connections of incomplete replies
            if started:
                raise
            await self._respond(Request(scope), _told(error))(scope, receive, send_guarded)

    def _admitted(self, request: Request, receive: Receive) -> tuple[Scope, Receive]:
        """Check a request; return the scope and `receive` for the application."""
        self._hosts.check(request)
        _check_path(request.scope)
        _decoded(request.scope["query_string"], "The query string")
        if request.method == "HEAD":
            # Routes answer GET; the server omits the body of a reply to HEAD.
            return {**request.scope, "method": "GET", ASKED_HEAD: True}, receive
        if request.method == "GET":
            return request.scope, receive
        self._check_origin(request)
        return request.scope, self._limited(request, receive)

    def _check_origin(self, request: Request) -> None:
        if (
            not is_from_here(request)
            and not (self._shares(request) and request.url.path == _ASKING)
            and not self._is_preflight(request)
        ):
            raise HTTPException(403)

    def _shares(self, request: Request) -> bool:
        """Whether the page that sent this request may read the reply."""
        return request.headers.get("origin", "") in self._origins and request.url.path.startswith("/api/")

    def _is_preflight(self, request: Request) -> bool:
        return (
            request.method == "OPTIONS" and "access-control-request-method" in request.headers and self._shares(request)
        )

    def _sharing(self, request: Request) -> list[tuple[bytes, bytes]]:
        if not self._shares(request):
            return []
        return [
            (b"access-control-allow-origin", request.headers["origin"].encode()),
            (b"access-control-expose-headers", b"retry-after"),
            (b"vary", b"origin"),
        ]

    def _limited(self, request: Request, receive: Receive) -> Receive:
        """`receive` with a limit on the body's size, by Content-Length and as received."""
        declared = request.headers.get("content-length", "0")
        if not declared.isascii() or not declared.isdigit():
            raise HTTPException(400)
        _check_whole(request)
        upload = self._max_upload_bytes if _takes_files(request) else None
        limit = upload or self._max_body_bytes
        if int(declared) > limit:
            raise HTTPException(413)
        has_body = declared != "0" or "transfer-encoding" in request.headers
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if has_body and media_type != "application/json" and _takes_json(request) and not upload:
            raise HTTPException(415)
        received, whole = 0, False
        due = asyncio.get_running_loop().time() + BODY_SECONDS

        async def receive_limited() -> Message:
            nonlocal received, whole, due
            try:
                async with asyncio.timeout_at(None if whole else due):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            received += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if received > limit:
                raise HTTPException(413)
            if upload:
                due = asyncio.get_running_loop().time() + BODY_SECONDS
            return message

        return receive_limited


def _with_one_vary(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers with all Vary values in one header, since some caches read only the first."""
    varies = [value for name, value in headers if name == b"vary"]
    if len(varies) < 2:
        return headers
    return [each for each in headers if each[0] != b"vary"] + [(b"vary", b", ".join(varies))]


def _takes_files(request: Request) -> bool:
    """Whether a body has files: one by PUT, or several in a form."""
    if request.method == "POST":
        return request.url.path == "/api/documents"
    return request.method == "PUT" and request.url.path.startswith(("/api/documents/", "/api/files/"))


def _takes_json(request: Request) -> bool:
    """Whether a body must be JSON. The router refuses other methods, and other types on routes for files."""
    is_file = request.url.path.startswith(("/api/documents", "/api/files/"))
    return request.method in ("POST", "PUT", "PATCH", "DELETE") and not is_file


def _check_whole(request: Request) -> None:
    """Refuse a body that is a part of a file (RFC 9110, section 14.5) or is compressed.

    Raises:
        InvalidRequest: it has a Content-Range or a Content-Encoding.
    """
    if "content-range" in request.headers:
        raise InvalidRequest("Content-Range is not supported; send the whole body.")
    if ", ".join(request.headers.getlist("content-encoding")).strip().lower() not in ("", "identity"):
        raise InvalidRequest("Content-Encoding is not supported; send the body uncompressed.")


def _check_path(scope: Scope) -> None:
    """Refuse a path that the server would change: it replaces bytes that are not UTF-8, and drops line ends.

    Raises:
        InvalidRequest: it is not UTF-8, or has a control character.
    """
    if _CONTROL.search(_decoded(scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape"), "The path")):
        raise InvalidRequest("The path holds a control character, such as a line end; leave it out.")


def _told(error: BaseException) -> Exception:
    """The error to send for an exception; a cancelled request means that the server stops."""
    if isinstance(error, Exception):
        return error
    return Overloaded("The service is stopping; send the request again in a moment.")


def _decoded(raw: bytes, what: str) -> str:
    """Decode the percent-encoding of a part of an address.

    Raises:
        InvalidRequest: it is not UTF-8.
    """
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest(f"{what} is not UTF-8; percent-encode it as UTF-8.") from None


async def _preflight(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a preflight request: pages of other origins may ask questions and read."""
    methods = "GET, POST" if scope["path"] == _ASKING else "GET"
    headers = {"access-control-allow-methods": methods, "access-control-allow-headers": "content-type"}
    await Response(status_code=204, headers=headers)(scope, receive, send)


def _host_name(host: str) -> str:
    """The name in a Host header without the port, in lower case."""
    if host.startswith("["):
        return host.partition("]")[0][1:].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
