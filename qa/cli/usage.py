"""The parser of the command line's arguments; it suggests a correction for wrong usage."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

from qa.text.safe_text import printable

EXIT_USAGE = 2

_OPTION = re.compile(r"(?<!\S)-{1,2}\w[\w-]*")


def number(least: int, most: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number in a range, both ends included."""

    def parsed(given: str) -> int:
        if not given.isdecimal() or not least <= int(given) <= most:
            raise argparse.ArgumentTypeError(f"{given} is not a whole number from {least} to {most}")
        return int(given)

    return parsed


class Parser(argparse.ArgumentParser):
    """A parser of commands; `commands` has their parsers by name."""

    commands: Mapping[str, argparse.ArgumentParser] = {}

    def error(self, message: str) -> NoReturn:
        """Print the error and the command's usage, and end with status 2."""
        super().error(printable(message))

    def parse(self, arguments: Sequence[str] | None = None) -> argparse.Namespace:
        """Parse the given arguments, or those of the program.

        Without arguments it prints the help, with wrong ones an error; both end the program with status 2.
        """
        given = sys.argv[1:] if arguments is None else list(arguments)
        if given and not given[0].startswith("-") and given[0] not in self.commands:
            self.error(f"there is no command {given[0]!r}; {self._command_meant(given)}")
        found, unknown = self.parse_known_args(given)
        if unknown:
            parser = self.commands.get(found.command, self)
            parser.error(f"unrecognized arguments: {' '.join(unknown)}{_option_meant(parser, unknown)}")
        if found.command is None:
            self.print_help(sys.stderr)
            self.exit(EXIT_USAGE)
        return found

    def _command_meant(self, given: Sequence[str]) -> str:
        alike = _alike(given[0], self.commands)
        if alike:
            return f"did you mean `{self.prog} {alike}`?"
        if " " in given[0] or len(given) > 1:
            return f"to ask a question, write `{self.prog} ask` before it"
        return f"`{self.prog} --help` lists them"


def _option_meant(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> str:
    known = set(_OPTION.findall(parser.format_help()))
    for word in unknown:
        alike = word.startswith("--") and _alike(word.partition("=")[0], known)
        if alike:
            return f"; did you mean {alike}?"
    return ""


def _alike(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches  # noqa: PLC0415 - right usage need not wait for it

    return next(iter(get_close_matches(word, known, 1)), None)
