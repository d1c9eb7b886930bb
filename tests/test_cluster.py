"""Shards on several hosts give the answers of one process, or none. Without Ray: the hosts are threads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest
from cluster_hosts import ThreadReplica, hosted
from hypothesis import given
from hypothesis import strategies as st
from waiting import PATIENCE_S, until
from whole_index import answers, contents, signals
from workshop import TEXTS, Workshop

from qa.answering.service import Service
from qa.errors import DamagedSnapshot, NoIndex, ShardUnavailable, ShortOfResources
from qa.index.cluster.copies import CopiedSegments
from qa.index.cluster.host import Refusal, ShardHost, assign
from qa.index.cluster.hosts import ClusterIndex
from qa.index.cluster.replicas import Replicas, ReplicatedTransport
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import segment_ids, segment_path, version_path, versions
from qa.records import Filters, HostStatus, ShardStatus

QUESTION = "who built the oldest pier of the harbour"
A_MOMENT_S = 0.2  # a deadline that is expected to pass


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with an index of four segments, to copy."""
    workshop = Workshop(tmp_path_factory.mktemp("built"), {"sources.toml": '[site]\nname = "Elden"'})
    for name, text in (*TEXTS.items(), ("empty.md", "# \n")):
        workshop.put(name, text)
        workshop.build()
    workshop.put("light.txt", "The Light\n\nThe lighthouse of Elden shows two flashes. " * 12)
    workshop.build()
    assert len(workshop.version().segments) == 4
    return workshop.seeds.parent


@pytest.fixture
def shop(built, tmp_path) -> Workshop:
    workshop = Workshop(tmp_path, {})
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return workshop


@pytest.fixture
def alone(shop) -> Iterator[Service]:
    """The answers of one process."""
    source = CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint)
    with closing(Service(shop.settings, shop.encoder, source)) as service:
        yield service


@contextmanager
def cluster(
    shop: Workshop, shards: int, replicas: int = 1, **options: Any
) -> Iterator[tuple[ClusterIndex, Service, list[list[ThreadReplica]]]]:
    """An index source over hosts, a service over it, and the hosts by shard."""
    with hosted(shop.index, shards, replicas, **options) as (hosts, of_shards):
        source = ClusterIndex(shop.index, hosts)
        with closing(Service(shop.settings, shop.encoder, source)) as service:
            yield source, service, of_shards


@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(1, 7))
def test_every_segment_is_assigned_to_one_shard_in_their_order(sizes, shards):
    groups = assign(sizes, shards)
    assert len(groups) == shards
    assert [number for group in groups for number in group] == list(range(len(sizes)))


def test_segments_are_assigned_by_their_size():
    assert assign([10, 10, 10, 10], 2) == [range(2), range(2, 4)]
    assert assign([30, 10, 10, 10], 2) == [range(1), range(1, 4)]
    assert assign([5], 3)[1] == range(1), "where its middle lies"


@pytest.mark.parametrize("shards", [1, 2, 3, 5])
def test_answers_equal_those_of_one_process(shop, alone, shards):
    with cluster(shop, shards, 2) as (source, service, _), closing(shop.open_index()) as index:
        assert answers(service) == answers(alone)
        filters = Filters(document_ids=("harbour", "mill"))
        assert service.ask(QUESTION, filters=filters).passages == alone.ask(QUESTION, filters=filters).passages
        with source.reading() as spread:
            assert contents(spread) == contents(index)
            assert signals(spread, shop.encoder) == signals(index, shop.encoder)


def test_without_an_index_it_says_so(tmp_path):
    with cluster(Workshop(tmp_path), 2) as (source, _, _), pytest.raises(NoIndex), source.reading():
        pass


def test_a_lost_host_costs_no_answer(shop, alone):
    with cluster(shop, 2, 2) as (_, service, replicas):
        replicas[0][0].lost = True
        replicas[1][1].lost = True
        assert answers(service) == answers(alone)


def test_without_a_shard_there_is_no_answer_and_no_part_of_one(shop):
    with cluster(shop, 3, 2, answer_s=A_MOMENT_S) as (source, service, replicas):
        for replica in replicas[1]:
            replica.lost = True
        with source.reading() as index, pytest.raises(ShardUnavailable, match=r"Shard \d of 3 does not answer"):
            index.frequencies(["pier"])
        with pytest.raises(ShardUnavailable):
            service.ask(QUESTION)


def test_a_host_that_comes_back_is_asked_again(shop, alone):
    with cluster(shop, 3) as (_, service, replicas):
        replicas[1][0].lost = True
        with ThreadPoolExecutor(1) as thread:
            asked = thread.submit(service.ask, QUESTION)
            until(lambda: replicas[1][0].refused)
            replicas[1][0].lost = False
            assert asked.result(PATIENCE_S).passages == alone.ask(QUESTION).passages


def test_hosts_that_say_nothing_are_waited_for_until_the_deadline(shop):
    with cluster(shop, 2, 2, answer_s=A_MOMENT_S) as (source, _, replicas), source.reading() as index:
        for replica in replicas[0]:
            replica.stopped = True
        with pytest.raises(ShardUnavailable, match=r"Shard \d of 2 does not answer: it has not answered"):
            index.passages([0, index.size - 1])


