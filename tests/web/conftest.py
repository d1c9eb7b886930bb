from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import samples_for_tests
import uvicorn
from fake_service import FakeService

from qa.settings import Settings
from qa.web.app import create_app

SETTINGS = Settings(max_question_chars=200, allowed_hosts=("qa.example",))


@contextmanager
def serving(service: FakeService) -> Iterator[str]:
    """The application over real sockets; yields its address."""
    config = uvicorn.Config(create_app(service, SETTINGS), host="127.0.0.1", port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server stopped before it started"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def shared_service() -> FakeService:
    return samples_for_tests.service()


@pytest.fixture(scope="session")
def address(shared_service: FakeService) -> Iterator[str]:
    with serving(shared_service) as url:
        yield url


@pytest.fixture
def service(shared_service: FakeService) -> Iterator[FakeService]:
    """The fake behind `address`; a trouble set on it ends with the test."""
    yield shared_service
    shared_service.trouble = None


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=10) as client:
        yield client
