"""The shapes of what builds leave for the API: how far a running one is, and the report of the last."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Note(BaseModel):
    """What a builder has left; older and newer ones may leave less and more."""

    model_config = ConfigDict(extra="allow")


class ProgressModel(_Note):
    """How far a running build is."""

    step: Literal["reading", "encoding", "writing", "merging"] | None = None
    done: int | None = None
    total: int | None = None
    unit: str | None = Field(default=None, description="What `done` and `total` count")
    per_second: float | None = None
    seconds_left: float | None = None


class FileReportModel(_Note):
    """What a build did with one file."""

    source: str
    fate: Literal["added", "changed", "unchanged", "removed", "skipped", "kept", "failed"]
    reason: str | None = Field(default=None, description="Why it is not in the index, or what of it is not")
    for_now: bool = Field(default=False, description="Whether the next build tries again though nothing changed")


class ReportModel(_Note):
    """What the last build did."""

    finished_at: str | None = Field(default=None, description="ISO 8601, in UTC")
    seconds: float | None = None
    counts: dict[str, int] | None = Field(default=None, description="Files by fate")
    files: list[FileReportModel] | None = Field(default=None, description="All that are not simply unchanged")
    error: str | None = Field(default=None, description="Why nothing was built")
