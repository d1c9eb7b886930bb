"""The environment of processes that this program starts: they find this package, and parsers find no secret."""

from __future__ import annotations

import os
from pathlib import Path

# What Python and the libraries need to start and to read text; anything else may be a secret.
_HARMLESS = frozenset(
    "PATH LANG LANGUAGE TZ PYTHONHOME PYTHONUTF8 PYTHONIOENCODING LD_LIBRARY_PATH DYLD_LIBRARY_PATH SYSTEMROOT "
    "TESSDATA_PREFIX".split()
)


def python_path() -> str:
    """`PYTHONPATH` of a process that imports this package: its place, then what this process was given."""
    package = str(Path(__file__).resolve().parents[2])
    return os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))


def parser_environment() -> dict[str, str]:
    """The environment of a process that parses files: what Python needs, and nothing that is a secret of ours."""
    kept = {name: value for name, value in os.environ.items() if name.upper() in _HARMLESS or name.startswith("LC_")}
    return {**kept, "PYTHONPATH": python_path()}
