"""Runs operations of several clients at once, and compares the resulting files with what was acknowledged.

Guarantees, when `settle` returns without a fault: the folder holds exactly what was acknowledged; the report names
every file with its fate; the index holds the very bytes of every file that the report says is in; nothing is left over.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fuzzing import wire
from fuzzing.contract import BUSY, Outside, Reply, expect, hold_promises, split_replies
from fuzzing.history import Event, History, Outcome, key_of
from fuzzing.operations import Deed, Operation
from fuzzing.tally import Tally

_LOOK_EVERY_S = 0.05
_SIDECAR = "sources.toml"
_IN_INDEX = ("added", "changed", "unchanged")
_CHUNK_BYTES = 1000


class Storm:
    """Operations against a server with a builder beside it.

    Args of the constructor:
        port: Of the server on this machine.
        token: What its admin routes want.
        seeds_dir: Its documents' folder.
        tally: Where to count.
    """

    def __init__(self, port: int, token: str, seeds_dir: Path, tally: Tally) -> None:
        self._port = port
        self._bearer = {"Authorization": f"Bearer {token}"}
        self._seeds_dir = seeds_dir
        self._tally = tally
        self._history = History(self._files())

    def run(self, rounds: Sequence[Sequence[Operation]]) -> None:
        """Run rounds of operations, those of a round at once."""
        for operations in rounds:
            touched = Counter(key_of(operation.name) for operation in operations)
            alone = {name: self._history.states(name) for name, count in touched.items() if count == 1}
            faults: list[tuple[Exception, Operation]] = []
            threads = [
                threading.Thread(target=self._one, args=(operation, alone.get(key_of(operation.name)), faults))
                for operation in operations
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            for fault, operation in faults:
                self._tally.note(fault, operation)

    def settle(self, patience_s: float) -> None:
        """Wait until folder, report and index agree with what was acknowledged."""
        until = time.monotonic() + patience_s
        try:
            reply = wire.ask(self._port, "POST", "/api/index/rebuild", **self._bearer)
            expect(reply.status == 202, f"{reply.status} to a rebuild")
            while differences := self._differences():
                if time.monotonic() > until:
                    self._tally.lost(sum(lost for lost, _ in differences))
                    told = "; ".join(what for _, what in differences[:3])
                    self._tally.note(Outside(f"files, report and index differ: {told}"), "after a storm")
                    return
                threading.Event().wait(_LOOK_EVERY_S)
        except (Outside, OSError, ValueError, LookupError) as fault:
            self._tally.note(fault, "after a storm")

    # Operations

    def _one(
        self, operation: Operation, before: set[bytes | None] | None, faults: list[tuple[Exception, Operation]]
    ) -> None:
        began, outcome = time.monotonic(), Outcome.UNKNOWN
        try:
            outcome = self._do(operation, before)
        except Exception as fault:  # noqa: BLE001 - whatever it is, this is what we are here to find
            faults.append((fault, operation))
        if operation.deed in (Deed.PUT, Deed.PUT_IN_CHUNKS, Deed.PUT_AND_LEAVE, Deed.DELETE):
            # What nobody waited for may still come.
            ended = float("inf") if outcome is Outcome.UNKNOWN else time.monotonic()
            content = None if operation.deed is Deed.DELETE else operation.content
            self._history.add(operation.name, Event(began, ended, outcome, content))

    def _do(self, operation: Operation, before: set[bytes | None] | None) -> Outcome:
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
        # With an empty content nothing is missing but the end of its chunks.
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

    # What is left

    def _differences(self) -> list[tuple[int, str]]:
        """What does not agree yet, each with the bytes that it would lose."""
        files = self._files()
        by_key = {key_of(name): content for name, content in files.items()}
        found = []
        if len(by_key) < len(files):
            found.append((0, "two files have names that look the same"))
        for name in sorted(self._history.names() | set(by_key)):
            states, content = self._history.states(name), by_key.get(name)
            if content not in states:
                lost = 0 if None in states else min(len(each) for each in states if each is not None)
                found.append((lost, f"{name!r} holds {_size(content)}, not {sorted(map(_size, states))}"))
        left = [path.name for path in self._seeds_dir.rglob(".*")]
        return found + [(0, f"left over: {name}") for name in left] or self._index_differences(files)

    def _index_differences(self, files: dict[str, bytes]) -> list[tuple[int, str]]:
        index = self._get("/api/index")
        report = index["last_build"] or {}
        if index["building"] or report.get("error") or not report.get("counts"):
            return [(0, f"building {index['building']}, error {report.get('error')}")]
        fates = {file["source"]: file for file in report["files"] if file["fate"] != "removed"}
        unlike = set(fates) - set(files)
        if unlike or report["counts"].get("unchanged", 0) < len(set(files) - set(fates)):
            return [(0, f"the report and the folder differ: {sorted(unlike)[:3]}, {report['counts']}")]
        documents = self._get("/api/documents")["documents"]
        out = {name for name, file in fates.items() if file["fate"] not in _IN_INDEX}
        unlike = (set(files) - out) ^ {document["source"] for document in documents}
        untold = [name for name in out if not fates[name]["reason"]]
        if unlike or untold:
            return [(0, f"the report and the index differ in {sorted(unlike)[:3]}; no reason for {untold[:3]}")]
        return [
            (len(files[document["source"]]), f"the index holds other bytes of {document['source']}")
            for document in documents
            if self._get(f"/api/documents/{document['id']}")["sha256"] != sha256(files[document["source"]]).hexdigest()
        ]

    def _get(self, target: str) -> Any:
        reply = wire.ask(self._port, "GET", target)
        expect(reply.status in (200, 503), f"{reply.status} to {target}")
        return reply.json() if reply.status == 200 else {"building": "busy", "last_build": None, "documents": []}

    def _files(self) -> dict[str, bytes]:
        paths = [path for path in self._seeds_dir.rglob("*") if path.is_file() and not path.name.startswith(".")]
        names = {path.relative_to(self._seeds_dir).as_posix(): path for path in paths}
        return {name: path.read_bytes() for name, path in names.items() if name != _SIDECAR}


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


def _size(content: bytes | None) -> str:
    return "nothing" if content is None else f"{len(content)} bytes"


__all__ = ["Storm"]
