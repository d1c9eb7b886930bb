"""Pydantic models of requests: every request is validated against them; `qa.answering` checks questions and dates."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from qa.records import Filters
from qa.text.readable_types import TAKEN_SUFFIXES
from qa.web.document_list import Sort

MAX_RESULTS = 50
DEFAULT_RESULTS = 5
MAX_LISTED = 1000
_MAX_FILTER_VALUES = 1000  # more ids than fit into a URL; bounds the query that a hostile body can cause

# The rules of `qa.text.document_names` that a regular expression can express; the description has the others.
_IN_NAME = r'[^\x00-\x1f\x7f-\x9f/\\:*?"<>|'
_PART = rf"(?!\.|~\$){_IN_NAME}]{{0,199}}{_IN_NAME}. ]"
NAME_PATTERN = rf"^{_PART}(?:/{_PART}){{0,7}}$"
# The same with the suffix of a supported type, in any case.
_SUFFIX = "|".join("".join(f"[{c}{c.upper()}]" for c in suffix[1:]) for suffix in sorted(TAKEN_SUFFIXES))
FILE_PATTERN = rf"^(?:{_PART}/){{0,7}}(?!\.|~\$){_IN_NAME}]{{1,190}}\.(?:{_SUFFIX})$"
NAME_RULES = (
    "The file's path in the documents' folder, with at most seven folders before its name. No part is hidden, has more "
    "than 200 bytes or characters that steer how text is shown, or is reserved by Windows; sources.toml is not a "
    "document"
)
_WHOLE_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?")
_FLAGS = {"true": True, "false": False, "1": True, "0": False}
_FLAG_SCHEMA = WithJsonSchema({"anyOf": [{"type": "boolean"}, {"type": "integer", "enum": [0, 1]}]})

_ONLY_DOCUMENTS = "Only these documents, by id"
_ONLY_PUBLISHERS = "Only these publishers, in any case; the error unknown_publisher lists the known ones"


def _encodable(value: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("holds half of a surrogate pair, which is not text")
    return value


def _integral(value: object) -> object:
    """Convert 46.0 to 46, since JSON Schema counts it as an integer; return any other value unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number_in_text(value: str) -> str:
    match = _WHOLE_NUMBER.fullmatch(value)
    if not match:
        raise ValueError("write a whole number")
    return match[1]


def _asked_once(given: object) -> object:
    if isinstance(given, dict) and {"q", "question"} <= given.keys():
        raise ValueError("q and question are two names of one parameter; give one of them")
    return given


def _flag_in_text(value: str) -> bool:
    if value not in _FLAGS:
        raise ValueError("write true or false, or 1 or 0")
    return _FLAGS[value]


Question = Annotated[
    str,
    Field(
        description="The question, in words: it holds a letter or a digit",
        examples=["who is the COO of the medical foundation"],
        json_schema_extra={"minLength": 1},
    ),
]
Day = Annotated[str, Field(examples=["2022-01-01"], json_schema_extra={"format": "date"})]
_Count = Annotated[int, Field(ge=1, le=MAX_RESULTS, description=f"How many passages at most, 1 to {MAX_RESULTS}")]
Results = Annotated[_Count, BeforeValidator(_integral)]
ResultsInQuery = Annotated[_Count, BeforeValidator(_number_in_text)]
Text = Annotated[str, AfterValidator(_encodable)]
ListedInQuery = Annotated[int, Field(ge=1, le=MAX_LISTED), BeforeValidator(_number_in_text)]
Names = Annotated[list[Text], Field(max_length=_MAX_FILTER_VALUES)]
Exactly = Annotated[
    bool, Field(description="Search for exactly what was typed: nothing is corrected, removed or expanded")
]
ExactlyInQuery = Annotated[Exactly, BeforeValidator(_flag_in_text), _FLAG_SCHEMA]
Explain = Annotated[bool, Field(description="Add each passage's raw `signals` and matched `words`, and `stages_ms`")]
ExplainInQuery = Annotated[Explain, BeforeValidator(_flag_in_text), _FLAG_SCHEMA]


class _DateRange(BaseModel):
    date_from: Day | None = Field(default=None, description="Not older than this day")
    date_to: Day | None = Field(default=None, description="Not newer than this day, nor before `date_from`")
    undated: Literal["exclude", "include"] = Field(
        default="exclude", description="Whether undated documents are kept if a date range is given"
    )


class AskQuery(_DateRange):
    """A question and its filters, applied before ranking, as a query string; some parameters are repeatable."""

    model_config = ConfigDict(extra="forbid")

    document_id: Names = Field(default=[], description=f"{_ONLY_DOCUMENTS}; repeatable")
    publisher: Names = Field(default=[], description=f"{_ONLY_PUBLISHERS}; repeatable")
    _one_question = model_validator(mode="before")(_asked_once)
    q: Question = Field(validation_alias=AliasChoices("q", "question"))
    k: ResultsInQuery = DEFAULT_RESULTS
    explain: ExplainInQuery = False
    exactly: ExactlyInQuery = False

    def filters(self) -> Filters:
        """Convert to a `Filters` record."""
        return Filters(
            tuple(self.document_id), tuple(self.publisher), self.date_from, self.date_to, self.undated == "include"
        )


class ListQuery(BaseModel):
    """Which documents to list, as a query string."""

    model_config = ConfigDict(extra="forbid")

    query: Text = Field(default="", description="Words that the title, publisher, author or path holds, in any case")
    sort: Sort = Field(default="source", description="By path, title, date or size in characters; - begins at the end")
    limit: ListedInQuery | None = Field(default=None, description=f"How many at most, 1 to {MAX_LISTED}; all without")
    cursor: Text | None = Field(default=None, description="The `cursor` of the page before")


class BodyFilters(_DateRange):
    """Restrictions applied before ranking."""

    model_config = ConfigDict(extra="forbid", strict=True)

    document_ids: Names = Field(default=[], description=_ONLY_DOCUMENTS)
    publishers: Names = Field(default=[], description=_ONLY_PUBLISHERS)

    def filters(self) -> Filters:
        """Convert to a `Filters` record."""
        return Filters(
            tuple(self.document_ids), tuple(self.publishers), self.date_from, self.date_to, self.undated == "include"
        )


class AskBody(BaseModel):
    """A question as a JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True)

    _one_question = model_validator(mode="before")(_asked_once)
    question: Question = Field(validation_alias=AliasChoices("question", "q"))
    k: Results = DEFAULT_RESULTS
    filters: BodyFilters = Field(default_factory=BodyFilters)
    explain: Explain = False
    exactly: Exactly = False
