"""The process that reads files for `qa.reading.parser_process`: one JSON line and a file's bytes in, one JSON line out.

A request asks for the content of a file, the members of a container, or the content of one document in it. The last
container stays open, so that its bytes are sent only once.

It sets its own limits before it reads anything, reports that it is ready, and discards the output of parsers. A reply
is the content, an `error` (a fault of the file), or `exhausted` or `for_now` (memory or another resource was lacking).
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from dataclasses import astuple
from typing import IO, Any

from qa.containers.container import Container
from qa.errors import UnreadableFile
from qa.reading.documents import parse_file
from qa.reading.parsed import Content, to_data
from qa.reading.parser_failures import failure
from qa.reading.parser_guard import limited_to
from qa.reading.passages import cut_passages
from qa.records import Document
from qa.text.readable_types import READ_SUFFIXES


def main() -> None:
    """Serve until the input ends."""
    limit_s, memory_mb = int(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends this process
    allowed_mb = limited_to(memory_mb)
    requests = sys.stdin.buffer
    with os.fdopen(os.dup(1), "wb") as replies:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        _say(replies, json.dumps({"memory_mb": allowed_mb}).encode("ascii"))
        containers: dict[str, Container] = {}
        while header := requests.readline():
            if sys.platform != "win32":
                signal.alarm(limit_s)
            reply = _answer(json.loads(header), requests, containers, allowed_mb)
            if sys.platform != "win32":
                signal.alarm(0)
            _say(replies, reply)


def _say(replies: IO[bytes], line: bytes) -> None:
    replies.write(line)
    replies.write(b"\n")
    replies.flush()


def _answer(request: dict[str, Any], data: IO[bytes], containers: dict[str, Container], allowed_mb: int) -> bytes:
    """The reply to a request, as ASCII JSON on one line."""
    try:
        return json.dumps(_wanted(request, data.read(request["bytes"]), containers)).encode("ascii")
    except Exception as error:  # noqa: BLE001 - parsers raise any exception on broken files; it is reported
        return json.dumps(failure(error, allowed_mb)).encode("ascii")


def _wanted(request: dict[str, Any], data: bytes, containers: dict[str, Container]) -> dict[str, Any]:
    """The requested content, as JSON data. `containers` has the last one sent, by its kind and digest."""
    source = request["source"]
    if "container" not in request:
        return read(source, data)
    key = request["container"]
    if data:
        containers.clear()
        containers[key] = Container(source, io.BytesIO(data), request["most_bytes"])
    if key not in containers:  # it could not be opened, as already reported in its list
        raise UnreadableFile("is in a container that cannot be opened")
    if "member" not in request:
        return {"members": [astuple(member) for member in containers[key].members(READ_SUFFIXES)]}
    return read(request["member"], containers[key].take(request["member"]))


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
