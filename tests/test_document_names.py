"""Which names a document may have."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import InvalidRequest
from qa.text.document_names import checked_name, why_refused

CHARACTER, INVISIBLE, PART = "holds a character", "holds an invisible", "has an empty, hidden"
RESERVED, LONG, SIDECAR = "is reserved", "is too long", "is the sidecar's"

REFUSED = [
    *((name, PART) for name in ("", "/", "/etc/passwd", "../a.txt", "a/../../b.txt", "a//b.txt", "./a.txt", "a/",
                                ".hidden.txt", "a/.git/x.txt", "~$a.docx", "__MACOSX/a.txt", "a.txt.", "a.txt ",
                                "a /b.txt")),
    *((name, CHARACTER) for name in ("a\\b.txt", "C:\\a.txt", "c:a.txt", "a\0.txt", "a\n.txt", "\x1b]0;x\x07.txt",
                                     "a?.txt", "\ud800.txt", "\u202egpj.txt", "a\u2028.txt", "a\u200b.txt",
                                     "a\u200e.txt", "\ufeffa.txt", "a\u00ad.txt", "a\u2066.txt", "a\x85.txt",
                                     "a\u3164.txt", "a\ufffd.txt", "a\uffff.txt", "a\U000e0041.txt", "a\u2800.txt")),
    *((name, INVISIBLE) for name in ("a\u200db.txt", "a\u200c.txt", "\u200d.txt", "com\u200c1.txt", "a\ufe0f.txt",
                                     "sources\u200c.toml", "می\u200c.txt", "می\u200c\u200cشود.txt",
                                     "中\u200c文.txt", "1\u200c2.txt", "a\u200cب.txt",
                                     "👩\u200d.txt", "👩\u200c👧.txt", "\u200c👧.txt")),
    *((name, RESERVED) for name in ("con.txt", "CON", "a/NUL", "con .txt", "COM1.pdf", "COM¹.txt", "lpt³", "CONIN$.txt",
                                    "CONOUT$", "conout$ .a.b", "aux/x.txt", "com0.txt")),
    *((name, LONG) for name in ("x" * 201, "é" * 101, "a/" * 8 + "b")),
    *((name, SIDECAR) for name in ("sources.toml", "Sources.TOML", "sources.toml/x.txt", "SOURCES.toml/a/x.txt",
                                   "ſources.toml/x.txt")),
]  # fmt: skip

TAKEN = [
    "report.pdf", "2024/Annual Report (final).docx", "a/sources.toml", "sources.toml.txt", "console.txt", "com10.txt",
    "年報.txt", "می\u200cشود.txt", "5\u200cتایی.txt", "نسخه\u200c2.txt",
    "क्\u200dष.txt", "ක්\u200dරමය.txt", "👨\u200d👩\u200d👧.txt", "👩🏽\u200d⚕\ufe0f.txt",
    "🏳\ufe0f\u200d🌈.txt", "1\ufe0f\u20e3.txt", "🙂\u200d↔\ufe0f.txt", "葛\U000e0100.txt", "naïve café.txt", "x" * 200,
    "a/" * 7 + "b", "ُ.txt",
    " a.txt", "a..b.txt", "$HOME.txt", "#1.txt", "100%.txt", "[a]'{b}.txt",
]  # fmt: skip


@pytest.mark.parametrize(("name", "reason"), REFUSED)
def test_a_name_that_leads_astray_is_refused_with_the_reason(name, reason):
    assert (why_refused(name) or "taken").startswith(reason)
    with pytest.raises(InvalidRequest, match=reason):
        checked_name(name)


@pytest.mark.parametrize("name", TAKEN)
def test_names_that_people_give_are_taken_as_they_are(name):
    assert checked_name(name) == unicodedata.normalize("NFC", name)


@given(st.text(max_size=30))
def test_a_refusal_is_one_line_that_steers_no_terminal(name):
    said = ""
    try:
        checked_name(name)
    except InvalidRequest as error:
        said = str(error)
    assert not [char for char in said if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]


@given(st.text(max_size=30))
def test_a_checked_name_is_checked_for_good(name):
    try:
        taken = checked_name(name)
    except InvalidRequest:
        return
    assert checked_name(taken) == taken
    assert checked_name(unicodedata.normalize("NFD", name)) == taken
