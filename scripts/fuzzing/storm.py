"""Runs operations of several clients at once, and compares the resulting files with the acknowledged operations.

If `settle` returns without a fault, the folder has exactly the acknowledged files; the report names every file with its
fate; the index has the exact bytes of every file that the report lists as indexed; and no temporary file remains.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from fuzzing import wire
from fuzzing.client import Client
from fuzzing.contract import Outside, expect
from fuzzing.history import Event, History, Outcome, key_of
from fuzzing.operations import Deed, Operation
from fuzzing.tally import Tally

_LOOK_EVERY_S = 0.05
_SIDECAR = "sources.toml"
_IN_INDEX = ("added", "changed", "unchanged")


class Storm:
    """Operations against a server with a builder.

    Args of the constructor:
        port: The server's port on this machine.
        token: The token of its admin routes.
        seeds_dir: The folder of its documents.
        tally: Counts the results.
    """

    def __init__(self, port: int, token: str, seeds_dir: Path, tally: Tally) -> None:
        self._port = port
        self._client = Client(port, token, tally)
        self._seeds_dir = seeds_dir
        self._tally = tally
        self._history = History(self._files())

    def run(self, rounds: Sequence[Sequence[Operation]]) -> None:
        """Run rounds of operations; those of a round run concurrently."""
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
        """Wait until folder, report and index agree with the acknowledged operations."""
        until = time.monotonic() + patience_s
        try:
            self._client.ask_for_build()
            while differences := self._differences():
                if time.monotonic() > until:
                    self._tally.lost(sum(lost for lost, _ in differences))
                    told = "; ".join(what for _, what in differences[:3])
                    self._tally.note(Outside(f"files, report and index differ: {told}"), "after a storm")
                    return
                threading.Event().wait(_LOOK_EVERY_S)
        except (Outside, OSError, ValueError, LookupError) as fault:
            self._tally.note(fault, "after a storm")

    def _one(
        self, operation: Operation, before: set[bytes | None] | None, faults: list[tuple[Exception, Operation]]
    ) -> None:
        began, outcome = time.monotonic(), Outcome.UNKNOWN
        try:
            outcome = self._client.do(operation, before)
        except Exception as fault:  # noqa: BLE001 - any error is a finding
            faults.append((fault, operation))
        if operation.deed in (Deed.PUT, Deed.PUT_IN_CHUNKS, Deed.PUT_AND_LEAVE, Deed.DELETE):
            # A request sent without waiting for the reply may still be stored.
            ended = float("inf") if outcome is Outcome.UNKNOWN else time.monotonic()
            content = None if operation.deed is Deed.DELETE else operation.content
            self._history.add(operation.name, Event(began, ended, outcome, content))

    # Differences

    def _differences(self) -> list[tuple[int, str]]:
        """The differences, each with the number of bytes that it would lose."""
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
        unlike = {_file_of(name, files) for name in fates} - set(files)
        if unlike or report["counts"].get("unchanged", 0) < len(set(files) - set(fates)):
            return [(0, f"the report and the folder differ: {sorted(unlike)[:3]}, {report['counts']}")]
        documents = self._get("/api/documents")["documents"]
        sources = {document["source"] for document in documents}
        out = {name for name, file in fates.items() if file["fate"] not in _IN_INDEX}
        unlike = set(files) ^ {_file_of(name, files) for name in out | sources} | out & sources
        untold = [name for name in out if not fates[name]["reason"]]
        if unlike or untold:
            return [(0, f"the report and the index differ in {sorted(unlike)[:3]}; no reason for {untold[:3]}")]
        return [
            (len(files[document["source"]]), f"the index holds other bytes of {document['source']}")
            for document in documents
            if document["source"] in files
            and self._digest_served(document["id"]) != sha256(files[document["source"]]).hexdigest()
        ]

    def _digest_served(self, document_id: str) -> str | None:
        """The digest of a document; None if it no longer exists: the version may have changed since the list."""
        reply = wire.ask(self._port, "GET", f"/api/documents/{document_id}")
        expect(reply.status in (200, 404, 503), f"{reply.status} to the document {document_id}")
        return reply.json()["sha256"] if reply.status == 200 else None

    def _get(self, target: str) -> Any:
        reply = wire.ask(self._port, "GET", target)
        expect(reply.status in (200, 503), f"{reply.status} to {target}")
        return reply.json() if reply.status == 200 else {"building": "busy", "last_build": None, "documents": []}

    def _files(self) -> dict[str, bytes]:
        paths = [path for path in self._seeds_dir.rglob("*") if path.is_file() and not path.name.startswith(".")]
        names = {path.relative_to(self._seeds_dir).as_posix(): path for path in paths}
        return {name: path.read_bytes() for name, path in names.items() if name != _SIDECAR}


def _size(content: bytes | None) -> str:
    return "nothing" if content is None else f"{len(content)} bytes"


def _file_of(source: str, files: Collection[str]) -> str:
    """The file that a document is read from: its own, or its container."""
    path = PurePosixPath(source)
    return next((str(each) for each in (path, *path.parents) if str(each) in files), source)
