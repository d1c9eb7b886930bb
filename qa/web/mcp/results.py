"""Pydantic models of the tools' results; the SDK derives each tool's output schema from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class Found(BaseModel):
    """A passage found by a search."""

    id: str = Field(description="Id of the passage, for `fetch`")
    title: str = Field(description="Of the document")
    url: str = Field(description="Opens the document at the passage")
    text: str = Field(description="The passage, word for word")


class SearchResults(BaseModel):
    """The passages found by a search, best first; empty if the documents have nothing relevant."""

    results: list[Found]


class Fetched(BaseModel):
    """A passage or a whole document."""

    id: str
    title: str
    text: str = Field(description="Word for word")
    url: str
    metadata: dict[str, str] = Field(description="Publisher, author, date, file, page and offsets, where known")


class CitedPassage(BaseModel):
    """A passage and its place in a document."""

    id: str = Field(description="Id of the passage, for `fetch`")
    text: str = Field(description="The passage, word for word; quote it unchanged")
    headings: list[str] = Field(description="The headings above it, outermost first")
    answering: list[str] = Field(description="The parts of `text` that answer, word for word")
    title: str
    publisher: str | None
    author: str | None
    date: str | None = Field(description="ISO 8601; null for an undated document")
    source: str = Field(description="The document's file")
    page: int | None
    start: int = Field(description="Offset into the document's text, in code points")
    end: int
    url: str = Field(description="Opens the document at the passage; cite it")


class StatedFigure(BaseModel):
    """A figure as one document states it."""

    value: str
    id: str = Field(description="Id of the sentence that states it, for `fetch`")
    title: str
    url: str


class AskResult(BaseModel):
    """The reply to a question. The passages are quotations; nothing is written by the service."""

    question: str
    searched: str = Field(description="What was searched for, after correcting misspelt words")
    verdict: Literal["answered", "related", "none", "uncalibrated"] = Field(
        description="answered: the passages probably answer. related: they touch the subject but do not seem to say. "
        "none: the documents have nothing relevant. uncalibrated: not known"
    )
    meaning: str = Field(description="The verdict in words")
    confidence: float | None = Field(description="Estimated probability that the passages answer")
    sure: bool = Field(description="Whether nine of ten such answers are right")
    passages: list[CitedPassage] = Field(description="Best first; none with the verdict none")
    unmet: list[str] = Field(description="Words of the question that the first passage does not mention")
    disagreement: list[StatedFigure] = Field(description="Figures on which documents differ; usually empty")
