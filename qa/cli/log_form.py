"""The two forms of a line in the log: text for people, JSON for programs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal

from qa.text.safe_text import printable

Form = Literal["text", "json"]
Ids = Callable[[], Mapping[str, str]]


def _no_ids() -> Mapping[str, str]:
    return {}


class LineFormatter(logging.Formatter):
    """Formats a log record as one line.

    As text: level and message, then the request's ids; lines of a traceback are indented, so that none looks like a
    record. As JSON: an object with `time` (ISO 8601 in UTC), `level`, `logger`, `message`, the ids, and `traceback` if
    there is one.
    """

    def __init__(self, form: Form = "text", ids: Ids = _no_ids) -> None:
        super().__init__()
        self._form = form
        self._ids = ids

    def format(self, record: logging.LogRecord) -> str:
        """Format a record."""
        traceback = self.formatException(record.exc_info) if record.exc_info else ""
        return self._as_json(record, traceback) if self._form == "json" else self._as_text(record, traceback)

    def _as_text(self, record: logging.LogRecord, traceback: str) -> str:
        ids = ", ".join(f"{name} {value}" for name, value in self._ids().items())
        lines = [f"{record.levelname} {printable(record.getMessage())}" + (f" ({ids})" if ids else "")]
        lines += [f"  {printable(line)}" for line in traceback.split("\n") if traceback]
        return "\n".join(lines)

    def _as_json(self, record: logging.LogRecord, traceback: str) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **self._ids(),
        }
        return json.dumps(told | ({"traceback": traceback} if traceback else {}))


def as_json_line(line: str, logger: str) -> str:
    """A line printed by another program, as a JSON object; a line that is a JSON object already is unchanged.

    Args:
        line: With its line end.
        logger: The name of the logger to give for the line.
    """
    try:
        is_object = isinstance(json.loads(line), dict)
    except ValueError:
        is_object = False
    if is_object or not line.strip():
        return line
    record = logging.LogRecord(logger, logging.INFO, "", 0, "%s", (line.rstrip("\n"),), None)
    return LineFormatter("json").format(record) + "\n"