def test_a_slow_host_is_not_waited_for_and_its_call_is_cancelled(shop):
    with hosted(shop.index, 1, 2) as (_, ((slow, quick),)):
        slow.stopped = True

        def ask(*replicas: ThreadReplica) -> object:
            until_s = time.monotonic() + PATIENCE_S
            transport = ReplicatedTransport(shop.version().name, Replicas([replicas]), until_s, hedge_s=0.01)
            return transport.ask("frequencies", {0: (["pier"],)})

        assert ask(slow, quick) == ask(quick)
        ((_, call),) = slow.calls
        assert call.cancelled
        assert not call.future.done()


@pytest.mark.parametrize("answers_first", ["the host asked last", "the host asked first"])
def test_a_host_is_asked_last_for_a_while_if_one_that_was_asked_later_answers_first(shop, answers_first):
    with hosted(shop.index, 1, 2) as (_, ((first, last),)), ThreadPoolExecutor(1) as thread:
        began = time.monotonic()
        stopped_clock: list[float] = []
        replicas = Replicas([[first, last]], lambda: (stopped_clock or [time.monotonic()])[0])

        def ask(hedge_s: float | None) -> object:
            transport = ReplicatedTransport(shop.version().name, replicas, began + PATIENCE_S, hedge_s)
            return transport.ask("frequencies", {0: (["pier"],)})

        first.stopped = last.stopped = True
        asked = thread.submit(ask, 0.01)
        until(lambda: first.calls and last.calls)
        (last if answers_first == "the host asked last" else first).go_on.set()
        asked.result(PATIENCE_S)
        first.stopped = last.stopped = False
        stopped_clock.append(began)
        for _ in range(2):
            ask(hedge_s=None)
        assert (len(first.calls), len(last.calls)) == ((1, 3) if answers_first == "the host asked last" else (2, 2))


def test_a_new_version_is_taken_up_between_questions(shop):
    with cluster(shop, 2, 2) as (source, _, replicas), source.reading() as before:
        shop.put("salt.txt", "The Salt\n\nSalt is sold on the oldest pier by weight.")
        shop.build()
        source.refresh()
        with source.reading() as after:
            assert before.id != after.id
            assert (before.size, list(before.frequencies(["salt"]))) == (after.size - 1, [0])
            assert list(after.frequencies(["salt"])) == [1]
        assert list(before.frequencies(["salt"])) == [0]
        assert shop.version().name in replicas[0][0].host.state().versions


def test_a_host_keeps_the_last_two_versions(shop):
    with cluster(shop, 1) as (source, _, ((replica,),)):
        for number in range(3):
            shop.put("salt.txt", f"The Salt\n\nSalt costs {number}.")
            shop.build()
            source.refresh()
        assert len(replica.host.state().versions) == 2
        assert replica.host.state().versions[-1] == shop.version().name


def test_while_a_shard_is_not_ready_the_version_before_serves_on(shop):
    with cluster(shop, 2) as (source, service, replicas):
        with source.reading() as index:
            before = index.id
        replicas[1][0].lost = True
        shop.put("salt.txt", "The Salt\n\nSalt is sold by weight.")
        shop.build()
        source.refresh()
        assert "Shard 1 of 2 is not ready: the host is lost" in source.trouble
        replicas[1][0].lost = False
        with source.reading() as index:
            assert index.id == before
        assert service.ask(QUESTION).passages


def test_without_hosts_no_other_version_is_tried(shop):
    with hosted(shop.index, 1) as (hosts, ((replica,),)):
        replica.lost = True
        with closing(ClusterIndex(shop.index, hosts)) as source, pytest.raises(ShardUnavailable), source.reading():
            pass
        assert replica.refused == 1


def test_what_a_damaged_copy_refuses_another_host_answers(shop, alone, tmp_path):
    with cluster(shop, 1, 2) as (_, service, ((broken, _),)):
        broken.host = ShardHost(tmp_path / "nowhere", 0, 1)
        assert answers(service) == answers(alone)


@pytest.fixture
def copies(tmp_path) -> Path:
    return tmp_path / "copies"


def test_hosts_of_one_machine_copy_a_segment_once_and_answer_from_the_copy(shop, alone, copies):
    first, second = (ShardHost(shop.index, 0, 1, copies) for _ in range(2))
    with closing(first), closing(second):
        assert first.prepare(shop.version().name) is None
        shop.index.joinpath("segments").rename(shop.index / "away")  # copied segments are not read there again
        assert second.prepare(shop.version().name) is None
    assert sorted(segment_ids(copies)) == sorted(entry.id for entry in shop.version().segments)
    shop.index.joinpath("away").rename(shop.index / "segments")
    with cluster(shop, 2, 2, copies_dir=copies) as (_, service, _):
        assert answers(service) == answers(alone)


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize("harm", [flip_a_byte, Path.unlink, lambda file: shutil.rmtree(file.parent)])
def test_a_damaged_copy_is_made_anew(shop, alone, copies, harm):
    with closing(ShardHost(shop.index, 0, 1, copies)) as host:
        assert host.prepare(shop.version().name) is None
    harm(segment_path(copies, shop.version().segments[0].id) / "texts.sqlite")
    with cluster(shop, 1, copies_dir=copies) as (_, service, _):
        assert answers(service) == answers(alone)


