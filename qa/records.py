"""The dataclasses that all packages use: frozen, with no methods that need more than their own fields.

Guarantees: all offsets are code points, end-exclusive. Offsets of blocks, passages, footnotes and citations point
into a document's canonical text; offsets of sentences, highlights and token spans point into a passage's own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text, `text[start:end]`."""

    start: int
    end: int


class BlockKind(StrEnum):
    """What a block is to a reader."""

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

    `level` is the depth of a heading (title 1, heading 2 and deeper), 1 for a table whose first row is the heads of its
    columns, and 0 elsewhere. `run_in` is the length of a
    subhead that opens the block itself ("Convenient care: ..."), 0 without one. `slide` counts the slides of a
    deck from 1; `page` counts the pages of formats that have them, and `breaks` are the places inside the block where a
    further page begins, each with its number.
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

    `date` is ISO 8601, or None where neither the file nor the sidecar gives one. `left_out` names the parts of the file
    that are not in the text: "3 charts", "without text: page 2".
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
    """What was left out of a document, from the `note` among its file's own details."""
    return tuple(own.get("note", "").splitlines())


class PassageKind(StrEnum):
    """The kind of text in a passage. Boilerplate is ranked below body text."""

    BODY = "body"
    FOOTNOTE = "footnote"
    BOILERPLATE = "boilerplate"


@dataclass(frozen=True, slots=True)
class Passage:
    """A citable span of a document: `text == document.text[start:end]`.

    `headings` is the trail above the passage, outermost first, the document's title not included.
    `footnotes` are the notes that the passage's own markers point at. `page` is the page that it begins on, and
    `breaks` are the offsets into its own text where a further page begins, each with its number.
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
    """What a list of documents says of one: everything but its text."""

    id: str
    source: str
    title: str
    publisher: str | None
    author: str | None
    date: str | None
    url: str | None
    characters: int
    passages: int
    recognised: tuple[tuple[int, int], ...] = ()  # runs of pages that text recognition (OCR) read, first and last


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A host of a shard, as it was a few seconds ago.

    Attributes:
        name: Its name in the cluster.
        machine: The name of its machine; None while the host does not answer.
        snapshots: The names of the snapshots that it has open, oldest first.
        current: Whether the current snapshot is one of them.
    """

    name: str
    machine: str | None
    snapshots: tuple[str, ...]
    current: bool


@dataclass(frozen=True, slots=True)
class ShardStatus:
    """The hosts of one shard of an index that lies on several machines."""

    hosts: tuple[HostStatus, ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Restrictions applied before ranking. Dates are ISO 8601 and inclusive; empty tuples and None restrict nothing.

    `undated` keeps undated documents where dates are restricted. Names are compared without regard to case.
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
    """The place of a quote: document, page and offsets that a reader can check, and a link that opens it there.

    `page` is the page of the words that answer, where there are pages; `pages` are the first and the last page that
    the whole quote stands on, the same if it is one. `recognised` says that text recognition (OCR) read some of these.
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
    """A note that belongs to a quote, word for word, at its own place in the same document."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A content word of the question and its best counterpart in a passage.

    `weight` is the term's rarity (BM25's idf). `similarity` is a cosine, and `in_sentence` the same within the best
    sentence and the heading trail. `exact` says that the passage or its trail has the same term. `place` is the
    counterpart in the passage's text, None when it stands in the heading trail.
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
        start: Where they begin in the quote's text.
        end: Where they end.
        heads: What stands above each column, "" above one without; empty where the table has no heads. They may stand
            elsewhere in the document.
        rows: The cells of each row but those of heads, one for each column, as places in the quote's text; None where
            a row has none. The first cell names its row.
    """

    start: int
    end: int
    heads: tuple[str, ...]
    rows: tuple[tuple[Span | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """One result: the quoted text, the spans of it that answer, and its place.

    `words` tells which words of the question match which of the quote's; it is filled if an explanation is asked for.
    Within `tables`, highlights are whole cells.
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
    """Whether the passages answer the question: they do, they are about its subject, or nothing relevant was found.

    `UNCALIBRATED` says that this is not known, since no confidence was fitted for the model.
    """

    ANSWERED = "answered"
    RELATED = "related"
    NONE = "none"
    UNCALIBRATED = "uncalibrated"


@dataclass(frozen=True, slots=True)
class Stated:
    """A figure that a document gives, as it is written there, and the sentence that gives it."""

    value: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question.

    `searched` is the question as it was searched for: the part that asks, misspelt words corrected, abbreviations
    written out. `confidence` is the estimated probability that the passages answer it, None where none was fitted for
    the model; `sure` says that nine of ten answers of such a confidence are right. `unmet` are its content words that
    neither the first passage's marked sentence nor the passage meets. `disagreement` has the different figures that
    different documents give. `undated_left_out` counts the undated documents that a filter by date left out.
    `stages_ms` splits `took_ms` by stage, in their order.
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
