"""Child processes: their environment, in which this package is found and parsers have no secrets, and how they end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# Variables that Python and the libraries need; any other may be a secret.
_HARMLESS = frozenset(
    "PATH LANG LANGUAGE TZ PYTHONHOME PYTHONUTF8 PYTHONIOENCODING LD_LIBRARY_PATH DYLD_LIBRARY_PATH SYSTEMROOT "
    "TESSDATA_PREFIX".split()
)


def python_path() -> str:
    """`PYTHONPATH` of a process that imports this package: its folder, then this process's own value."""
    package = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))


def parser_environment() -> dict[str, str]:
    """The environment of a process that parses files: only the variables that Python and the libraries need."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in _HARMLESS or name.startswith("LC_")}
    return {**kept, "PYTHONPATH": python_path()}


def how_it_ended(status: int) -> str:
    """An exit status in words. `status` is as `subprocess` gives it: negative after a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
