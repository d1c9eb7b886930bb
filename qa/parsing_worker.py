"""The process that reads files for `qa.parsing`: one JSON line and a file's bytes in, one JSON line out.

It takes the limits upon itself before it reads anything, and what a parser prints goes nowhere.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import IO, Any

from qa.errors import UnreadableFile
from qa.load import parse_file
from qa.parsing import Content, to_data
from qa.passages import cut_passages
from qa.records import Document

if sys.platform != "win32":
    import resource

_LONGEST_REASON_CHARS = 300


def main() -> None:
    """Serve until the input ends."""
    limit_s, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process itself
    if sys.platform != "win32":
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb << 20, memory_mb << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        # A parser may write no file; what it tries to print is dropped below.
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    requests = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as replies:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        while header := requests.readline():
            if sys.platform != "win32":
                signal.alarm(limit_s)
            reply = _answer(json.loads(header), requests)
            if sys.platform != "win32":
                signal.alarm(0)
            replies.write(json.dumps(reply).encode("ascii") + b"\n")
            replies.flush()


def _answer(request: dict[str, Any], data: IO[bytes]) -> dict[str, Any]:
    try:
        return read(request["source"], data.read(request["bytes"]))
    except UnreadableFile as error:
        return {"error": str(error)}
    except MemoryError:
        return {"exhausted": True}
    except RecursionError:
        return {"error": "is nested too deeply to read"}
    except Exception as error:  # noqa: BLE001 - parsers raise what they like on broken files; the reason is reported
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {"error": f"is broken ({reason[:_LONGEST_REASON_CHARS]})"}


def read(source: str, data: bytes) -> dict[str, Any]:
    """Read a file and cut it into passages, as JSON data.

    Raises:
        UnreadableFile: it cannot be read.
    """
    parsed = parse_file(source, data)
    document = Document("", source, "", parsed.text, parsed.blocks, "")
    return to_data(Content(parsed, cut_passages(document)))


if __name__ == "__main__":
    main()
