"""Text for a terminal: wrapped to its width, with bold or underlined words and links, depending on the environment."""

from __future__ import annotations

import re
import sys
import unicodedata
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.cli.terminal import Terminal, terminal_of
from qa.records import Span

PLAIN = Terminal(columns=40)
BOLD = Terminal(columns=40, bold=True)


class Output(StringIO):
    """An output that is or is not a terminal."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    encoding = "utf-8"

    def isatty(self) -> bool:
        return self._is_terminal


def columns(text: str) -> int:
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me", "Cf") for char in text)


WORDS = st.text("ab \n-\u5e74\u0301.", max_size=200)


@given(WORDS, st.integers(20, 60))
def test_lines_fit_and_hold_every_character_but_blanks(text, width):
    lines = list(Terminal(columns=width).wrapped(text))
    assert all(columns(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert len(lines) >= text.count("\n") + 1


@given(WORDS, st.data())
def test_what_is_bold_is_what_is_marked(text, data):
    first, last = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    shown = "\n".join(BOLD.wrapped(text, (Span(first, last),)))
    bold = "".join(re.findall(r"\x1b\[1m(.*?)\x1b\[22m", shown, re.DOTALL))
    assert "".join(bold.split()) == "".join(text[first:last].split())
    assert re.sub(r"\x1b\[\d+m", "", shown) == "\n".join(Terminal(columns=40).wrapped(text))


@given(WORDS, st.data())
def test_without_bold_carets_stand_below_the_marked_characters(text, data):
    first, last = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    text = text.replace("^", "").replace("\u5e74", "a").replace("\u0301", "b")
    lines = list(PLAIN.wrapped(text, (Span(first, last),)))
    marked = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if below and not set(below) - {" ", "^"}:
            marked += [char for char, mark in zip(line.ljust(len(below)), below, strict=False) if mark == "^"]
    assert "".join("".join(marked).split()) == "".join(text[first:last].split())


def test_a_line_is_broken_at_blanks_and_a_long_word_where_it_must_be():
    narrow = Terminal(columns=20)
    assert list(narrow.wrapped("The oldest pier was built by Mara Quill.")) == [
        "The oldest pier was",
        "built by Mara Quill.",
    ]
    assert list(narrow.wrapped("x" * 45, margin="> ")) == ["> " + "x" * 20, "> " + "x" * 20, "> " + "x" * 5]
    assert list(narrow.wrapped("a\n\n\tb", margin="| ")) == ["| a", "|", "|         b"]


def test_carets_stand_below_wide_characters_and_escapes():
    marks = (Span(1, 2),)
    assert list(PLAIN.wrapped("a\u5e74b", marks)) == ["a\u5e74b", " ^^"]
    assert list(PLAIN.wrapped("a\x1bb", marks)) == [r"a\x1bb", " ^^^^"]
    assert list(Terminal(encoding="ascii").wrapped("a\u5e74b", marks)) == [r"a\u5e74b", " ^^^^^^"]


def test_a_link_is_one_only_where_there_are_links():
    linked = Terminal(links=True).link("pier\x1b.txt", "http://127.0.0.1:8000/documents/pier")
    assert linked == "\x1b]8;;http://127.0.0.1:8000/documents/pier\x1b\\pier\\x1b.txt\x1b]8;;\x1b\\"
    assert Terminal().link("pier.txt", "http://127.0.0.1:8000/") == "pier.txt"
    assert Terminal(links=True).link("pier.txt", None) == "pier.txt"


@pytest.mark.skipif(sys.platform == "win32", reason="old consoles there take no escapes")
@pytest.mark.parametrize(
    ("env", "is_terminal", "bold"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_bold_follows_the_output_and_the_environment(env, is_terminal, bold):
    assert terminal_of(Output(is_terminal=is_terminal), env).bold == bold


@pytest.mark.parametrize(
    ("env", "is_terminal", "links"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM_PROGRAM": "iTerm.app"}, True, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True, False),
        ({"VTE_VERSION": "7006"}, True, True),
        ({"VTE_VERSION": "4002"}, True, False),
        ({"VTE_VERSION": "x"}, True, False),
        ({"WT_SESSION": "1"}, True, True),
        ({"WT_SESSION": "1", "TERM": "dumb"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, True),
        ({"FORCE_HYPERLINK": "0", "WT_SESSION": "1"}, True, False),
    ],
)
def test_links_are_for_terminals_that_are_known_to_have_them(env, is_terminal, links):
    assert terminal_of(Output(is_terminal=is_terminal), env).links == links


@pytest.mark.parametrize(("given_columns", "used"), [("60", 60), ("250", 100), ("0", 80), ("x", 80), ("9" * 9, 80)])
def test_lines_are_as_wide_as_the_terminal_and_never_too_wide_to_read(monkeypatch, given_columns, used):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_of(Output(is_terminal=False), {"COLUMNS": given_columns}).columns == used
