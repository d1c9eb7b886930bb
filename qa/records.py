"""The frozen dataclasses that all packages use; their methods need only their own fields.

Guarantees: all offsets count code points and are end-exclusive. Offsets of blocks, passages, footnotes and citations
    refer to a document's canonical text; offsets of sentences, highlights and token spans refer to a passage's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text, `text[start:end]`."""

    start: int
    end: int


class BlockKind(StrEnum):
    """The kind of a block."""

    TITLE = "title"
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    FOOTNOTE = "footnote"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True)
class Block:
    """A structural unit of a document's canonical text.

    `level` is the depth of a heading (title 1, heading 2 and deeper), 1 for a table whose first row has the column
    heads, and otherwise 0. `run_in` is the length of a subheading at the start of the block ("Convenient care: ..."), 0
    without one. `slide` is the number of its slide, from 1; `page` is its page if the format has pages, and `breaks`
    are the offsets inside the block where further pages begin, each with the page number.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    run_in: int = 0
    slide: int | None = None
    page: int | None = None
    breaks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One file as text.

    `date` is ISO 8601; None if neither the file nor the sidecar has one. `left_out` lists the parts of the file that
    are not in the text: "3 charts", "without text: page 2".
    """

    id: str
    source: str
    sha256: str
    text: str
    blocks: tuple[Block, ...]
    title: str
    publisher: str | None = None
    author: str | None = None
    date: str | None = None
    url: str | None = None
    left_out: tuple[str, ...] = ()


def left_out_of(own: Mapping[str, str]) -> tuple[str, ...]:
    """The parts left out of a document, from the `note` in its file's details."""
    return tuple(own.get("note", "").splitlines())


class PassageKind(StrEnum):
    """The kind of text in a passage. Boilerplate is ranked below body text."""

    BODY = "body"
    FOOTNOTE = "footnote"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable span of a document: `text == document.text[start:end]`.

    `headings` are the headings above the passage, outermost first, without the document's title. `footnotes` are the
    notes whose markers are in the passage. `page` is the page on which it begins, and `breaks` are the offsets into its
    text where further pages begin, each with the page number.
    """

    document_id: str
    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    sentences: tuple[Span, ...]
    kind: PassageKind = PassageKind.BODY
    page: int | None = None
    footnotes: tuple[Span, ...] = ()
    breaks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentInfo:
    """A document without its text, for lists of documents."""

    id: str
    source: str
    title: str
    publisher: str | None
    author: str | None
    date: str | None
    url: str | None
    characters: int
    passages: int
    recognised: tuple[tuple[int, int], ...] = ()  # runs of pages read by text recognition (OCR): first and last page


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host of a shard at the last check, a few seconds ago.

    Attributes:
        name: Its name in the cluster.
        machine: The name of its machine; None while the host does not answer.
        snapshots: The names of its open snapshots, oldest first.
        current: Whether the current snapshot is one of them.
    """

    name: str
    machine: str | None
    snapshots: tuple[str, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """The hosts of one shard of an index on several machines."""

    hosts: tuple[HostStatus, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters applied before ranking. Dates are ISO 8601 and inclusive; empty tuples and None do not restrict.

    `undated` keeps undated documents despite a date range. Names are compared without regard to case.
    """

    document_ids: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    date_from: str | None = None
    date_to: str | None = None
    undated: bool = False

    def __bool__(self) -> bool:
        return bool(self.document_ids or self.publishers or self.date_from or self.date_to)


@dataclass(frozen=True, slots=True)
class Citation:
    """The place of a quote: document, page and offsets, and a link that opens the document there.

    `page` is the page of the answering words, if there are pages; `pages` are the first and the last page of the whole
    quote, which may be equal. `recognised` says that text recognition (OCR) read some of these.
    """

    document_id: str
    title: str
    publisher: str | None
    author: str | None
    date: str | None
    source: str
    page: int | None
    start: int
    end: int
    url: str
    pages: tuple[int, int] | None = None
    recognised: bool = False


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote of a quote, word for word, with its own place in the same document."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A content word of the question and its best match in a passage.

    `weight` is the term's rarity (BM25's idf). `similarity` is a cosine, and `in_sentence` the same within the best
    sentence and the heading trail. `exact` says that the passage or its trail has the same term. `place` is the match
    in the passage's text, None if it is in the heading trail.
    """

    word: str
    weight: float
    similarity: float
    in_sentence: float
    exact: bool
    place: Span | None


@dataclass(frozen=True, slots=True)
class QuotedTable:
    """Rows of a table in a quote.

    Attributes:
        start: Their start in the quote's text.
        end: Their end.
        heads: The column heads, "" for a column without one; empty if the table has none. They may be elsewhere in the
            document.
        rows: The cells of each row except heads, one for each column, as places in the quote's text; None for a missing
            cell. The first cell is the row's name.
    """

    start: int
    end: int
    heads: tuple[str, ...]
    rows: tuple[tuple[Span | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """One result: the quoted text, its answering spans, and its place.

    `words` has the matches between words of the question and of the quote, if an explanation is requested. Within
    `tables`, highlights are whole cells.
    """

    rank: int
    score: float
    text: str
    headings: tuple[str, ...]
    highlights: tuple[Span, ...]
    citation: Citation
    also_in: tuple[Citation, ...] = ()
    footnotes: tuple[Footnote, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)
    words: tuple[WordMatch, ...] = ()
    tables: tuple[QuotedTable, ...] = ()


class Verdict(StrEnum):
    """Whether the passages answer the question, are about its subject, or are not relevant.

    `UNCALIBRATED` says that this is not known, since no confidence was fitted for the model.
    """

    ANSWERED = "answered"
    RELATED = "related"
    NONE = "none"
    UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure as a document states it, and its sentence."""

    value: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question.

    `searched` is the question as searched: its asking part, with corrected spelling and expanded abbreviations.
    `confidence` is the estimated probability that the passages answer it, None if none was fitted for the model; `sure`
    says that nine of ten such answers are right; it is never set if the first passage mentions no word of the question.
    `unmet` are its content words that the first passage does not mention. `disagreement` has the figures on which
    documents differ. `undated_left_out` is the number of undated documents that a date filter left out. `stages_ms`
    splits `took_ms` by stage, in order.
    """

    question: str
    searched: str
    verdict: Verdict
    confidence: float | None
    passages: tuple[Quote, ...]
    snapshot: str
    took_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    sure: bool = False
    unmet: tuple[str, ...] = ()
    disagreement: tuple[Stated, ...] = ()
    undated_left_out: int = 0
