"""What one client sends on one connection, and the results that are allowed.

A `Plan` is some messages, then a sound one that ends the connection, all of it cut into pieces. `hold_plan` compares
the replies with the plan:

1. Every reply keeps the promises of every reply.
2. Replies come in the order of the messages, at most one for each, and after an unsound message at most an error
   that ends the connection.
3. Nothing that stands inside a body is ever answered: bodies hold requests whose answer could be told from any other.
4. Where all messages are sound, all are answered. Replies to those before the first unsound one have a status that is
   right for them.
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

    READ = auto()  # it reads until the server ends the connection
    HALF_CLOSE = auto()  # it says that no more will come, and reads
    HANG_UP = auto()  # it goes without reading


@dataclass(frozen=True, slots=True)
class Message:
    """One request as written.

    `sound` says that it must be answered and leave the connection in sync, `closes` that the connection ends with it,
    `statuses` which replies are right (none named: any), `content` what a PUT stores if it is taken. A message that
    `starves` promises more than it holds, so that the server waits.
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
    """What one client does on one connection."""

    messages: tuple[Message, ...]
    cuts: tuple[int, ...]
    ending: Ending

    def pieces(self) -> list[bytes]:
        """The bytes to send, one piece after the other; who hangs up leaves the last piece unsent."""
        data = b"".join(message.data for message in self.messages)
        bounds = sorted({0, len(data), *(cut % len(data) for cut in self.cuts)})
        pieces = [data[start:end] for start, end in pairwise(bounds)]
        return pieces[:-1] if self.ending is Ending.HANG_UP and len(pieces) > 1 else pieces


def hold_plan(plan: Plan, received: Received) -> list[Reply]:
    """Hold what a connection gave to the contract; returns the replies.

    Raises:
        Outside: something is missing, too much, or wrong.
    """
    replies, rest = split_replies(received.data, [message.method for message in plan.messages])
    for reply in replies:
        hold_promises(reply)
        # A body that was stored may be quoted, rightly; what asks for no document is never done.
        expect(reply.status == 200 or MARK not in reply.body, "a request inside a body was answered")
    whole = plan.ending is Ending.READ and not received.reset
    expect(not (whole and rest), f"a reply cut short: {rest[:80]!r}")
    _hold_order(plan, replies)
    if whole and all(message.sound for message in plan.messages):
        # A broken request may cost its client the replies to those before it, since they share the connection.
        due = sum(1 for _ in _leading(plan.messages))
        expect(len(replies) == due, f"{len(replies)} replies where {due} were due")
    return replies


def _hold_order(plan: Plan, replies: Sequence[Reply]) -> None:
    """No more replies than messages, but for an error that ends the connection; each right for its message."""
    surplus = len(replies) - len(plan.messages)
    expect(surplus <= 0 or (surplus == 1 and replies[-1].status >= 400), f"{len(replies)} replies, too many")
    expect(not any(reply.closes for reply in replies[:-1]), "a reply after the one that ended the connection")
    for message, reply in zip(_leading(plan.messages), replies, strict=False):
        right = not message.statuses or reply.status in message.statuses
        expect(right, f"{reply.status} to {message.data[:60]!r}, not one of {sorted(message.statuses)}")


def _leading(written: Sequence[Message]) -> Iterator[Message]:
    """The sound messages before the first unsound one, as far as the connection lasts."""
    for message in written:
        if not message.sound:
            return
        yield message
        if message.closes:
            return


def taken(replies: Sequence[Reply]) -> set[str]:
    """The names of the files that the server said it stored."""
    return {reply.json()["source"] for reply in replies if reply.status == 202 and b'"stored"' in reply.body}


def files_of(plan: Plan) -> dict[str, bytes | None]:
    """What each name of a plan may hold afterwards; None: no file may be there."""
    return {message.name: message.content for message in plan.messages if message.name}
