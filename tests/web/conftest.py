from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import samples_for_tests
from browser_pages import ARGUMENTS, CHROMIUM, browsing
from fake_service import FakeService
from live_server import serving
from playwright.sync_api import Browser, Page, expect, sync_playwright
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, closed after each module, since an event loop runs in this thread until then."""
    if not CHROMIUM.exists():
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_S * 1000)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browsing(browser, address, viewport={"width": 1440, "height": 900}) as page:
        yield page
