"""Fast variants of PDFium functions that are called thousands of times a page."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

ADDRESS = ctypes.c_void_p


def plain(function: Callable[..., object], result: type, *takes: type) -> Callable[..., Any]:
    """A function of PDFium that takes and returns addresses as plain numbers, which are faster than pointers.

    The interpreter's lock is held during the call, since releasing it takes longer than the call.
    """
    return ctypes.cast(function, ctypes.PYFUNCTYPE(result, *takes))  # type: ignore[arg-type]
