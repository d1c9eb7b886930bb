"""The application over real sockets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fake_service import FakeService
from waiting import PATIENCE_S

from qa.settings import Settings
from qa.web.app import create_app
from qa.web.limits.connection import Connection

# A stalled machine must not turn an answer into an error.
SETTINGS = Settings(max_question_chars=200, allowed_hosts=("qa.example",), answer_seconds=PATIENCE_S)


@contextmanager
def serving(
    service: FakeService, settings: Settings = SETTINGS, connection: type[Connection] = Connection, **more: object
) -> Iterator[str]:
    """The application over real sockets; yields its address. `more` are uvicorn's options."""
    options = {"lifespan": "off", **more, "http": connection, "ws": "none", "log_config": None, "server_header": False}
    config = uvicorn.Config(create_app(service, settings), host="127.0.0.1", port=0, **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.005)
            assert thread.is_alive(), "the server stopped before it started"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
