"""Wrong tokens are limited by address and logged, and do not exclude the right one."""

from __future__ import annotations

import httpx
import pytest
import samples_for_tests
from live_server import serving
from starlette.requests import Request

from qa.errors import TooManyRequests
from qa.settings import Settings
from qa.web.limits.bearer_token import WrongTokens

TOKEN = "a-token-for-the-tests"
AT_ONCE = 10


class Time:
    """An event loop whose clock moves only when a test advances it; then it makes the due calls."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._calls = []

    def time(self):
        return self.now

    def call_later(self, delay_s, call):
        self._calls.append((self.now + delay_s, call))

    def move(self, seconds):
        self.now += seconds
        due = [call for at, call in self._calls if at <= self.now]
        self._calls = [(at, call) for at, call in self._calls if at > self.now]
        for call in due:
            call()


@pytest.fixture
def time(monkeypatch):
    loop = Time()
    monkeypatch.setattr("qa.web.limits.bearer_token.asyncio.get_running_loop", lambda: loop)
    return loop


@pytest.fixture
def tokens(time):
    return WrongTokens("QA_ADMIN_TOKEN")


def sent_from(address):
    return Request({"type": "http", "headers": [], "client": (address, 1)})


def wait_s(tokens, address="203.0.113.5"):
    """The `Retry-After` of a wrong token's reply; 0 if the reply only refuses the token."""
    try:
        tokens.count(sent_from(address))
    except TooManyRequests as error:
        return error.wait_s
    return 0


def test_the_delay_doubles_with_each_wrong_token_that_was_taken(tokens, time):
    assert [wait_s(tokens) for _ in range(AT_ONCE)] == [0] * AT_ONCE
    for delay in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600):
        assert wait_s(tokens) == delay
        time.move(delay - 0.5)
        assert wait_s(tokens) == 1, "tries in between are refused, but do not make it longer"
        time.move(0.5)
        assert wait_s(tokens) == 0
    time.move(901)
    assert [wait_s(tokens) for _ in range(AT_ONCE + 1)] == [0] * AT_ONCE + [1], "forgotten"


def test_addresses_are_counted_apart_and_a_network_of_ipv6_together(tokens):
    for _ in range(AT_ONCE):
        wait_s(tokens, "2001:db8::1")
    assert wait_s(tokens, "2001:db8::2") == 1
    assert wait_s(tokens, "2001:db8:0:1::2") == 0
    assert wait_s(tokens) == 0


def test_of_very_many_addresses_those_heard_of_longest_ago_are_forgotten(tokens):
    def counted_as_new(address):
        """Whether an address that used up its attempts was removed."""
        return wait_s(tokens, address) == 0

    for address in ("198.51.100.1", "198.51.100.2"):
        for _ in range(AT_ONCE):
            wait_s(tokens, address)
    for number in range(9_998):
        wait_s(tokens, f"10.0.{number // 256}.{number % 256}")
    assert not counted_as_new("198.51.100.1"), "there is room for 10,000"
    wait_s(tokens, "203.0.113.9")
    assert not counted_as_new("198.51.100.1")
    assert counted_as_new("198.51.100.2")


def test_the_log_has_a_line_at_once_and_then_one_a_minute_that_counts(tokens, time, caplog):
    for _ in range(300):
        wait_s(tokens)
    assert [record.args[2] for record in caplog.records] == [1]
    wait_s(tokens, "203.0.113.6")
    time.move(60)
    assert [record.args[1:] for record in caplog.records[1:]] == [("203.0.113.6", 1), ("203.0.113.5", 299)]
    time.move(600)
    assert len(caplog.records) == 3, "nothing came, so nothing is told"
    wait_s(tokens, "a\nline\x1b[2J")
    assert caplog.records[3].getMessage().isprintable()


def test_over_http_wrong_tokens_are_limited_and_the_right_one_is_not(tmp_path, caplog):
    settings = Settings(admin_token=TOKEN, seeds_dir=tmp_path / "seeds", index_dir=tmp_path / "index")
    with serving(samples_for_tests.service(), settings) as address, httpx.Client(base_url=address) as client:
        for _ in range(AT_ONCE + 5):
            assert client.post("/api/index/rebuild").status_code == 401, "no token is no try"
        replies = [
            client.put("/api/documents/a.txt", content=b"x", headers={"Authorization": f"Bearer wrong-{number:020}"})
            for number in range(300)
        ]
        assert {reply.status_code for reply in replies[:AT_ONCE]} == {401}
        limited = [reply for reply in replies if reply.status_code == 429]
        assert len(limited) >= 200
        assert {reply.json()["error"]["code"] for reply in limited} == {"too_many_requests"}
        assert all(int(reply.headers["retry-after"]) >= 1 for reply in limited)
        assert not list(tmp_path.rglob("*.txt"))
        right = client.put("/api/documents/a.txt", content=b"x", headers={"Authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 202
    lines = [record.getMessage() for record in caplog.records if record.name == "qa.web"]
    assert lines[0] == "Wrong tokens for QA_ADMIN_TOKEN from '127.0.0.1': 1"
    assert "wrong-" not in caplog.text
