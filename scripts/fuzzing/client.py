"""A client of the server under test that performs one operation at a time and checks the reply."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

from fuzzing import wire
from fuzzing.contract import BUSY, Reply, expect, hold_promises, split_replies
from fuzzing.history import Outcome, key_of
from fuzzing.operations import Deed, Operation
from fuzzing.tally import Tally

_CHUNK_BYTES = 1000


class Client:
    """Sends the requests of operations. Safe to use from several threads."""

    def __init__(self, port: int, token: str, tally: Tally) -> None:
        """Create a client; sends nothing yet.

        Args:
            port: The server's port on this machine.
            token: The token of its admin routes.
            tally: Where replies are counted.
        """
        self._port = port
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._tally = tally

    def ask_for_build(self) -> None:
        """Ask for a build.

        Raises:
            Outside: the server refuses.
        """
        reply = wire.ask(self._port, "POST", "/api/index/rebuild", **self._bearer)
        expect(reply.status == 202, f"{reply.status} to a rebuild")

    def do(self, operation: Operation, before: set[bytes | None] | None) -> Outcome:
        """Perform an operation and check its reply.

        Args:
            operation: What to do.
            before: The contents that the file may have now, None for no file; None if other clients change it too.

        Raises:
            Outside: the reply is outside the contract.
        """
        match operation.deed:
            case Deed.PUT | Deed.PUT_IN_CHUNKS:
                return self._put(operation, before)
            case Deed.PUT_AND_BREAK_OFF:
                return self._break_off(operation)
            case Deed.PUT_AND_LEAVE:
                wire.converse(self._port, [self._request(operation)], read=False)
                self._tally.count(1, [])
                return Outcome.UNKNOWN
            case Deed.DELETE:
                return self._delete(operation, before)
            case _:
                return self._look(operation.deed)

    def _put(self, operation: Operation, before: set[bytes | None] | None) -> Outcome:
        reply = self._exchange(self._request(operation, chunked=operation.deed is Deed.PUT_IN_CHUNKS))
        if reply.status != 202:
            return _refused(reply, {400, 409, 413, 415})
        told = reply.json()
        expect(bool(operation.content), "an empty body was taken")
        expect(key_of(told["source"]) == key_of(operation.name), f"{operation.name!r} was stored as {told['source']!r}")
        stored = {"bytes": len(operation.content), "sha256": sha256(operation.content).hexdigest()}
        expect(
            all(told.get(name, value) == value for name, value in stored.items()), "other bytes were stored than sent"
        )
        if before is not None and len(before) == 1:
            expect(told["stored"] == ("added" if before == {None} else "replaced"), f"{told['stored']} is not so")
        return Outcome.DONE

    def _break_off(self, operation: Operation) -> Outcome:
        whole = self._request(operation, chunked=len(operation.content) % 2 == 0)
        head = whole.index(b"\r\n\r\n") + 4
        wire.converse(self._port, [whole[: max(head, len(whole) - 1 - len(operation.content) // 2)]], read=False)
        self._tally.count(1, [])
        # With an empty content only the end of its chunks is missing.
        return Outcome.REFUSED

    def _delete(self, operation: Operation, before: set[bytes | None] | None) -> Outcome:
        reply = wire.ask(self._port, "DELETE", _target(operation.name), **self._bearer)
        self._tally.count(1, [reply])
        if before is not None and len(before) == 1 and reply.status in (202, 404):
            expect((reply.status == 202) == (before != {None}), f"{reply.status} to removing what is or is not there")
        if reply.status == 202:
            expect(reply.json()["stored"] == "removed", "removed, but not said so")
            return Outcome.DONE
        return _refused(reply, {400, 404, 409})

    def _look(self, deed: Deed) -> Outcome:
        if deed is Deed.REBUILD:
            replies = [wire.ask(self._port, "POST", "/api/index/rebuild", **self._bearer)]
        else:
            replies = [wire.ask(self._port, "GET", target) for target in _LOOKS[deed]]
        self._tally.count(len(replies), replies)
        for reply in replies:
            expect(
                reply.status in (200, 202, 308) or deed is Deed.READ or reply.code() in BUSY, f"{reply.status} {deed}"
            )
        return Outcome.REFUSED

    def _request(self, operation: Operation, *, chunked: bool = False) -> bytes:
        whole = wire.request("PUT", _target(operation.name), operation.content, Connection="close", **self._bearer)
        if not chunked:
            return whole
        head = wire.request("PUT", _target(operation.name), Connection="close", **self._bearer)
        starts = range(0, len(operation.content), _CHUNK_BYTES)
        chunks = (operation.content[start : start + _CHUNK_BYTES] for start in starts)
        body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks) + b"0\r\n\r\n"
        return head.replace(b"Content-Length: 0", b"Transfer-Encoding: chunked") + body

    def _exchange(self, data: bytes) -> Reply:
        replies, rest = split_replies(wire.converse(self._port, [data]).data, ["PUT"])
        expect(len(replies) == 1 and not rest, f"{len(replies)} replies to one PUT")
        hold_promises(replies[0])
        self._tally.count(1, replies)
        return replies[0]


_LOOKS: dict[Deed, tuple[str, ...]] = {
    Deed.LIST: ("/api/documents", "/api/index", "/documents"),
    Deed.READ: ("/api/documents/report", "/documents/report", "/documents/report/original", "/documents/ferry"),
    Deed.ASK: ("/api/ask?q=who+keeps+the+harbour", "/?q=the+ferry+and+the+mill"),
}


def _target(name: str) -> str:
    return f"/api/documents/{quote(name)}"


def _refused(reply: Reply, rightly: set[int]) -> Outcome:
    if reply.code() in BUSY:
        return Outcome.UNKNOWN
    expect(reply.status in rightly, f"refused with {reply.status} {reply.code()}")
    return Outcome.REFUSED
