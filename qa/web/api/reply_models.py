"""Pydantic models of the replies, for the API's description.

Replies are not validated when they are sent: `qa.web.api.json_form` writes them, and a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from qa.web.api.build_models import ProgressModel, ReportModel

_ID = "The document's id, once the build has read it; null for a zipped folder, whose files are documents"


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")


# A date is only as precise as its document gives it: a day, a month or a year.
PublicationDate = Annotated[
    str,
    Field(
        description="ISO 8601, as far as it is known: a day, a month or a year",
        examples=["2022-09-09"],
        json_schema_extra={"pattern": r"^\d{4}(?:-\d{2}(?:-\d{2})?)?$"},
    ),
]


class ErrorDetail(_Reply):
    """The error: `code` for programs, `message` for people."""

    code: str
    message: str


class SpanModel(_Reply):
    """Some of the passage's words."""

    start: int
    end: int


class FootnoteModel(_Reply):
    """A footnote, at its own place in the same document."""

    text: str
    start: int
    end: int


class CitationModel(_Reply):
    """The source and place of a quote."""

    document_id: str
    title: str
    publisher: str | None
    author: str | None
    date: PublicationDate | None = Field(description="Of publication; null for an undated document")
    source: str = Field(description="File under the documents' folder")
    page: int | None = Field(description="The page of the answering words; null if the document has no pages")
    pages: list[int] | None = Field(description="The first and the last page of the passage")
    recognised: bool = Field(description="Whether text recognition (OCR) read some of these pages")
    start: int = Field(description="Offset into the document's canonical text, in code points")
    end: int
    url: str = Field(description="Opens the document at the quote; a path from the host on")


class WordModel(_Reply):
    """A word of the question and its best match in the passage."""

    word: str
    weight: float = Field(description="The term's rarity (BM25's idf)")
    similarity: float = Field(description="Cosine with the most similar word of the passage")
    in_sentence: float = Field(description="The same within the best sentence and the headings")
    exact: bool = Field(description="Whether the passage or its headings contain the term")
    place: SpanModel | None = Field(description="The matched word in `text`; null if it is in the headings")


class TableModel(_Reply):
    """Rows of a table in a quote."""

    start: int
    end: int
    heads: list[str] = Field(description="The column heads, also if they are outside the quote; may be empty")
    rows: list[list[SpanModel | None]] = Field(
        description="The cells of each row, one for each column, as offsets into `text`; null for a missing cell"
    )


class QuoteModel(_Reply):
    """One passage."""

    rank: int
    score: float = Field(description="Rank score among this question's candidates: 1 is best on every signal")
    text: str = Field(description="Exactly `document.text[start:end]`")
    headings: list[str]
    highlights: list[SpanModel] = Field(description="The answering words, as offsets into `text`")
    tables: list[TableModel] = Field(description="Tables in `text`; highlights within them are whole cells")
    citation: CitationModel
    also_in: list[CitationModel] = Field(description="The same passage in other documents")
    footnotes: list[FootnoteModel] = Field(description="Footnotes whose markers are in the quote")
    signals: dict[str, float] | None = Field(default=None, description="Raw scores; only with explain=1")
    words: list[WordModel] | None = Field(default=None, description="Matched words; only with explain=1")


class StatedModel(_Reply):
    """A figure as a document states it."""

    value: str
    citation: CitationModel = Field(description="The sentence that states it")


class AnswerModel(_Reply):
    """The reply to a question."""

    question: str
    searched: str = Field(
        description="The part of the question that asks, misspelt words corrected, abbreviations written out"
    )
    verdict: Literal["answered", "related", "none", "uncalibrated"] = Field(
        description="uncalibrated: no confidence was fitted for this model, see `qa eval fit`"
    )
    confidence: float | None = Field(
        description="Estimated probability that the passages answer the question; null where none was fitted"
    )
    sure: bool = Field(description="Whether nine of ten such answers are right")
    unmet: list[str] = Field(description="Words of the question that the first passage does not mention")
    disagreement: list[StatedModel] = Field(description="Figures on which documents differ; usually empty")
    undated_left_out: int = Field(description="Undated documents that the filter by date left out")
    passages: list[QuoteModel]
    snapshot: str
    took_ms: float
    stages_ms: dict[str, float] | None = Field(default=None, description="`took_ms` by stage; only with explain=1")


