"""The program `qa` and `python -m qa`: runs the command line, and ends without a traceback after Ctrl-C."""

from __future__ import annotations

import signal
import sys

from qa.cli.interrupts import ended_by_ctrl_c

EXIT_INTERRUPTED = 130


def main() -> int:
    """Run the command line and return its exit status."""
    with ended_by_ctrl_c():
        from qa.cli.main import main as run  # noqa: PLC0415 - its libraries take a moment to import

    try:
        return run()
    except KeyboardInterrupt:  # a second Ctrl-C, while it ends
        return EXIT_INTERRUPTED
    finally:
        # During the interpreter's exit, Ctrl-C would print a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    sys.exit(main())
