"""The log as text and as JSON, with the ids of the request."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qa.cli.log_form import LineFormatter, as_json_line

ROOT = Path(__file__).parent.parent
IDS = {"request": "0123456789abcdef", "trace": "a" * 32}


def record(message: str, *, failed: bool = False) -> logging.LogRecord:
    try:
        raise ValueError("x\nINFO forged")  # noqa: TRY301
    except ValueError:
        info = sys.exc_info() if failed else None
    return logging.LogRecord("qa.web", logging.WARNING, "", 0, message, (), info)


def test_text_ends_with_the_ids_where_there_are_any() -> None:
    assert LineFormatter().format(record("slow")) == "WARNING slow"
    told = LineFormatter("text", lambda: IDS).format(record("slow"))
    assert told == f"WARNING slow (request 0123456789abcdef, trace {'a' * 32})"


def test_a_line_of_json_is_one_object_whatever_it_says() -> None:
    told = LineFormatter("json", lambda: IDS).format(record("a\nline\x1b[2J é", failed=True))
    assert "\n" not in told
    entry = json.loads(told)
    assert list(entry) == ["time", "level", "logger", "message", "request", "trace", "traceback"]
    assert (entry["level"], entry["logger"], entry["message"]) == ("WARNING", "qa.web", "a\nline\x1b[2J é")
    assert entry["time"].endswith("+00:00")
    assert "ValueError: x" in entry["traceback"]


@pytest.mark.parametrize("line", ["Snapshot 1 now serves.\n", "3\n", "[1]\n", '{"half\n'])
def test_what_another_program_prints_becomes_an_object(line: str) -> None:
    entry = json.loads(as_json_line(line, "qa.builder"))
    assert (entry["message"], entry["logger"], entry["level"]) == (line.rstrip("\n"), "qa.builder", "INFO")


@pytest.mark.parametrize("line", ['{"message": "told"}\n', "\n"])
def test_an_object_and_an_empty_line_stay(line: str) -> None:
    assert as_json_line(line, "qa.builder") == line


WARNS = """
import logging, sys
import qa.cli.index_contents
from qa.cli.main import main
qa.cli.index_contents.run_status = lambda *_: logging.getLogger("qa").warning("told") or 0
sys.exit(main(["status"]))
"""


@pytest.mark.parametrize(("form", "message"), [("text", str.strip), ("json", lambda line: json.loads(line)["message"])])
def test_a_command_logs_in_the_form_of_the_setting(form: str, message: Callable[[str], str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QA_LOG": form}
    done = subprocess.run([sys.executable, "-c", WARNS], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    assert message(line) == {"text": "WARNING told", "json": "told"}[form]