class _DocumentModel(_Reply):
    id: str
    source: str
    title: str
    publisher: str | None
    author: str | None
    date: PublicationDate | None
    url: str | None
    characters: int


class DocumentInfoModel(_DocumentModel):
    """One document, without its text."""

    passages: int


class DocumentsModel(_Reply):
    """The list of documents, or a page of it."""

    documents: list[DocumentInfoModel]
    matching: int = Field(description="The number of matching documents on all pages")
    cursor: str | None = Field(description="Parameter for the next page; null on the last")


class BlockModel(_Reply):
    """A structural unit of a document."""

    kind: Literal["title", "heading", "paragraph", "list_item", "table", "code", "footnote", "boilerplate"]
    start: int
    end: int
    level: int
    run_in: int = Field(description="Length of a subheading at the start of the block")
    slide: int | None
    page: int | None
    breaks: list[tuple[int, int]] = Field(description="Offsets where further pages begin, each with its number")


class DocumentModel(_DocumentModel):
    """One document with its text."""

    sha256: str
    left_out: list[str] = Field(
        description="Parts of the file missing from the text, as '3 charts', and a guessed encoding; usually empty"
    )
    blocks: list[BlockModel]
    text: str = Field(description="The canonical text, to which all offsets refer")


class HostModel(_Reply):
    """A host of a shard at the last check, a few seconds ago."""

    name: str
    machine: str | None = Field(description="Null while the host does not answer")
    snapshots: list[str] = Field(description="The open snapshots, oldest first, with their sequence numbers")
    current: bool = Field(description="Whether the current snapshot is one of them")


class ShardModel(_Reply):
    """A part of the index, on some machines of a cluster."""

    hosts: list[HostModel]


class IndexModel(_Reply):
    """The open snapshot."""

    snapshot: str
    built_at: str = Field(json_schema_extra={"format": "date-time"})
    model: str
    documents: int
    passages: int
    trouble: str | None = Field(description="What is wrong with the index or the builder, in words; null if nothing is")
    shards: list[ShardModel] = Field(description="The shards of a cluster; empty if one process has the whole index")
    building: ProgressModel | None
    last_build: ReportModel | None


class BuildModel(_Reply):
    """The build that was asked for."""

    build: Literal["asked for"]
    asked_at: str = Field(description="ISO 8601, in UTC; a build that started then or later has seen the change")


class _FileModel(_Reply):
    source: str = Field(description="Path of the file under the documents' folder")
    id: str | None = Field(description=_ID)
    fate: Literal["added", "replaced"]
    bytes: int = Field(description="Its size")
    sha256: str = Field(description="SHA-256 of its bytes, in hexadecimal digits")


class StoredModel(_FileModel, BuildModel):
    """A file in the documents' folder."""


class StoredByNameModel(StoredModel):
    """The same, with the older name of `fate`."""

    stored: Literal["added", "replaced"] = Field(description="The same as `fate`")


class FileFateModel(_Reply):
    """The result for one of several files: stored, or refused with an error."""

    source: str = Field(description="Path of the file under the documents' folder")
    fate: Literal["added", "replaced", "refused"]
    id: str | None = Field(default=None, description=_ID)
    bytes: int | None = Field(default=None, description="Its size")
    sha256: str | None = Field(default=None, description="SHA-256 of its bytes, in hexadecimal digits")
    error: ErrorDetail | None = Field(default=None, description="Why it is refused")


class AddedModel(BuildModel):
    """The result for each file, in the order in which they were sent."""

    files: list[FileFateModel]


class RemovedModel(BuildModel):
    """A file that is no longer in the documents' folder."""

    source: str = Field(description="Path of the file under the documents' folder")
    id: str | None = Field(description="The id of the document, which the build removes; null for a zipped folder")
    fate: Literal["removed"]


class RemovedByNameModel(RemovedModel):
    """The same, with the older name of `fate`."""

    stored: Literal["removed"] = Field(description="The same as `fate`")


class HealthModel(_Reply):
    """The reply of a probe that succeeds."""

    status: Literal["ok", "ready"]


class ErrorModel(_Reply):
    """Every error of every route."""

    error: ErrorDetail
