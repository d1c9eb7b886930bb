"""Sends plans of raw requests to a server and compares replies and stored files with them."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from fuzzing import wire
from fuzzing.contract import BUSY, Outside, Reply, expect
from fuzzing.plan import Ending, Plan, files_of, hold_plan, taken
from fuzzing.tally import Tally

_QUESTION = "/api/ask?q=who+is+the+harbour+master"


class RawRun:
    """Runs plans against one server, with access to its documents' folder.

    Args of the constructor:
        port: The server's port on this machine.
        seeds_dir: The folder of its documents.
        tally: Counts the results.
        sent: Called after each sent piece.
    """

    def __init__(
        self,
        port: int,
        seeds_dir: Path,
        tally: Tally,
        sent: Callable[[socket.socket, bytes], None] = lambda *_: None,
    ) -> None:
        self._port = port
        self._seeds_dir = seeds_dir
        self._tally = tally
        self._sent = sent

    def run(self, plan: Plan) -> None:
        """Run one plan; afterwards the server must answer a plain question."""
        try:
            replies = self._replies(plan)
            self._tally.count(len(plan.messages), replies)
            self._hold_files(plan, taken(replies))
            self._ask()
        except (Outside, OSError, ValueError, LookupError) as fault:
            self._tally.note(fault, plan)

    def _replies(self, plan: Plan) -> list[Reply]:
        read, half_close = plan.ending is not Ending.HANG_UP, plan.ending is Ending.HALF_CLOSE
        received = wire.converse(self._port, plan.pieces(), half_close=half_close, read=read, sent=self._sent)
        return hold_plan(plan, received)

    def _hold_files(self, plan: Plan, stored: set[str]) -> None:
        """Check that every accepted file exists, and that every existing file is complete, for any reply."""
        for name, content in files_of(plan).items():
            path = self._seeds_dir / name
            try:
                found = path.read_bytes()
            except FileNotFoundError:
                found = None
            if content is not None and found != content and (name in stored or found is not None):
                self._tally.lost(len(content))
                raise Outside(f"a file of {len(content)} bytes was stored as {found if found is None else len(found)}")
            expect(content is not None or found is None, "a file that was not to be stored is there")
            path.unlink(missing_ok=True)

    def _ask(self) -> None:
        reply = wire.ask(self._port, "GET", _QUESTION)
        expect(reply.status == 200 or reply.code() in BUSY, f"a plain question afterwards got {reply.status}")
        self._tally.count(0, [reply])  # a valid request, so it is not counted as a fuzzed one
