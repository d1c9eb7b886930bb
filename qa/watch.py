"""Builds by itself: whenever the documents have changed and then been left alone for a moment, or when asked to.

The model is loaded once, by the first build that encodes something. A build that fails is told, and tried again when
the documents change next. A server asks for a build by leaving a file, so that any of its processes can.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qa.build import build
from qa.encode import Encoder, open_encoder
from qa.errors import BuildRunning, QAError
from qa.report import REQUEST, BuildReport, Progress
from qa.settings import Settings

LOOK_EVERY_S = 0.3
SETTLED_AFTER_S = 0.8  # longer than any pause in copying a file

log = logging.getLogger(__name__)

_Look = dict[str, tuple[int, int, int]]


class Watch:
    """Watches one folder of documents."""

    def __init__(
        self,
        settings: Settings,
        on_report: Callable[[BuildReport], None],
        on_progress: Callable[[Progress], None] = lambda _: None,
        encoder: Encoder | None = None,
    ) -> None:
        self._settings = settings
        self._on_report = on_report
        self._on_progress = on_progress
        self._encoder = encoder

    def run(self, stop: threading.Event) -> None:
        """Build now, and again after every change, until told to stop."""
        built: _Look | None = None
        seen, since = self._look(), -SETTLED_AFTER_S
        while True:
            asked = self._asked()
            settled = time.monotonic() - since >= SETTLED_AFTER_S
            if asked or (seen != built and settled):
                built = seen if self._build() else None
                since = time.monotonic() if built is None else since
            if stop.wait(LOOK_EVERY_S):
                return
            now = self._look()
            if now != seen:
                seen, since = now, time.monotonic()

    def _build(self) -> bool:
        """Build; False if it must be tried again, for another builder is at work."""
        try:
            self._on_report(build(self._settings, self._on_progress, encoder=self._loaded()))
        except BuildRunning:
            return False
        except QAError as error:
            log.error("%s; what serves is untouched", error)  # noqa: TRY400 - the message says it all
        return True

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            self._encoder = open_encoder(self._settings)
        return self._encoder

    def _asked(self) -> bool:
        try:
            (self._settings.index_dir / REQUEST).unlink()
        except OSError:
            return False
        return True

    def _look(self) -> _Look:
        """When and how large each file is; enough to tell that one was touched, though not that it differs."""
        found: _Look = {}
        for place, folders, names in os.walk(self._settings.seeds_dir):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(place, name)
                with suppress(OSError):  # gone again already
                    status = path.stat()
                    found[str(path)] = status.st_mtime_ns, status.st_size, status.st_ino
        return found
