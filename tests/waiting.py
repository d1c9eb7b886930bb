"""Waiting in tests: for an event or a state, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 600  # only ends a test that hangs: a working test takes less than a tenth of it, on the slowest machine


def until(is_so: Callable[[], object]) -> None:
    """Return once a condition holds.

    Raises:
        AssertionError: it did not hold within the time after which a test counts as hanging.
    """
    begin = time.monotonic()
    while not is_so():
        waited = time.monotonic() - begin
        assert waited < PATIENCE_S, f"still not so after {PATIENCE_S} s"
        time.sleep(min(0.2, max(0.005, waited / 20)))  # a look may be a request: it takes no core from what is awaited
