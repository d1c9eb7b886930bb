from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.web.limits.address_limits import OpenConnections, Proxies, Quota


class Client:
    def __init__(self, address="a"):
        self.address = address
        self.closed = self.aborted = False

    def close_for_another(self):
        self.closed = True

    def abort_now(self):
        self.aborted = True


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_an_address_holds_a_quarter_and_all_together_no_more_than_there_is():
    places = OpenConnections(40)  # a quarter is ten
    inside = {address: [Client(address) for _ in range(10)] for address in "abcd"}
    for clients in inside.values():
        for client in clients:
            assert places.enter(client)
            places.busy(client)
    assert not any(places.enter(Client(address)) for address in "abcde")
    places.leave(inside["a"][0])
    assert not places.enter(Client("b")), "b has its quarter"
    assert places.enter(Client("e"))


def test_the_one_that_has_waited_longest_for_its_request_makes_way_and_no_other():
    clock = Clock()
    places = OpenConnections(8, clock=clock)
    clients = [Client() for _ in range(8)]
    for client in clients:
        places.enter(client)
        clock.now += 0.001
    assert not places.enter(Client()), "none has had its time"
    clock.now += 1
    places.busy(clients[0])
    places.busy(clients[1])
    places.idle(clients[1])  # answered, and now idle
    newcomer = Client()
    assert places.enter(newcomer)
    assert [client.closed for client in clients] == [False, False, True, False, False, False, False, False]
    clock.now += 2
    for _ in range(7):  # the other five, the answered one, and the new one
        assert places.enter(Client())
    assert [client for client in clients if not client.closed] == [clients[0]]
    assert newcomer.closed


def test_where_all_places_are_taken_the_address_that_holds_most_makes_way():
    clock = Clock()
    places = OpenConnections(16, clock=clock)
    few, many, others = Client("few"), [Client("many") for _ in range(8)], [Client("other") for _ in range(7)]
    for client in (few, *many, *others):
        assert places.enter(client)
    clock.now += 2
    assert places.enter(Client("new"))
    assert many[0].closed
    assert not few.closed


def test_a_proxy_that_is_named_may_hold_all():
    places = OpenConnections(40)
    clients = [Client("") for _ in range(40)]
    assert all(places.enter(client) for client in clients)
    assert not places.enter(Client(""))


@pytest.mark.parametrize(
    ("named", "host", "address"),
    [
        ("", "127.0.0.1", "127.0.0.1"),
        ("", "2001:db8::1", "2001:db8::/64"),
        ("127.0.0.1", "127.0.0.1", ""),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2"),
        ("127.0.0.1, 10.0.0.0/8", "10.1.2.3", ""),
        ("10.0.0.0/8,2001:db8::5", "2001:db8::5", ""),
        ("10.0.0.0/8,2001:db8::5", "2001:db8::6", "2001:db8::/64"),
        ("*", "192.0.2.1", ""),
        ("a-name", "192.0.2.1", "192.0.2.1"),
    ],
)
def test_proxies_are_named_as_uvicorn_takes_them(named, host, address):
    assert Proxies(named).address_of(host) == address


def test_of_those_refused_few_stay_to_read_why():
    places = OpenConnections(16)
    refused = [Client() for _ in range(5)]
    for client in refused:
        places.refuse(client)
    assert [client.aborted for client in refused] == [True, True, True, False, False]
    places.leave(refused[3])
    places.refuse(Client())
    assert not refused[4].aborted


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["enter", "busy", "idle", "leave"]), st.integers(0))))
def test_whatever_comes_and_goes_the_counts_are_right(steps):
    clock = Clock()
    places = OpenConnections(12, clock=clock)
    inside: list[Client] = []
    for address, what, number in steps:
        clock.now += 0.4
        if what == "enter":
            client = Client(address)
            if places.enter(client):
                inside.append(client)
        elif inside:
            client = inside[number % len(inside)]
            getattr(places, what)(client)
            if what == "leave":
                inside.remove(client)
        inside = [client for client in inside if not client.closed]
        assert len(inside) <= 12
        assert all(sum(client.address == each for client in inside) <= 8 for each in "abc")
    for client in inside:
        places.leave(client)
        client.closed = True
    clock.now += 1
    newcomers = [Client(address) for address in "aaaaaaaabbbb"]
    assert all(places.enter(client) for client in newcomers), "all places are free"
    assert not any(client.closed for client in newcomers)


def test_one_thing_larger_than_all_fits_where_nothing_else_is():
    quota = Quota(100)
    assert quota.has_room("a", 500)
    quota.take("a", 500)
    assert not quota.has_room("b", 1)
    quota.give("a", 500)
    quota.take("a", 20)
    assert not quota.has_room("a", 6)
    assert quota.has_room("a", 5)
    assert quota.has_room("b", 30)
    assert not quota.has_room("b", 81)
