"""The time of each regular expression of the package is at most linear in its text, for any text."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pattern_steps import TooManySteps, hostile, steps

import qa

# Searches in bounded texts, and the reason for the bound.
BOUNDED = {
    "qa.answering.answer_type._HELD": "one sentence, of at most 1,200 characters",
    "qa.answering.offices._BEFORE": "the 300 characters before an office",
    "qa.answering.offices._BEHIND": "the 300 characters behind an office",
    "qa.answering.disagreement._LISTED": "one sentence, of at most 1,200 characters",
    "qa.reading.formats.csv._NUMBER": "a cell of at most 40 characters",
    "qa.reading.hyphens._BROKEN_OFF": "the last 100 characters of a line",
    "qa.reading.titles._SCANNER": "a title of at most 300 characters",
    "qa.reading.titles._FILE_NAME": "a title of at most 300 characters",
    "qa.reading.titles._PATH": "a title of at most 300 characters",
}
ONCE_ONLY = {"match", "fullmatch"}
SEARCHES = {"search", "sub", "subn", "findall", "finditer", "split"}
SIZES = ((40, 160), (250, 1000))  # the larger one if a bounded repetition still grows at the smaller


def modules() -> list[str]:
    return sorted(found.name for found in pkgutil.walk_packages(qa.__path__, "qa."))


def patterns(name: str) -> Iterator[tuple[re.Pattern[Any], bool, str]]:
    """Every pattern of a module, whether it is searched beyond the beginning of a text, and its place."""
    module = importlib.import_module(name)
    tree = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8"))
    for pattern, search, where in (*_constants(module, tree), *_calls(module, tree)):
        if f"{name}.{where.partition('-')[0]}" not in BOUNDED:
            yield pattern, search, where


def _constants(module: ModuleType, tree: ast.Module) -> Iterator[tuple[re.Pattern[Any], bool, str]]:
    """The compiled patterns of a module."""
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.setdefault(node.value.id, set()).add(node.attr)
    for variable, value in vars(module).items():
        held = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
        for number, pattern in enumerate(held):
            if isinstance(pattern, re.Pattern):
                yield pattern, not used.get(variable) or not used[variable] <= ONCE_ONLY, f"{variable}-{number}"


def _calls(module: ModuleType, tree: ast.Module) -> Iterator[tuple[re.Pattern[Any], bool, str]]:
    """The patterns that a module passes to functions of `re`."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if (
            isinstance(call.func.value, ast.Name)
            and call.func.value.id == "re"
            and call.func.attr in SEARCHES | ONCE_ONLY
        ):
            source = eval(compile(ast.Expression(call.args[0]), "", "eval"), dict(vars(module)))
            yield re.compile(source), call.func.attr in SEARCHES, f"line-{call.lineno}"


@pytest.mark.parametrize("name", modules())
def test_a_pattern_takes_steps_in_proportion_to_its_text(name: str) -> None:
    for pattern, search, where in patterns(name):
        assert _uneven(pattern, search=search) is None, (where, pattern.pattern)


@cache  # some patterns are constants of several modules
def _uneven(pattern: re.Pattern[Any], *, search: bool) -> tuple[str, str] | None:
    """A text, as beginning and repeated part, for which the steps are not in proportion."""
    return next((each for each in hostile(pattern) if not _is_linear(pattern, *each, search=search)), None)


def _is_linear(pattern: re.Pattern[Any], opening: str, unit: str, *, search: bool) -> bool:
    return any(_grows_evenly(pattern, opening, unit, search, *sizes) for sizes in SIZES)


def _grows_evenly(pattern: re.Pattern[Any], opening: str, unit: str, search: bool, small: int, large: int) -> bool:
    try:
        texts = (opening + unit * (size // len(unit)) + "\x00" for size in (small, large))
        taken = [steps(pattern, text, search=search) for text in texts]
    except TooManySteps:
        return False
    return taken[1] <= 5 * taken[0] + 200


@pytest.mark.parametrize(
    ("pattern", "search"),
    [
        (r"(?:a+)+b", False),
        (r"(\w+)[-\u2010]$", True),
        (r"\w+(?:-\w+)+", True),
        (r"<!--.*?-->", True),
        (r"(#{1,6})[ \t]+(\S.*?)[ \t]*#*$", False),
        (r"([A-Za-z_][\w-]*)[ \t]*:[ \t]*(.*?)[ \t]*$", False),
        (r"\s*(?:<!--(?s:.*?)-->\s*)*<(?:!doctype\s+html|html)\b", False),
        (r"\d[\d,.]*\s?(?:dollars|%)", True),
    ],
)
def test_the_check_finds_patterns_that_do_not(pattern: str, search: bool) -> None:
    assert _uneven(re.compile(pattern), search=search)
