"""Divides limited resources among client addresses: connections, bytes in memory, open files.

Guarantees: all clients together never hold more than the limit, and one address never more than a quarter of it (or
    eight, if that is more), so that one client cannot exclude the others. When a new connection needs a place, the
    connection that has been idle longest is closed; a connection whose request is being answered is not.

An address is an IPv4 address or an IPv6 network of 64 bits. For connections, a proxy counts as one address. A proxy
that FORWARDED_ALLOW_IPS names (uvicorn's environment variable) has the empty address, which may hold everything. So has
a client without an address, on a Unix domain socket.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

from starlette.types import Scope

_SHARE = 4  # an address holds at most a quarter
_LEAST_SHARE = 8  # a browser opens six connections at once
GRACE_S = 0.1  # time for a new client to send its request


class Quota:
    """The amount of a resource that each address holds. Not thread-safe."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._of_one = min(most, max(_LEAST_SHARE, most // _SHARE))
        self._held: Counter[str] = Counter()
        self._total = 0

    @property
    def total(self) -> int:
        """The amount held by all addresses together."""
        return self._total

    def share(self, address: str) -> int:
        """The maximum that an address may hold."""
        return self._of_one if address else self.most

    def has_room(self, address: str, amount: int = 1) -> bool:
        """Whether `amount` may be taken. An amount above the share or limit may be taken if nothing else is held."""
        held = self._held.get(address, 0)
        fits_share = held == 0 or held + amount <= self.share(address)
        return fits_share and (self._total == 0 or self._total + amount <= self.most)

    def is_full(self, address: str) -> bool:
        """Whether the address has used up its own share."""
        return self._held.get(address, 0) >= self.share(address)

    def largest(self) -> str:
        """The address that holds the most."""
        return max(self._held, key=self._held.__getitem__)

    def take(self, address: str, amount: int = 1) -> None:
        """Count an amount as taken."""
        self._held[address] += amount
        self._total += amount

    def give(self, address: str, amount: int = 1) -> None:
        """Count an amount as returned."""
        self._total -= amount
        self._held[address] -= amount
        if not self._held[address]:
            del self._held[address]


class Proxies:
    """The trusted proxies: addresses and networks, separated by commas, or `*` for all."""

    def __init__(self, named: str) -> None:
        names = [name.strip() for name in named.split(",") if name.strip()]
        self._every = "*" in names
        self._networks: list[IPv4Network | IPv6Network] = []
        for name in names:
            with suppress(ValueError):  # uvicorn handles names that are not addresses
                self._networks.append(ip_network(name, strict=False))

    def address_of(self, host: str) -> str:
        """The address under which a client at `host` is counted; empty for a proxy."""
        try:
            named = self._every or any(ip_address(host) in network for network in self._networks)
        except ValueError:
            named = False
        return "" if named else network_of(host)


def address_of(scope: Scope) -> str:
    """The address under which a request is counted; through a trusted proxy, the address of the proxy's client."""
    return network_of(scope["client"][0]) if scope.get("client") else ""


def network_of(host: str) -> str:
    """An IPv4 address, or the 64-bit network of an IPv6 address, in which a client may use any address."""
    try:
        return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host
    except ValueError:
        return host[:64]  # a proxy's placeholder for a client without an address


class Client(Protocol):
    """The interface of a connection for `OpenConnections`; it must be hashable."""

    address: str

    def close_for_another(self) -> None:
        """Close, since a new connection needs the place. Must not call `OpenConnections`."""

    def abort_now(self) -> None:
        """Close at once without sending the rest. Must not call `OpenConnections`."""


class OpenConnections:
    """The connections of one server. Not thread-safe."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quota = Quota(most)
        self._most_refused = max(1, most // 8)
        self._inside: set[Client] = set()
        self._idle: dict[str, dict[Client, float]] = {}  # by address: idle clients and since when, longest idle first
        self._refused: dict[Client, None] = {}

    def enter(self, client: Client) -> bool:
        """Add a client as idle, closing an idle one if necessary; False if there is no place."""
        address = client.address
        if not self._quota.has_room(address):
            crowded = address if self._quota.is_full(address) else self._quota.largest()
            oldest, since = next(iter(self._idle.get(crowded, {}).items()), (None, 0.0))
            if oldest is None or self._clock() < since + GRACE_S:
                return False
            self.leave(oldest)
            oldest.close_for_another()
        self._quota.take(address)
        self._inside.add(client)
        self.idle(client)
        return True

    def idle(self, client: Client) -> None:
        """Mark a client as idle: its next request has not arrived completely."""
        if client in self._inside:
            self.busy(client)  # move it to the end
            self._idle.setdefault(client.address, {})[client] = self._clock()

    def busy(self, client: Client) -> None:
        """Mark a client as busy: its request is being answered."""
        waiting = self._idle.get(client.address, {})
        waiting.pop(client, None)
        if not waiting:
            self._idle.pop(client.address, None)

    def leave(self, client: Client) -> None:
        """Remove a client whose connection has ended or is about to end."""
        self._refused.pop(client, None)
        if client in self._inside:
            self.busy(client)
            self._inside.remove(client)
            self._quota.give(client.address)

    def refuse(self, client: Client) -> None:
        """Keep a refused client until it has read the error; only a few are kept, and the oldest is closed first."""
        self._refused[client] = None
        if len(self._refused) > self._most_refused:
            oldest = next(iter(self._refused))
            del self._refused[oldest]
            oldest.abort_now()
