"""Serving below a path of another server, such as https://example.org/qa/.

Guarantees: it makes no difference whether the proxy takes the path away or leaves it; what is routed has none. Replies
name their links with it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """ASGI middleware that takes the path away where a proxy has left it."""

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app = app
        self._root = root_path
        self._raw = root_path.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the path below which it is served in its `root_path`."""
        if scope["type"] == "http" and self._root:
            scope = {**scope, "root_path": self._root}
            if scope["path"] == self._root or scope["path"].startswith(f"{self._root}/"):
                scope["path"] = scope["path"].removeprefix(self._root) or "/"
                if scope.get("raw_path"):
                    scope["raw_path"] = scope["raw_path"].removeprefix(self._raw) or b"/"
        await self._app(scope, receive, send)


def root_of(request: Request) -> str:
    """The path below which a request is served; empty at the root of a host."""
    root: str = request.scope.get("root_path", "")
    return root
