"""The command line. `qa.cli.arguments` lists the commands.

Exit status: 0 done; 1 an error, in one line, or something that `doctor` found wrong; 2 wrong usage; 3 built, but
some files could not be read, or were kept as read before; 4 asked, but the documents do not seem to say; 130
interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from qa.cli.arguments import command_parser
from qa.cli.interrupts import ended_by_ctrl_c
from qa.cli.log_form import LineFormatter
from qa.cli.openmp import limit_threads
from qa.cli.output import log_as, prepare_output, say
from qa.cli.packages import check_packages
from qa.errors import QAError
from qa.settings import load_settings

EXIT_ERROR = 1
EXIT_INTERRUPTED = 130

# Messages of Python and of the dynamic loader when memory for a thread's stack or for a library is refused.
_NO_MEMORY = ("can't start new thread", "failed to map segment")
_BUILDING = ("build", "watch")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    command = ""
    try:
        limit_threads()
        prepare_output()
        arguments = command_parser().parse(argv)
        command = arguments.command
        return _run(arguments)
    except BrokenPipeError:
        # The reader closed the pipe, as `qa ask … | head -1` does; Python's flush at exit would fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except KeyboardInterrupt:
        untouched = "; the index that serves is untouched" if command in _BUILDING else ""
        say(f"qa: interrupted{untouched}", to=sys.stderr)
        return EXIT_INTERRUPTED


def _run(arguments: argparse.Namespace) -> int:
    """Run a command; print the error that ends it in one line."""
    module, _, name = arguments.run.partition(":")
    try:
        settings = load_settings()
        log_as(LineFormatter(settings.log))
        check_packages(f"qa {arguments.command}", *arguments.packages)
        with ended_by_ctrl_c():
            run = getattr(import_module(module), name)
        status: int = run(settings, arguments)
    except QAError as error:
        say(f"qa: {error.code}: {error}", to=sys.stderr)
        return EXIT_ERROR
    except (MemoryError, RuntimeError, ImportError) as error:
        if not isinstance(error, MemoryError) and not any(said in str(error) for said in _NO_MEMORY):
            raise
        said = f"this process may take no more ({str(error) or 'out of memory'})"
        say(f"qa: no_memory: There is too little memory: {said}. Free some, or raise its limits.", to=sys.stderr)
        return EXIT_ERROR
    return status


if __name__ == "__main__":
    sys.exit(main())
