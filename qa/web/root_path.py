"""Serves below a path of a proxy, such as https://example.org/qa/.

Guarantees: the proxy may remove the path from requests or keep it; routes see it removed. Links in replies include it.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """ASGI middleware that removes the path if a proxy has kept it."""

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self._app = app
        self._root = root_path
        self._raw = root_path.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request with the proxy's path in its `root_path`."""
        if scope["type"] == "http":
            scope = {**scope, "root_path": self._root}
            if scope["path"] == self._root or scope["path"].startswith(f"{self._root}/"):
                scope["path"] = scope["path"].removeprefix(self._root) or "/"
                if scope.get("raw_path"):
                    scope["raw_path"] = scope["raw_path"].removeprefix(self._raw) or b"/"
        await self._app(scope, receive, send)


def root_of(request: Request) -> str:
    """The proxy's path of a request; empty if the service is at the root of a host."""
    root: str = request.scope.get("root_path", "")
    return root
