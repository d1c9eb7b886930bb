"""Writes the progress and speed of a build to the index folder, for the server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qa.index.build_notes import Progress, ProgressReport, Step, remove_progress, write_progress

_NOTE_EVERY_S = 0.5
_UNITS = {
    Step.READING: "bytes",
    Step.ENCODING: "characters",
    Step.WRITING: "passages",
    Step.MERGING: "passages",
}


class ProgressNote:
    """Passes progress on and writes it to the index folder; `close` removes the file."""

    def __init__(self, index_dir: Path, on_progress: Callable[[Progress], None]) -> None:
        self._index_dir = index_dir
        self._on_progress = on_progress
        self._step: Step | None = None
        self._began = self._noted = 0.0
        self._began_at = 0

    def __call__(self, progress: Progress) -> None:
        """Pass progress on, and write it at most every half second."""
        self._on_progress(progress)
        now = time.monotonic()
        if progress.step is not self._step:
            self._step, self._began, self._began_at = progress.step, now, progress.done
        elif now - self._noted < _NOTE_EVERY_S:
            return
        self._noted = now
        with suppress(OSError):  # a build does not need it; on a full disk the build fails elsewhere
            write_progress(self._index_dir, self._note(progress, now))

    def close(self) -> None:
        """Remove the file."""
        with suppress(OSError):
            remove_progress(self._index_dir)

    def _note(self, progress: Progress, now: float) -> ProgressReport:
        passed = now - self._began
        per_second = (progress.done - self._began_at) / passed if passed > _NOTE_EVERY_S else None
        left = (progress.total - progress.done) / per_second if per_second else None
        return ProgressReport(
            step=progress.step,
            done=progress.done,
            total=progress.total,
            unit=_UNITS[progress.step],
            per_second=None if per_second is None else round(per_second, 1),
            seconds_left=None if left is None else round(left, 1),
            process=os.getpid(),
        )
