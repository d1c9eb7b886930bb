"""Resources that an application keeps open while it serves."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial

from fastapi import FastAPI


def keep_open(app: FastAPI, opened: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Enter a context when the application starts; leave it when it stops, in reverse order of the calls."""
    _extend(app, opened, {})


def close_at_end(app: FastAPI, close: Callable[[], None]) -> None:
    """Call `close`, which may block, when the application stops."""
    keep_open(app, partial(_closing, close))


def tell_connections(app: FastAPI, **state: object) -> None:
    """Put values of the application into the lifespan state, where the server's connections can read them."""
    _extend(app, nullcontext, state)


@asynccontextmanager
async def _closing(close: Callable[[], None]) -> AsyncIterator[None]:
    yield
    await to_thread(close)


def _extend(
    app: FastAPI, opened: Callable[[], AbstractAsyncContextManager[object]], state: Mapping[str, object]
) -> None:
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(within: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        async with before(within) as earlier, opened():
            yield {**(earlier or {}), **state}

    app.router.lifespan_context = lifespan
