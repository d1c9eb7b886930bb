"""A progress bar for each step of a build, on a terminal."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from qa.index.build_notes import Progress, Step

_UNITS = {Step.READING: "B", Step.ENCODING: "chars", Step.WRITING: "passages"}


class Bars:
    """A progress bar for each step in turn, with its rate and the time left."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._step: Step | None = None
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        """Show how far the build is."""
        if progress.step is not self._step:
            self.close()
            self._step = progress.step
            self._bar = tqdm(
                total=progress.total,
                unit=_UNITS[progress.step],
                unit_scale=True,
                desc=progress.step.value,
                disable=self._quiet or None,  # None: shown on a terminal only
                leave=False,
            )
        self._bar.update(progress.done - self._bar.n)

    def close(self) -> None:
        """Clear the bar away."""
        if self._bar is not None:
            self._bar.close()
