"""The command `qa completion`: prints a script for shell completion, written by shtab."""

from __future__ import annotations

import argparse
from pathlib import Path

import shtab

from qa.cli.arguments import command_parser
from qa.settings import Settings


def run_completion(_: Settings, arguments: argparse.Namespace) -> int:
    """Print the script for a shell."""
    parser = command_parser()
    _complete_files(parser)
    print(shtab.complete(parser, shell=arguments.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser) -> None:
    """Complete file arguments of all commands with file names."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to list them
        if action.type is Path:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for command in action.choices.values():
                _complete_files(command)
