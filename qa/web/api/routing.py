"""How routes of the API and the pages call their functions: on the workers, after checks of the request.

A route's `dependencies` are the checks: they count the request against its address's allowance, check the names of its
query parameters, or its token.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any, Literal

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from qa.answering.service import Service
from qa.errors import InvalidRequest
from qa.web.api.compression import compressed
from qa.web.limits.rate_limit import DOCUMENT, LIST, QUESTION, Allowance
from qa.web.limits.workers import Workers

Pool = Literal["workers", "file_workers", "picture_workers"]

REPEATABLE = ("document_id", "publisher")


class OnWorkers(APIRoute):
    """A route whose function is blocking: it runs on the application's workers.

    It gets the request and the parameters of its path, without FastAPI's resolution of dependencies, which takes a
    tenth of a millisecond. A coroutine function is called on the event loop, as FastAPI does it.
    """

    pool: Pool = "workers"

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The coroutine function that answers a request."""
        if iscoroutinefunction(self.endpoint):
            return super().get_route_handler()

        async def answer(request: Request) -> Response:
            for check in self.dependencies:
                assert check.dependency
                await check.dependency(request)
            return await on_workers(request, lambda: self.endpoint(request, **request.path_params), self.pool)

        return answer


async def on_workers(request: Request, call: Callable[[], Response], pool: Pool = "workers") -> Response:
    """The reply of a blocking call that runs, compression included, on a pool of workers; errors as `Workers.run`."""
    workers: Workers = getattr(request.app.state, pool)
    return await workers.run(request, lambda: compressed(request.headers, call()))


def service_of(request: Request) -> Service:
    """The service that was given to `create_app`."""
    service: Service = request.app.state.service
    return service


def counts(cost: float) -> Callable[[Request], Awaitable[None]]:
    """A check that counts a request as `cost` questions of its address's allowance."""

    async def count(request: Request) -> None:
        allowance: Allowance = request.app.state.allowance
        allowance.take(request, cost)

    return count


counted, counted_as_document, counted_as_list = counts(QUESTION), counts(DOCUMENT), counts(LIST)


def takes(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A check that refuses query parameters other than `names`, and repeated ones that take a single value."""

    async def check(request: Request) -> None:
        given = request.query_params
        unknown = sorted(set(given) - set(names))
        if unknown:
            known = f"known are {', '.join(names)}" if names else "it takes none"
            raise InvalidRequest(f"{unknown[0]} is not a parameter of {request.url.path}; {known}.")
        for name in given:
            if name not in REPEATABLE and len(given.getlist(name)) > 1:
                raise InvalidRequest(f"{name} is given more than once; give it once.")

    return check
