from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import samples_for_tests
from fake_service import FakeService
from live_server import serving
from waiting import PATIENCE_S


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
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        yield client
