"""Pydantic models of a running build's progress and of the last build's report."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Note(BaseModel):
    """A file written by a builder; builders of other versions may write fewer or more fields."""

    model_config = ConfigDict(extra="allow")


class ProgressModel(_Note):
    """The progress of a running build."""

    step: Literal["reading", "encoding", "writing", "merging"] | None = None
    done: int | None = None
    total: int | None = None
    unit: str | None = Field(default=None, description="The unit of `done` and `total`")
    per_second: float | None = None
    seconds_left: float | None = None


class FileReportModel(_Note):
    """The result of a build for one file."""

    source: str
    fate: Literal["added", "changed", "unchanged", "removed", "skipped", "kept", "failed"]
    reason: str | None = Field(default=None, description="Why the file, or which part of it, is not in the index")
    for_now: bool = Field(default=False, description="Whether the next build tries again even if nothing changed")


class ReportModel(_Note):
    """The report of the last build."""

    started_at: str | None = Field(
        default=None, description="ISO 8601, in UTC; the build has seen every change with `asked_at` up to this time"
    )
    finished_at: str | None = Field(default=None, description="ISO 8601, in UTC")
    seconds: float | None = None
    counts: dict[str, int] | None = Field(default=None, description="Files by fate")
    files: list[FileReportModel] | None = Field(default=None, description="All files that are not unchanged")
    error: str | None = Field(default=None, description="Why nothing was built")
