"""The short form of `scripts/fuzz.py`: raw requests, concurrent changes, and the API's description, always the same."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

import pytest
import samples_for_tests
import schemathesis
from fuzzing.described import call
from fuzzing.operations import storms
from fuzzing.raw import plans
from fuzzing.raw_run import RawRun
from fuzzing.storm import Storm
from fuzzing.tally import Tally
from hypothesis import HealthCheck, Phase, given, settings
from live_server import serving
from waiting import PATIENCE_S, until
from workshop import Workshop

import qa.building.watch
import qa.web.limits.guard
from qa.building.watch import Watch
from qa.cli.open_service import open_service
from qa.settings import Settings
from qa.web.api.uploads import Inbox
from qa.web.app import create_app
from qa.web.limits.connection import Connection

TOKEN = "a-token-that-nobody-guesses"
# Examples change the server's documents, and some make it wait, so a failing one is reported without shrinking.
_PHASES = [Phase.generate]
_ONE_AFTER_ANOTHER = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


class Watched(Connection):
    """A connection that counts the bytes read by the server, and records which connections are open.

    Its time limits are short, so that a test need not wait as long as a server waits for a broken client.
    """

    head_seconds = 0.5
    linger_seconds = 0.1
    changed = threading.Condition()
    sent: ClassVar[Counter] = Counter()
    received: ClassVar[Counter] = Counter()
    lost: ClassVar[set] = set()
    state = None

    def connection_made(self, transport):
        type(self).state = self.server_state
        self.peer = transport.get_extra_info("peername")[:2]
        with self.changed:
            for known in (self.sent, self.received):
                known.pop(self.peer, None)  # an earlier connection's port, used again
            self.lost.discard(self.peer)
        super().connection_made(transport)

    def data_received(self, data):
        super().data_received(data)
        with self.changed:
            self.received[self.peer] += len(data)
            self.changed.notify_all()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        with self.changed:
            self.lost.add(self.peer)
            self.changed.notify_all()


@pytest.fixture(scope="module")
def patient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qa.web.limits.guard, "BODY_SECONDS", 0.5)
        patch.setattr(qa.building.watch, "LOOK_EVERY_S", 0.02)
        patch.setattr(qa.building.watch, "SETTLED_AFTER_S", 0.05)
        yield


# Raw requests


@pytest.fixture(scope="module")
def raw(patient, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    (folder / "seeds").mkdir()
    known = Settings(admin_token=TOKEN, seeds_dir=folder / "seeds", index_dir=folder / "index", max_question_chars=200)
    with serving(samples_for_tests.service(), known, connection=Watched) as address:
        yield RawRun(int(address.rpartition(":")[2]), folder / "seeds", Tally(strict=True), read_by_server)


def read_by_server(connection, piece):
    """Wait until the server has read the sent bytes, so that it reads each piece separately."""
    own = connection.getsockname()[:2]
    with Watched.changed:
        Watched.sent[own] += len(piece)
        enough = Watched.changed.wait_for(
            lambda: Watched.received[own] >= Watched.sent[own] or own in Watched.lost, PATIENCE_S
        )
    assert enough, "the server reads no more"


@settings(max_examples=150, phases=_PHASES, suppress_health_check=_ONE_AFTER_ANOTHER)
@given(plan=plans(TOKEN))
def test_raw_requests_are_answered_within_the_contract(raw, plan, caplog):
    raw.run(plan)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    until(lambda: not Watched.state.connections and not Watched.state.tasks)


# The API's description


# The plugin makes a test for each operation when the module is read; the folder comes later, with the fixture.
APP = create_app(
    samples_for_tests.service(),
    Settings(admin_token=TOKEN, max_question_chars=200, allowed_hosts=("testserver",)),
)
DESCRIBED = schemathesis.openapi.from_asgi("/openapi.json", APP)


@pytest.fixture
def _own_folder(tmp_path):
    APP.state.inbox = Inbox(Settings(seeds_dir=tmp_path / "seeds", index_dir=tmp_path / "index"))


@DESCRIBED.parametrize()
@settings(max_examples=15, suppress_health_check=_ONE_AFTER_ANOTHER)
@pytest.mark.usefixtures("_own_folder")
def test_the_description_is_kept(case):
    call(case, TOKEN)


# Concurrent changes


@pytest.fixture(scope="module")
def shop(patient, tmp_path_factory):
    shop = Workshop(tmp_path_factory.mktemp("storm"), admin_token=TOKEN, max_file_mb=1)
    shop.build()
    service, stop = open_service(shop.settings, shop.encoder), threading.Event()
    builder = threading.Thread(target=Watch(shop.settings, lambda _: None, encoder=shop.encoder).run, args=(stop,))
    builder.start()
    try:
        with serving(service, shop.settings) as address:
            yield shop, int(address.rpartition(":")[2])
    finally:
        stop.set()
        builder.join()
        service.close()


@settings(max_examples=6, phases=_PHASES, suppress_health_check=_ONE_AFTER_ANOTHER)
@given(rounds=storms())
def test_after_a_storm_files_report_and_index_hold_what_was_acknowledged(shop, rounds):
    workshop, port = shop
    storm = Storm(port, TOKEN, workshop.seeds, Tally(strict=True))
    storm.run(rounds)
    storm.settle(PATIENCE_S)
