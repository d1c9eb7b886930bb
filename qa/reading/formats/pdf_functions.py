"""Functions of PDFium for what a page holds thousands of, without the time that pointers take."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

ADDRESS = ctypes.c_void_p


def plain(function: Callable[..., object], result: type, *takes: type) -> Callable[..., Any]:
    """A function of PDFium that takes and gives addresses as plain numbers, which are quicker than pointers.

    The interpreter's lock is held meanwhile, since letting it go takes longer than the call.
    """
    return ctypes.cast(function, ctypes.PYFUNCTYPE(result, *takes))  # type: ignore[arg-type]
