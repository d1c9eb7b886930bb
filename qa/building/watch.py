"""Builds when documents have changed and then been stable for a short time, or on request.

Files that do not stop changing are built once a minute. The model is loaded once, before the first build. A failed
build is logged and tried again at the next change. If the cause may be temporary (an unexpected error, too little
memory or disk, no model), it is also tried again after a pause, which grows from 1 s to 60 s. Files with a temporary
failure are tried again after pauses that grow to an hour, since each try may use the whole time limit of a file. Any
process of a server requests a build by writing a file; a lock shows whether a builder is running
(`qa.index.builder_lock`).

A build is abandoned if a file that was there when it began has been removed, since it may be the file that takes so
long. So that removals cannot prevent every build, the next one runs twice as long before it can be abandoned. The
journal keeps what was read and encoded.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from math import inf

from qa.building.background_merge import merge
from qa.building.build import build
from qa.building.folder_watch import FileStates, FolderWatch
from qa.building.heartbeat import Heartbeat
from qa.encode import Encoder, open_encoder
from qa.errors import BuildFailed, BuildRunning, ModelUnavailable, QAError, ShortOfResources
from qa.index.build_notes import REQUEST, BuildReport, Progress
from qa.index.builder_lock import BuilderLock
from qa.settings import Settings

LOOK_EVERY_S = 0.1
SETTLED_AFTER_S = 0.8  # longer than any pause while copying a file
LONGEST_WAIT_S = 60.0  # for files that do not stop changing
LOOK_WHILE_BUILDING_S = 1.0
SHORTEST_BUILD_S = 1.0  # after an abandoned build, before the next one can be abandoned; doubled for each further one
FIRST_PAUSE_S = 1.0  # before the first retry; doubled for each further one
LONGEST_PAUSE_S = 60.0
LONGEST_FILES_PAUSE_S = 3600.0  # if only files with a temporary failure remain

log = logging.getLogger(__name__)


class _Abandoned(BaseException):
    """The build must end without a result; like Ctrl-C it is no error, so no report tells of it."""


class Watch:
    """Watches one folder of documents."""

    def __init__(
        self,
        settings: Settings,
        on_report: Callable[[BuildReport], None],
        encoder: Encoder | None = None,
    ) -> None:
        self._settings = settings
        self._on_report = on_report
        self._encoder = encoder
        self._lock = BuilderLock(settings.index_dir)
        self._heart = Heartbeat(self._lock.beat)
        self._folder = FolderWatch(settings.seeds_dir)
        self._seen: FileStates | None = None
        self._since = -inf  # time of the last seen change
        self._first_since = inf  # time of the first one since the last build began
        self._settled = True
        self._built: FileStates | None = None
        self._retry_at = -inf
        self._pause_s = 0.0
        self._looked_at = -inf  # while building or merging
        self._shortest_build_s = 0.0
        self._stop = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Build now and after every change, until `stop` is set."""
        self._stop = stop
        try:
            with self._heart:
                self._run(stop)
        finally:
            self._folder.close()
            self._lock.release()

    def _run(self, stop: threading.Event) -> None:
        while True:
            self._heart.step()
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001 - the loop's edge: the next look must still happen
                if time.monotonic() >= self._retry_at:  # otherwise it was just logged
                    self._put_off("Checking the documents", error)
            if stop.wait(LOOK_EVERY_S):
                return

    def _turn(self) -> None:
        """Check once for changes, and build if there are any."""
        self._lock.hold()
        seen = self._folder.states(listed=not self._settled)
        if self._seen is None:
            self._seen = seen  # existing files need not settle
        elif seen is not self._seen:
            self._seen, self._since = seen, time.monotonic()
            self._first_since = min(self._first_since, self._since)
            self._retry_at = -inf  # the change may have removed the cause of a failure
        now = time.monotonic()
        self._settled = now - self._since >= SETTLED_AFTER_S
        due = self._settled or now - self._first_since >= LONGEST_WAIT_S
        if self._asked() or (seen is not self._built and due and now >= self._retry_at):
            self._built, self._first_since, self._looked_at = None, inf, now + self._shortest_build_s
            if self._build():
                self._built = seen

    def _build(self) -> bool:
        """Build; return False if it must be tried again: another build runs, or a resource is lacking."""
        try:
            report = build(self._settings, self._progressed, encoder=self._loaded())
        except BuildRunning:
            self._since = time.monotonic()
            return False
        except _Abandoned:
            self._shortest_build_s = max(SHORTEST_BUILD_S, 2 * self._shortest_build_s)
            return False
        except QAError as error:
            log.error("%s; what serves is untouched", str(error).rstrip("."))  # noqa: TRY400 - the message says it all
            if _may_pass(error):
                self._pause(LONGEST_PAUSE_S)
                return False
        except Exception as error:  # noqa: BLE001 - the builder's edge: a passing shortage must not end it
            self._put_off("The build", error)
            return False
        else:
            self._shortest_build_s, self._looked_at = 0.0, -inf
            self._tell(report)
            merge(self._settings, self._is_wanted)
            if any(file.for_now for file in report.files):
                self._pause(LONGEST_FILES_PAUSE_S)
                return False
        self._pause_s = 0.0
        return True

    def _is_wanted(self) -> bool:
        """Whether a build is due or `stop` is set; a merge calls this from another thread."""
        self._heart.step()
        if self._stop.is_set() or (self._settings.index_dir / REQUEST).exists():
            return True
        return self._may_look(LOOK_EVERY_S) and self._folder.states() is not self._seen

    def _progressed(self, _: Progress) -> None:
        self._heart.step()
        removed = self._may_look(LOOK_WHILE_BUILDING_S) and (self._seen or {}).keys() - self._folder.states().keys()
        if removed or self._stop.is_set():
            raise _Abandoned

    def _may_look(self, every_s: float) -> bool:
        """Whether the last look at the folder is long enough ago."""
        now = time.monotonic()
        if now - self._looked_at < every_s:
            return False
        self._looked_at = now
        return True

    def _tell(self, report: BuildReport) -> None:
        try:
            self._on_report(report)
        except Exception as error:  # noqa: BLE001 - an error while printing must not cause another build
            log.error("The build is done, but what it did cannot be shown: %r", error)  # noqa: TRY400 - in one line

    def _put_off(self, what: str, error: Exception) -> None:
        """Log an error in one line, and schedule another try."""
        self._pause(LONGEST_PAUSE_S)
        log.error("%s failed: %r; what serves is untouched, next try in %g s", what, error, self._pause_s)

    def _pause(self, longest_s: float) -> None:
        """Schedule another try after a pause twice as long as the last, up to a maximum."""
        self._pause_s = min(max(FIRST_PAUSE_S, 2 * self._pause_s), longest_s)
        self._retry_at = time.monotonic() + self._pause_s

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


def _may_pass(error: QAError) -> bool:
    """Whether the cause of a failed build may be temporary."""
    return isinstance(error, ModelUnavailable | ShortOfResources) or (isinstance(error, BuildFailed) and error.for_now)
