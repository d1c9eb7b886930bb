"""A progress bar for each step of a build, on a terminal."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from qa.index.build_notes import Progress, Step

_UNITS = {Step.READING: "B", Step.ENCODING: "chars", Step.WRITING: "passages"}


class Bars:
    """One progress bar at a time, for the current step, with its rate and the remaining time."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._step: Step | None = None
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show the progress of the build."""
        if progress.step is not self._step:
            self.close()
            self._step = progress.step
            self._bar = tqdm(
                total=progress.total,
                unit=_UNITS[progress.step],
                unit_scale=True,
                desc=progress.step.value,
                disable=self._quiet or None,  # None: only on a terminal
                leave=False,
            )
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        """Remove the bar from the screen."""
        if self._bar is not None:
            self._bar.close()
