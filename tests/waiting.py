"""How tests wait: for an event, or for a state. Never for a span of time."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 600  # only ends a test that hangs: nothing that works takes a tenth of it, on the slowest machine


def until(is_so: Callable[[], object]) -> None:
    """Return once something is so.

    Raises:
        AssertionError: it has not come to be so in the time after which a test counts as hanging.
    """
    due = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < due, f"still not so after {PATIENCE_S} s"
        time.sleep(0.005)
