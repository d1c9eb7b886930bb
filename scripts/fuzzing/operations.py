"""Operations of clients that change documents, valid and invalid, as hypothesis strategies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from hypothesis import strategies as st

_SHOWN_BYTES = 60


class Deed(Enum):
    """Kinds of operations."""

    PUT = auto()
    PUT_IN_CHUNKS = auto()
    PUT_AND_BREAK_OFF = auto()  # closes the connection in the middle of the body
    PUT_AND_LEAVE = auto()  # closes the connection without waiting for the reply
    DELETE = auto()
    REBUILD = auto()
    LIST = auto()
    READ = auto()
    ASK = auto()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a client, on a file of this name with this content."""

    deed: Deed
    name: str
    content: bytes = b""

    def __repr__(self) -> str:
        return f"<{self.deed.name} {self.name!r} {len(self.content)} bytes {self.content[:_SHOWN_BYTES]!r}>"


# Strategies

_NAMES = st.sampled_from(
    ["report.htm", "report.md", "report.txt", "REPORT.txt", "deep/in/a folder/notes.md", "deep/in/notes.txt",
    "ferry.md",
     "caf\u00e9.txt", "cafe\u0301.txt", "\u8bca\u6240.txt", "a b.txt", "table.md", "x.pdf", "y.docx", "z.xyz",
     "page.html",
     "report-2b4e1d50.txt", "-rf.txt", "100%.txt", "a;b&c=d.txt", "\u0645\u06cc\u200c\u0634\u0648\u062f.txt",
     "slide.pptx"]
)  # fmt: skip
_ODD_NAMES = st.sampled_from(
    ["", "/", "../out.txt", "a/../../out.txt", "/etc/passwd", ".hidden.txt", "~$lock.docx", "sources.toml",
    "sources.toml/x.txt",
     "SOURCES.TOML", "ferry.md/under.txt", "deep", "deep/in", "con.txt", "con .txt", "COM\u00b9.txt", "CONIN$.txt",
     "nul",
     "a\0b.txt", "a\nb.txt", "a\x1b]0;x\x07.txt", "\u202egpj.txt", "x" * 300 + ".txt", "a/" * 20 + "b.txt", "end.",
     "end ",
     "a\\b.txt", "c:x.txt", "a?.txt", "build.lock", ".upload-1234", "deep//notes.txt"]
) | st.text(min_size=1, max_size=20)  # fmt: skip
_WORDS = st.lists(
    st.sampled_from("harbour ferry pier mill brook tide rope crane gull lamp".split()), min_size=1, max_size=30
)
_TEXTS = st.builds(lambda words, n: f"{' '.join(words)} {n}.\n".encode(), _WORDS, st.integers(0, 1 << 40))
_CONTENTS = st.one_of(
    _TEXTS, _TEXTS, _TEXTS, st.binary(max_size=200), st.just(b""), _TEXTS.map(lambda text: text * 50),
    st.just(b"x" * (2 << 20)), _TEXTS.map(lambda text: b"%PDF-1.7\n" + text), st.just(b"\0" * 5000),
)  # fmt: skip
_DEEDS = st.sampled_from([*Deed, Deed.PUT, Deed.PUT, Deed.PUT, Deed.PUT_IN_CHUNKS, Deed.DELETE, Deed.DELETE])
# Written by hand, so that a failing series is shown in the operations' own short form.
_OPERATIONS = st.tuples(_DEEDS, st.one_of(_NAMES, _NAMES, _NAMES, _ODD_NAMES), _CONTENTS).map(
    lambda parts: Operation(*parts)
)


def storms(clients: int = 4, rounds: int = 8) -> st.SearchStrategy[list[list[Operation]]]:
    """Rounds of concurrent operations."""
    return st.lists(st.lists(_OPERATIONS, min_size=1, max_size=clients), min_size=1, max_size=rounds)
