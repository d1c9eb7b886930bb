"""The command `qa serve`: one process or several, and beside them a builder where one is wanted.

Every process opens the snapshot for itself and takes up a new one for itself. The builder is a process of its own:
reading, encoding, and whatever ends it, never come between a question and its answer.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.errors import InvalidSettings
from qa.settings import Settings, load_settings
from qa.web import file_descriptors

if TYPE_CHECKING:
    from qa.service import Service

_PATIENCE_S = 10  # for the builder, when the server stops


def add_parser(commands: Any) -> None:
    """Add `serve` to the command line."""
    serve = commands.add_parser("serve", help="serve the search page and the API")
    serve.add_argument("--watch", action="store_true", help="also build, now and whenever the documents change")
    serve.set_defaults(command=_serve)


def application() -> Any:
    """The application of one of several worker processes; it opens and closes its own service."""
    from qa.service import Service  # noqa: PLC0415
    from qa.web.app import create_app  # noqa: PLC0415

    _log()
    settings = load_settings()
    service = Service(settings)
    _make_ready(service)
    app = create_app(service, settings)

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        yield
        service.close()

    app.router.lifespan_context = lifespan
    return app


def _serve(settings: Settings, arguments: argparse.Namespace) -> int:
    _log()
    file_descriptors.raise_limit()
    listener = _listener(settings)
    try:
        with _builder(wanted=arguments.watch or bool(settings.admin_token)):
            if settings.workers > 1:
                _serve_from_many(settings, listener)
            else:
                _serve_here(settings, listener)
    finally:
        listener.close()
    return 0


def _serve_here(settings: Settings, listener: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415 - with FastAPI and the model, seconds that other commands need not wait

    from qa.service import Service  # noqa: PLC0415
    from qa.web.app import create_app  # noqa: PLC0415

    service = Service(settings)
    try:
        _make_ready(service)
        config = uvicorn.Config(create_app(service, settings), **_options(settings))
        _announce(listener)
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        service.close()


def _make_ready(service: Service) -> None:
    """Make the first answer as quick as the hundredth, and spare the garbage collector what stays."""
    service.warm_up()
    gc.collect()
    gc.freeze()  # the libraries' million objects, which it would go through again and again while it answers


def _serve_from_many(settings: Settings, listener: socket.socket) -> None:
    import uvicorn  # noqa: PLC0415
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    class Processes(Multiprocess):
        def terminate_all(self) -> None:
            listener.close()  # or new clients would be let in and left waiting while the old ones get their answers
            super().terminate_all()

    config = uvicorn.Config("qa.serving:application", factory=True, workers=settings.workers, **_options(settings))
    _announce(listener)
    Processes(config, [listener]).run()


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "http": "qa.web.connection:Connection",
        "ws": "none",
        "log_level": "error",  # a warning for everything broken that a client sends would fill the log
        "server_header": False,
        "backlog": file_descriptors.backlog(),
        "timeout_worker_healthcheck": 30,  # a process that loads its model on a busy machine is not dead
        # Whatever was taken on is answered, if only with an error, within its time; a second more to send it.
        "timeout_graceful_shutdown": ceil(settings.answer_seconds) + 1,
    }


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise InvalidSettings(
            f"Cannot serve on {settings.host} port {settings.port} ({error.strerror}). Set QA_HOST or QA_PORT."
        ) from None
    # Connections inherit it. asyncio sets it only where a socket names TCP by number, which create_server's do not; and
    # without, a reply's body waits 40 ms for the client to acknowledge its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _announce(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)


@contextmanager
def _builder(*, wanted: bool) -> Iterator[None]:
    """A watching builder for as long as the context lasts; it ends with this process, however this ends."""
    if not wanted:
        yield
        return
    package = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
    builder = subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "watch", "--beside-server"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        yield
    finally:
        if builder.stdin:
            builder.stdin.close()
        try:
            builder.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            builder.kill()  # in mid-build; nothing is harmed, and the next build goes on where this one was
            builder.wait()


def _log() -> None:
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("asyncio").addFilter(file_descriptors.ShortageFilter())
