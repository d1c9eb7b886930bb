"""Describes how a process ended."""

from __future__ import annotations

import signal


def how_it_ended(status: int) -> str:
    """An exit status in words. `status` is as `subprocess` gives it: negative after a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
