"""Files read at arm's length: in a process of their own, with limits on time and memory.

Guarantees: whatever a file holds, reading it ends, within the time allowed, in its content or in a reason; the process
that asked is never harmed. One worker process reads file after file and is replaced when it dies or is stopped.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from qa.errors import UnreadableFile
from qa.json_reading import parse_json
from qa.load import Parsed
from qa.records import Block, BlockKind, Passage, PassageKind, Span

_GRACE_S = 5  # a worker that outlives its limit by this much ends itself, should its parent be gone


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: the parsed text, and the passages cut from it, whose document id is empty."""

    parsed: Parsed
    passages: tuple[Passage, ...]


class Parser:
    """Reads files in a worker process. Not for several threads at once."""

    def __init__(self, limit_s: float, memory_mb: int) -> None:
        self._limit_s = limit_s
        self._memory_mb = memory_mb
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, source: str, data: bytes) -> Content:
        """Read a file's content and cut it into passages.

        Raises:
            UnreadableFile: it cannot be read, or not within the limits.
        """
        process = self._running()
        timed_out = threading.Event()

        def stop() -> None:
            timed_out.set()
            process.kill()

        timer = threading.Timer(self._limit_s, stop)
        timer.start()
        try:
            reply = _exchange(process, source, data)
        finally:
            timer.cancel()
        if timed_out.is_set():
            self.close()
            raise UnreadableFile(f"took longer than {self._limit_s:g} s to read (QA_PARSE_SECONDS)")
        if not reply:
            self.close()
            raise UnreadableFile(f"stopped its parser ({_how_it_ended(process)}); it is broken or hostile")
        try:
            answer = parse_json(reply)
        except ValueError:
            self.close()
            raise UnreadableFile("made its parser reply nonsense; it is broken or hostile") from None
        if answer.get("exhausted"):
            self.close()
            raise UnreadableFile(f"needs more than {self._memory_mb} MB of memory to read (QA_PARSE_MEMORY_MB)")
        if "error" in answer:
            raise UnreadableFile(answer["error"])
        return from_data(answer)

    def close(self) -> None:
        """End the worker."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # what is still buffered has no reader any more
                    if pipe:
                        pipe.close()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process and self._process.poll() is None:
            return self._process
        self.close()
        package = str(Path(__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "qa.parsing_worker", str(int(self._limit_s + _GRACE_S)), str(self._memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
        )
        return self._process


def to_data(content: Content) -> dict[str, Any]:
    """Content as JSON data."""
    return {
        "text": content.parsed.text,
        "blocks": [_fields(block) for block in content.parsed.blocks],
        "own": dict(content.parsed.own),
        "passages": [
            [
                passage.start,
                passage.end,
                passage.headings,
                [(span.start, span.end) for span in passage.sentences],
                passage.kind,
                passage.page,
                [(span.start, span.end) for span in passage.footnotes],
            ]
            for passage in content.passages
        ],
    }


def from_data(data: dict[str, Any]) -> Content:
    """Content from JSON data."""
    text = data["text"]
    passages = tuple(
        Passage(
            "",
            start,
            end,
            text[start:end],
            tuple(headings),
            tuple(Span(*span) for span in sentences),
            PassageKind(kind),
            page,
            tuple(Span(*span) for span in footnotes),
        )
        for start, end, headings, sentences, kind, page, footnotes in data["passages"]
    )
    blocks = tuple(Block(BlockKind(kind), *rest) for kind, *rest in data["blocks"])
    return Content(Parsed(text, blocks, data["own"]), passages)


def _fields(block: Block) -> list[object]:
    return [block.kind, block.start, block.end, block.level, block.run_in, block.slide, block.page]


def _exchange(process: subprocess.Popen[bytes], source: str, data: bytes) -> bytes:
    """Send a file and read the reply; empty when the worker ended instead."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({"source": source, "bytes": len(data)}).encode() + b"\n" + data)
        process.stdin.flush()
        return process.stdout.readline()
    except OSError:
        return b""


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    status = process.wait()
    if status < 0:
        try:
            return signal.Signals(-status).name
        except ValueError:
            return f"signal {-status}"
    return f"exit status {status}"
