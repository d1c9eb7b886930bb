"""Checks that there is enough memory to load a model, and explains in one line why it cannot be loaded or run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from qa.errors import ModelUnavailable

if sys.platform != "win32":
    import resource

_NO_MEMORY = re.compile(
    r"bad_alloc|cannot allocate|can't allocate|failed to map|out of memory|not enough memory", re.IGNORECASE
)
_LONGEST_CHARS = 300
# Address space for the libraries and the packaged model, measured on two cores.
BARE_MB = 350
LIBRARY_MB = 870


def check_room(needed_mb: int) -> None:
    """Check that this process's limit allows the memory for loading a model.

    With too little memory, threads of the libraries may crash or hang without an error.

    Args:
        needed_mb: `BARE_MB` or `LIBRARY_MB`, depending on what is loaded.

    Raises:
        ModelUnavailable: its limit (`ulimit -v`) leaves too little.
    """
    if sys.platform != "linux" or "torch" in sys.modules:  # PyTorch is already loaded
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    left_mb = (limit - pages * resource.getpagesize()) >> 20
    if left_mb < needed_mb:
        raise ModelUnavailable(
            f"There is too little memory to load the model: {left_mb} MB are left of the {limit >> 20} MB that this"
            f" process may take, and {needed_mb} MB are needed. Raise its limit (ulimit -v)."
        )


def why(error: Exception) -> str:
    """The reason of a library's error, in one line; for a lack of memory also what to do."""
    lines = str(error).strip().splitlines()
    said = (lines[0] if lines else type(error).__name__)[:_LONGEST_CHARS]
    if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
        return f"there is too little memory ({said}); free some, or raise the limit of this process (ulimit -v)"
    if isinstance(error, ImportError):
        return f"a library is missing or broken ({said}); install the locked requirements again"
    return said
