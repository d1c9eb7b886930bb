"""Reads JSON Lines as drafts: each line is an object. A block's page is the number of its line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qa.errors import UnreadableFile
from qa.reading.decode import clean, clean_line
from qa.reading.draft import Draft, Read
from qa.records import BlockKind

_TITLES = ("title", "name", "heading", "subject")
_TEXTS = ("text", "content", "body", "contents", "passage")
_DEEPEST = 20


def read_json_lines(text: str) -> Read:
    """Convert lines of JSON to drafts: titles as headings, texts as paragraphs, other values on one line with names.

    Raises:
        UnreadableFile: a line is not JSON.
    """
    drafts: list[Draft] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"line {number} is not JSON ({str(error)[:80]})") from None
        drafts += _drafts(value, number)
    return Read(drafts, {})


def _drafts(value: object, number: int) -> Iterator[Draft]:
    if not isinstance(value, dict):
        yield Draft(BlockKind.PARAGRAPH, _shown(value), page=number)
        return
    names = {str(name).lower(): name for name in value}
    title = next((names[each] for each in _TITLES if isinstance(value.get(names.get(each)), str)), None)
    text = next((names[each] for each in _TEXTS if isinstance(value.get(names.get(each)), str)), None)
    if title is not None and text is not None:
        yield Draft(BlockKind.HEADING, clean_line(value[title]), level=2, page=number)
    rest = {name: each for name, each in value.items() if text is None or name not in (title, text)}
    parts = [f"{name}: {_shown(each)}" for name, each in rest.items() if _shown(each)]
    if parts:
        yield Draft(BlockKind.TABLE, clean_line(" | ".join(parts)), page=number)
    if text is not None:
        for paragraph in clean(value[text]).split("\n\n"):
            yield Draft(BlockKind.PARAGRAPH, "\n".join(map(clean_line, paragraph.split("\n"))), page=number)


def _shown(value: object, depth: int = 0) -> str:
    """A value on one line: lists joined by commas, objects as names with values."""
    if depth > _DEEPEST or value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {shown}" for name, each in value.items() if (shown := _shown(each, depth + 1)))
    if isinstance(value, list):
        return ", ".join(filter(None, (_shown(each, depth + 1) for each in value)))
    return clean_line(value if isinstance(value, str) else json.dumps(value))
