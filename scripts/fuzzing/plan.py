"""The messages of one client on one connection, and the allowed results.

A `Plan` is some messages, then a valid one that ends the connection, all divided into pieces. `hold_plan` compares the
replies with the plan:

1. Every reply follows the rules for all replies. 2. Replies are in the order of the messages, at most one for each, and
after an invalid message at most an error that ends the connection. 3. Nothing inside a body is ever answered: bodies
contain requests whose answer would be recognised. 4. If all messages are valid, all are answered. Replies to those
before the first invalid one have a correct status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from fuzzing.contract import Reply, expect, hold_promises, split_replies
from fuzzing.wire import Received

MARK = b"smuggled-by-a-body"
_SHOWN_BYTES = 300


class Ending(Enum):
    """How a client ends the conversation."""

    READ = auto()  # the client reads until the server ends the connection
    HALF_CLOSE = auto()  # the client ends its sending side, and reads
    HANG_UP = auto()  # the client closes the connection without reading


@dataclass(frozen=True, slots=True)
class Message:
    """One request as written.

    `sound`: it must be answered and the connection stays usable. `closes`: the connection ends with it. `statuses`: the
    correct statuses (empty: any). `content`: what an accepted PUT stores. `starves`: it announces more bytes than it
    has, so that the server waits.
    """

    method: str
    data: bytes
    sound: bool = True
    closes: bool = False
    starves: bool = False
    statuses: frozenset[int] = frozenset()
    content: bytes | None = None
    name: str = ""

    def __repr__(self) -> str:
        kind = "sound" if self.sound else "starving" if self.starves else "unsound"
        return f"<{kind} {len(self.data)} bytes {self.data[:_SHOWN_BYTES]!r}>"


@dataclass(frozen=True, slots=True)
class Plan:
    """The messages of one client on one connection."""

    messages: tuple[Message, ...]
    cuts: tuple[int, ...]
    ending: Ending

    def pieces(self) -> list[bytes]:
        """The bytes to send, one piece after the other; a client that hangs up does not send the last piece."""
        data = b"".join(message.data for message in self.messages)
        bounds = sorted({0, len(data), *(cut % len(data) for cut in self.cuts)})
        pieces = [data[start:end] for start, end in pairwise(bounds)]
        return pieces[:-1] if self.ending is Ending.HANG_UP and len(pieces) > 1 else pieces


def hold_plan(plan: Plan, received: Received) -> list[Reply]:
    """Check the received bytes of a connection against the plan; returns the replies.

    Raises:
        Outside: a reply is missing, unexpected, or wrong.
    """
    replies, rest = split_replies(received.data, [message.method for message in plan.messages])
    for reply in replies:
        hold_promises(reply)
        # A stored body may be quoted; a request for a document that does not exist is never executed.
        expect(reply.status == 200 or MARK not in reply.body, "a request inside a body was answered")
    whole = plan.ending is Ending.READ and not received.reset
    expect(not (whole and rest), f"a reply cut short: {rest[:80]!r}")
    _hold_order(plan, replies)
    if whole and all(message.sound for message in plan.messages):
        # After a broken request the replies to earlier ones may be lost, since they share the connection.
        due = sum(1 for _ in _leading(plan.messages))
        expect(len(replies) == due, f"{len(replies)} replies where {due} were due")
    return replies


def _hold_order(plan: Plan, replies: Sequence[Reply]) -> None:
    """Check that there is at most one fitting reply for each message, and perhaps an error at the end."""
    surplus = len(replies) - len(plan.messages)
    expect(surplus <= 0 or (surplus == 1 and replies[-1].status >= 400), f"{len(replies)} replies, too many")
    expect(not any(reply.closes for reply in replies[:-1]), "a reply after the one that ended the connection")
    for message, reply in zip(_leading(plan.messages), replies, strict=False):
        right = not message.statuses or reply.status in message.statuses
        expect(right, f"{reply.status} to {message.data[:60]!r}, not one of {sorted(message.statuses)}")


def _leading(written: Sequence[Message]) -> Iterator[Message]:
    """The valid messages before the first invalid one, up to the end of the connection."""
    for message in written:
        if not message.sound:
            return
        yield message
        if message.closes:
            return


def taken(replies: Sequence[Reply]) -> set[str]:
    """The names of the files that the server reported as stored."""
    return {reply.json()["source"] for reply in replies if reply.status == 202 and b'"stored"' in reply.body}


def files_of(plan: Plan) -> dict[str, bytes | None]:
    """The allowed contents of each name of a plan afterwards; None: no file may exist."""
    return {message.name: message.content for message in plan.messages if message.name}
