"""Parses front matter of Markdown: a mapping in YAML between `---` lines, in TOML between `+++` lines, or in JSON.

An opening line without a mapping after it is not front matter. Values are kept as written: a title `No` or `2024` is
text.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import yaml

from qa.reading.sidecar import check_toml

_YAML = re.compile(r"---[ \t]*\n(?!\s*\n)((?:(?!(?:---|\.\.\.)[ \t]*(?:\n|$))[^\n]*\n)*+)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_TOML = re.compile(r"\+\+\+[ \t]*\n((?:(?!\+\+\+[ \t]*(?:\n|$))[^\n]*\n)*+)\+\+\+[ \t]*(?:\n|$)")
_JSON = re.compile(r'\{[^\S\n]*+\n\s*+"')
_MOST_CHARS = 100_000
_DEEPEST = 20  # levels of indentation by two blanks, or brackets in a line; the parser is recursive
_LINE = re.compile(r"([A-Za-z_][\w-]*+)[ \t]*+:[ \t]*+(\S.*)?")
_OTHER_NAMES = {"authors": "author", "link": "url", "canonical": "url", "canonical_url": "url", "published": "date",
                "pubdate": "date", "site": "publisher"}  # fmt: skip


def front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split front matter from a text.

    Returns:
        The values by lower-case name, lists joined by commas, and the text below. Nested values are left out.
    """
    for form, parse in ((_YAML, _parse_yaml), (_TOML, _parse_toml)):
        match = form.match(text)
        if match and len(match[1]) <= _MOST_CHARS and (values := parse(match[1])):
            return _plain_values(values), text[match.end() :]
    return _json(text)


def _json(text: str) -> tuple[dict[str, str], str]:
    """Front matter in JSON: an object at the beginning of the file, with its brackets on separate lines."""
    if _JSON.match(text):
        try:
            values, end = json.JSONDecoder().raw_decode(text[:_MOST_CHARS])
        except (ValueError, RecursionError):
            return {}, text
        if text[end : end + 1] in ("", "\n") and (plain := _plain_values(values)):
            return plain, text[end:]
    return {}, text


def _parse_yaml(text: str) -> Mapping[Any, Any] | None:
    if max(map(text.count, "[{"), default=0) > _MOST_CHARS // 10 or _is_deep(text):
        return None
    try:
        values = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - the base loader makes strings, lists and dicts
    except (yaml.YAMLError, RecursionError, ValueError):
        return _lines(text)
    return values if isinstance(values, dict) else None


def _is_deep(text: str) -> bool:
    return any(
        len(line) - len(line.lstrip(" ")) > 2 * _DEEPEST or line.count("[") + line.count("{") > _DEEPEST
        or line.count("- ") > _DEEPEST
        for line in text.split("\n")
    )  # fmt: skip


def _lines(text: str) -> dict[str, str] | None:
    """Front matter that is not valid YAML (such as an unquoted colon in a title) but has only `name: value` lines."""
    outer = [line for line in text.split("\n") if line and not line[0].isspace() and line[0] not in "-#"]
    pairs = [_LINE.fullmatch(line) for line in outer]
    if not pairs or not all(pairs):
        return None
    return {pair[1]: (pair[2] or "").strip(" \t").strip("\"'") for pair in pairs if pair}


def _parse_toml(text: str) -> Mapping[str, Any] | None:
    try:
        check_toml(text)
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain_values(values: Mapping[Any, Any]) -> dict[str, str]:
    plain: dict[str, str] = {}
    for name, value in values.items():
        shown = _shown(value)
        if isinstance(name, str) and shown:
            plain[name.lower()] = shown
    for other, name in _OTHER_NAMES.items():
        if other in plain:
            plain.setdefault(name, plain[other])
    return plain


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return _shown(value.get("name", ""))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_shown, value))) if len(value) <= 20 else ""
    return "" if isinstance(value, bool) else " ".join(str(value).split())