def test_a_copy_that_a_killed_host_left_unfinished_is_made_anew(shop, copies):
    left = segment_path(copies, f".unfinished-{shop.version().segments[0].id}")
    left.mkdir(parents=True)
    left.joinpath("texts.sqlite").write_bytes(b"half")
    with closing(ShardHost(shop.index, 0, 1, copies)) as host:
        assert host.prepare(shop.version().name) is None
    assert not left.exists()


def refused(shop, copies):
    """Why a host that keeps copies refuses the current version."""
    with closing(ShardHost(shop.index, 0, 1, copies)) as host:
        refusal = host.prepare(shop.version().name)
    assert isinstance(refusal, Refusal)
    return refusal.error


def test_a_segment_that_is_damaged_before_it_is_copied_is_refused_by_its_name(shop, copies):
    segment_id = shop.version().segments[1].id
    flip_a_byte(segment_path(shop.index, segment_id) / "texts.sqlite")
    error = refused(shop, copies)
    assert isinstance(error, DamagedSnapshot)
    assert f"Segment {segment_id}: texts.sqlite is altered" in str(error)


def test_copies_that_no_version_names_are_removed(shop, copies):
    with cluster(shop, 1, copies_dir=copies) as (source, _, _):
        for number in range(5):
            shop.put("salt.txt", f"The Salt\n\nSalt costs {number}.")
            shop.build()
            source.refresh()
        named = {entry.id for version in versions(shop.index) for entry in version.segments}
        assert set(segment_ids(copies)) == named


def test_while_a_version_cannot_be_read_no_copy_is_removed(shop, copies):
    with closing(ShardHost(shop.index, 0, 1, copies)) as host:
        assert host.prepare(shop.version().name) is None
        before = segment_ids(copies)
        version_path(shop.index, shop.version().name).write_bytes(b"{}")
        CopiedSegments(shop.index, copies).remove_unnamed()
        assert segment_ids(copies) == before != []


@pytest.mark.parametrize("inside", ["", "segments"])
def test_a_machine_that_cannot_keep_copies_says_so(shop, copies, inside):
    (copies / inside).parent.mkdir(parents=True, exist_ok=True)
    (copies / inside).write_bytes(b"a file stands where the folder should be")
    error = refused(shop, copies)
    assert isinstance(error, ShortOfResources)
    assert f"Segments cannot be copied to {copies}" in str(error)


def test_how_many_passages_hold_a_term_is_asked_once_for_a_version(shop, alone):
    with cluster(shop, 2) as (source, service, replicas):
        assert answers(service) == answers(alone)
        with source.reading() as index:
            assert list(index.frequencies(["pier", "mill", "pier", "zzz"])) == [1, 1, 1, 0]
            asked = [len(replica.calls) for (replica,) in replicas]
            assert list(index.frequencies(["zzz", "pier"])) == [0, 1]
            assert [len(replica.calls) for (replica,) in replicas] == asked
        shop.put("salt.txt", "The Salt\n\nSalt is sold on the oldest pier by weight.")
        shop.build()
        source.refresh()
        with source.reading() as index:
            assert list(index.frequencies(["pier"])) == [2]


def test_every_host_is_told_with_the_versions_that_it_has_open(shop):
    with cluster(shop, 2, 2) as (source, service, replicas):
        assert service.shards() == ()
        source.watch()
        first = shop.version().name
        hosts = [
            [HostStatus(f"{shard}-{replica}", gethostname(), (first,), current=True) for replica in range(2)]
            for shard in range(2)
        ]
        until(lambda: service.shards() == tuple(ShardStatus(tuple(each)) for each in hosts))
        replicas[1][0].lost = True
        hosts[1][0] = HostStatus("1-0", None, (), current=False)
        until(lambda: service.shards()[1] == ShardStatus(tuple(hosts[1])))
        shop.put("salt.txt", "The Salt\n\nSalt is sold by weight.")
        shop.build()
        second = shop.version().name
        until(lambda: service.shards()[1].hosts[1] == HostStatus("1-1", gethostname(), (first, second), current=True))
        replicas[1][0].lost = False
        current = HostStatus("1-0", gethostname(), (first, second), current=True)
        until(lambda: service.shards()[1].hosts[0] == current)


def test_a_host_answers_the_calls_of_a_shard_only(shop):
    host = ShardHost(shop.index, 0, 1)
    with pytest.raises(ValueError, match="close is not a call of a shard"):
        host.ask(shop.version().name, "close", ())


def test_a_host_loads_no_model():
    program = "import sys, qa.index.cluster.host; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "onnxruntime", "sentence_transformers", "ray", "fastapi"} & set(found)
