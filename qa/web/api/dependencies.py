"""FastAPI dependencies of the API's and the pages' routes.

They give a route the service and the thread pools, count the request against its address's allowance, and check the
names of its query parameters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from qa.errors import InvalidRequest
from qa.web.api.compression import compressed
from qa.web.backend import Backend
from qa.web.limits.rate_limit import DOCUMENT, LIST, QUESTION, Allowance
from qa.web.limits.workers import Workers

Run = Callable[[Callable[[], Response]], Awaitable[Response]]

REPEATABLE = ("document_id", "publisher")


async def backend(request: Request) -> Backend:
    """The service that was given to `create_app`."""
    service: Backend = request.app.state.service
    return service


async def runner(request: Request) -> Run:
    """A function that runs a blocking call, compression included, on the workers; errors as in `Workers.run`."""
    workers: Workers = request.app.state.workers
    return lambda call: workers.run(request, lambda: compressed(request.headers, call()))


async def file_runner(request: Request) -> Run:
    """The same for calls on the documents' files, on separate threads."""
    workers: Workers = request.app.state.file_workers
    return lambda call: workers.run(request, call)


async def picture_runner(request: Request) -> Run:
    """The same for drawing pages."""
    workers: Workers = request.app.state.picture_workers
    return lambda call: workers.run(request, lambda: compressed(request.headers, call()))


def counts(cost: float) -> Callable[[Request], Awaitable[None]]:
    """A dependency that counts a request as `cost` questions of its address's allowance."""

    async def count(request: Request) -> None:
        allowance: Allowance = request.app.state.allowance
        allowance.take(request, cost)

    return count


counted, counted_as_document, counted_as_list = counts(QUESTION), counts(DOCUMENT), counts(LIST)


Service = Annotated[Backend, Depends(backend)]
Runner = Annotated[Run, Depends(runner)]
FileRunner = Annotated[Run, Depends(file_runner)]
PictureRunner = Annotated[Run, Depends(picture_runner)]


def takes(*names: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that refuses query parameters other than `names`, and repeated ones that take a single value."""

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
