"""The process that draws a page of a PDF: a JSON line in, a JSON line and the picture's bytes out.

It gets the file as an open descriptor, and sets its own limits before it reads anything, so a broken file cannot use
the server's time and memory. Its argument is its time limit in seconds.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from qa.reading.parser_guard import limited_to

MEMORY_MB = 1536


def main() -> None:
    """Draw one page and end."""
    request = json.loads(sys.stdin.buffer.readline())
    limited_to(MEMORY_MB, int(sys.argv[1]))
    with os.fdopen(os.dup(1), "wb") as reply:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the engine's output is discarded
        header, png = _drawn(request)
        reply.write(json.dumps(header).encode("ascii") + b"\n" + png)


def _drawn(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    from qa.reading.formats.pdf_picture import draw_page  # noqa: PLC0415 - the limits also apply to its import

    quotes = [(start, end) for start, end in request["quotes"]]
    with os.fdopen(request["file"], "rb") as file:
        file.seek(0)
        drawing = draw_page(file, request["page"], request["text"], quotes)
    if drawing is None:
        return {"missing": True}, b""
    return {"width": drawing.width, "height": drawing.height, "boxes": len(drawing.boxes)}, drawing.png


if __name__ == "__main__":
    main()
