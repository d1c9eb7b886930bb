"""Resources that an application keeps open while it serves."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
    """Enter the contexts of `keep_open` when the application starts; leave them in reverse order when it stops.

    Its state, `app.state.told`, can be read by the server's connections.
    """
    async with AsyncExitStack() as stack:
        for opened in app.state.kept_open:
            await stack.enter_async_context(opened())
        yield app.state.told


def keep_open(app: FastAPI, opened: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Enter a context while the application serves."""
    app.state.kept_open.append(opened)


def close_at_end(app: FastAPI, close: Callable[[], None]) -> None:
    """Call `close`, which may block, when the application stops."""
    keep_open(app, partial(_closing, close))


@asynccontextmanager
async def _closing(close: Callable[[], None]) -> AsyncIterator[None]:
    yield
    await to_thread(close)
