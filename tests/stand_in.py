"""Injects faults into the processes that parse files: Python code that a worker runs when it reads a certain file.

A `sitecustomize` module in a folder on PYTHONPATH, which a worker's Python imports at start, injects the code. So the
processes, their limits and their ends are real.
"""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest


class StandIn:
    """Faults of the workers of one test. Code may use `os`, `signal`, `time`, and `note(name)`, which writes a file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder / "stand-in"
        self._notes = self._folder / "notes"
        self._notes.mkdir(parents=True)
        self._code = self._folder / "sitecustomize.py"
        monkeypatch.setenv("PYTHONPATH", str(self._folder), prepend=os.pathsep)

    def meeting(self, source: str, deed: str, *, once: bool = False) -> None:
        """Run code when a file of this name is read; with `once`, only the first time."""
        guard = "noted('met')" if once else "False"
        self._write(
            "import qa.reading.documents\n"
            "real = qa.reading.documents.parse_file\n"
            "def parse_file(source, data):\n"
            f"    if source == {source!r} and not {guard}:\n"
            "        note('met'); note(f'worker-{os.getpid()}')\n"
            f"{textwrap.indent(deed, ' ' * 8)}\n"
            "    return real(source, data)\n"
            "qa.reading.documents.parse_file = parse_file\n"
        )

    def starting(self, deed: str) -> None:
        """Run code when a worker starts."""
        self._write(
            f"if 'parser_worker' in ' '.join(sys.orig_argv):\n    note(f'worker-{{os.getpid()}}')\n"
            f"{textwrap.indent(deed, ' ' * 4)}\n"
        )

    def heal(self) -> None:
        """Remove all faults."""
        self._code.unlink()

    @property
    def workers(self) -> int:
        """The number of workers that ran a fault's code."""
        return len(list(self._notes.glob("worker-*")))

    def _write(self, code: str) -> None:
        self._code.write_text(
            "import os, resource, signal, sys, time\n"
            f"def noted(name): return os.path.exists(os.path.join({str(self._notes)!r}, name))\n"
            f"def note(name): open(os.path.join({str(self._notes)!r}, name), 'w').close()\n" + code
        )
