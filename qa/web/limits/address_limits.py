"""Divides limited resources between addresses: connections, bytes in memory, open files.

Guarantees: all clients together never hold more than the limit, and one address never more than a quarter of it (but
up to eight), so that one client cannot exclude the others. A connection whose request has not come is closed when a new
one needs its place, the one that has waited longest first; a connection whose request is being answered is never closed
for another.

An address is an IPv4 address or an IPv6 network of 64 bits. A proxy is one address for the connections of all its
clients; where the environment variable FORWARDED_ALLOW_IPS, which uvicorn reads, names it, it may hold all that there
is, under the empty address. So may a client that has no address, at a socket in the file system.
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
GRACE_S = 0.1  # for a new client to send its request


class Quota:
    """How much of something each address holds. For one thread."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._of_one = min(most, max(_LEAST_SHARE, most // _SHARE))
        self._held: Counter[str] = Counter()
        self._total = 0

    @property
    def total(self) -> int:
        """What is held by all addresses together."""
        return self._total

    def share(self, address: str) -> int:
        """The most that an address may hold."""
        return self._of_one if address else self.most

    def has_room(self, address: str, amount: int = 1) -> bool:
        """Whether `amount` may be taken. One thing larger than a share, or than all, is taken when nothing else is."""
        held = self._held.get(address, 0)
        fits_share = held == 0 or held + amount <= self.share(address)
        return fits_share and (self._total == 0 or self._total + amount <= self.most)

    def is_full(self, address: str) -> bool:
        """Whether it is the address's own share that is used up."""
        return self._held.get(address, 0) >= self.share(address)

    def largest(self) -> str:
        """The address that holds most."""
        return max(self._held, key=self._held.__getitem__)

    def take(self, address: str, amount: int = 1) -> None:
        """Count what was taken."""
        self._held[address] += amount
        self._total += amount

    def give(self, address: str, amount: int = 1) -> None:
        """Count what was given back."""
        self._total -= amount
        self._held[address] -= amount
        if not self._held[address]:
            del self._held[address]


class Proxies:
    """The proxies that the operator has named: addresses and networks, separated by commas, or a star for all."""

    def __init__(self, named: str) -> None:
        names = [name.strip() for name in named.split(",") if name.strip()]
        self._every = "*" in names
        self._networks: list[IPv4Network | IPv6Network] = []
        for name in names:
            with suppress(ValueError):  # a name that is no address is uvicorn's to understand
                self._networks.append(ip_network(name, strict=False))

    def address_of(self, host: str) -> str:
        """The address that a client at `host` counts as; empty for a proxy."""
        try:
            named = self._every or any(ip_address(host) in network for network in self._networks)
        except ValueError:
            named = False
        return "" if named else network_of(host)


def address_of(scope: Scope) -> str:
    """The address that a request counts for; of a request through a trusted proxy that of the proxy's client."""
    return network_of(scope["client"][0]) if scope.get("client") else ""


def network_of(host: str) -> str:
    """The address; of IPv6 the network of 64 bits, of which a client may use any address."""
    try:
        return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host
    except ValueError:
        return host[:64]  # a proxy's word for a client whose address it does not tell


class Client(Protocol):
    """A connection as `OpenConnections` sees it; it must be hashable."""

    address: str

    def close_for_another(self) -> None:
        """Close, since another needs the place. Must not call `OpenConnections`."""

    def abort_now(self) -> None:
        """Close at once, without sending the rest. Must not call `OpenConnections`."""


class OpenConnections:
    """The connections of one server. For one thread."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quota = Quota(most)
        self._most_refused = max(1, most // 8)
        self._inside: set[Client] = set()
        self._idle: dict[str, dict[Client, float]] = {}  # by address: since when, who has waited longest first
        self._refused: dict[Client, None] = {}

    def enter(self, client: Client) -> bool:
        """Take a client in as idle, in place of an idle one if need be; False if there is no place."""
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
        """Nothing is being done for this client: its next request has not come whole."""
        if client in self._inside:
            self.busy(client)  # so that it stands last
            self._idle.setdefault(client.address, {})[client] = self._clock()

    def busy(self, client: Client) -> None:
        """A request of this client is being answered."""
        waiting = self._idle.get(client.address, {})
        waiting.pop(client, None)
        if not waiting:
            self._idle.pop(client.address, None)

    def leave(self, client: Client) -> None:
        """A client's connection has ended, or is about to."""
        self._refused.pop(client, None)
        if client in self._inside:
            self.busy(client)
            self._inside.remove(client)
            self._quota.give(client.address)

    def refuse(self, client: Client) -> None:
        """A client outside stays until it has read why; of these there are few at a time, and the oldest goes first."""
        self._refused[client] = None
        if len(self._refused) > self._most_refused:
            oldest = next(iter(self._refused))
            del self._refused[oldest]
            oldest.abort_now()
