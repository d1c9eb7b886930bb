"""What an application has open for as long as it serves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI


def keep_open(app: FastAPI, opened: Callable[[], AbstractAsyncContextManager[object]]) -> None:
    """Enter a context when the application starts, and leave it when it stops, before what was kept open earlier."""
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(within: FastAPI) -> AsyncIterator[None]:
        async with before(within), opened():
            yield

    app.router.lifespan_context = lifespan
