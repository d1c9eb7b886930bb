"""Detects changes of documents by notifications of the operating system, and by listing the folder regularly.

Listing finds changes without a notification: those of another machine on a network drive, those on file systems without
notifications, and those whose notifications were lost.

1. List all files and folders below the folder, except those that a build passes over (hidden ones, uploads that are
   still being sent) and targets of links to folders.
2. Request notifications for each folder separately, so that no link is followed. Folders on other devices are left out,
   since the request blocks the whole process if a drive does not answer.
3. List again after a notification, when the caller asks for it, and after `LIST_EVERY_S`. A folder that takes long to
   list is listed less often. Without notifications, list every `LIST_ALONE_EVERY_S`.
4. Repeat 2 if the folders have changed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Generator
from contextlib import suppress
from math import inf
from pathlib import Path

from watchfiles import Change, watch

from qa.index.file_calls import Headway, within
from qa.text.document_names import PASSED_OVER

LIST_EVERY_S = 5.0
LIST_ALONE_EVERY_S = 0.3
_LONGEST_PAUSE_S = 60.0
_PAUSE_PER_LIST = 20  # listing takes at most a twentieth of the time, unless the pause would exceed its maximum
_NO_ANSWER = ".no-answer"  # not the path of a document

log = logging.getLogger(__name__)

FileStates = dict[str, tuple[int, int, int]]
_Folders = dict[str, tuple[int, int]]
_Notifications = Generator[set[tuple[Change, str]]]


class FolderWatch:
    """The state of all files below one folder. Not thread-safe."""

    def __init__(self, folder: Path) -> None:
        """List nothing yet; the first call of `states` does."""
        self._folder = folder
        self._states: FileStates = {}
        self._list_at_s = -inf
        self._watched: _Folders = {}
        self._notifications: _Notifications | None = None
        self._changes = 0
        self._told = False

    def states(self, *, listed: bool = False) -> FileStates:
        """Each file's time in nanoseconds, size in bytes and inode, by path.

        The same object as before unless a file was changed, so that comparing takes no time for any number of files.
        While a drive below the folder does not answer, it is another after each notification.

        Args:
            listed: Whether to list the files in any case.
        """
        notified = self._notified()
        self._changes += notified
        if notified or listed or time.monotonic() >= self._list_at_s:
            self._list()
        return self._states

    def close(self) -> None:
        """End the notifications."""
        if self._notifications:
            self._notifications.close()
        self._notifications, self._watched = None, {}

    def _list(self) -> None:
        began_s = time.monotonic()
        try:
            states, folders = within(self._folder / _NO_ANSWER, self._list_all)
        except TimeoutError:
            # A build then reports which file or folder it is.
            states, folders = {**self._states, _NO_ANSWER: (self._changes, 0, 0)}, self._watched
            began_s = time.monotonic()
        if states != self._states:
            self._states = states
        if folders != self._watched and self._watch(folders):
            self._list_at_s = -inf  # something may have changed before the notifications began
            return
        ended_s = time.monotonic()
        shortest_s = LIST_EVERY_S if self._notifications else LIST_ALONE_EVERY_S
        self._list_at_s = ended_s + max(shortest_s, min((ended_s - began_s) * _PAUSE_PER_LIST, _LONGEST_PAUSE_S))

    def _list_all(self, headway: Headway) -> tuple[FileStates, _Folders]:
        files: FileStates = {}
        folders: _Folders = {}
        for place, below, names in os.walk(self._folder):
            headway()
            below[:] = [name for name in below if not name.startswith(PASSED_OVER)]
            with suppress(OSError):  # already removed
                status = Path(place).stat()
                folders[place] = (status.st_dev, status.st_ino)
            for path in (Path(place, name) for name in names if not name.startswith(PASSED_OVER)):
                with suppress(OSError):
                    status = path.stat()
                    files[str(path)] = status.st_mtime_ns, status.st_size, status.st_ino
        top = folders.get(str(self._folder), (0, 0))
        return files, {place: found for place, found in folders.items() if found[0] == top[0]}

    def _watch(self, folders: _Folders) -> bool:
        """Request notifications for these folders instead of the earlier ones; return whether they are available."""
        self.close()
        if not folders:
            return False
        notifications = _notifications(folders)
        try:
            within(self._folder / _NO_ANSWER, lambda _: next(notifications))
        except (OSError, RuntimeError) as error:
            if not self._told:
                told = "The system does not notify of changes in %s (%s), which is listed again and again instead"
                log.warning(told, self._folder, error)
            self._told = True
            return False
        self._notifications, self._watched = notifications, folders
        return True

    def _notified(self) -> bool:
        """Whether there was a notification since the last call."""
        if not self._notifications:
            return False
        try:
            changes = next(self._notifications)
        except (OSError, RuntimeError):  # such as a name that is not valid UTF-8
            self.close()
            return True
        if any(path in self._watched for _, path in changes):
            self.close()  # another folder may now have its name
        return bool(changes)


def _notifications(folders: _Folders) -> _Notifications:
    """Changes since the last call, without waiting; the first call starts the notifications."""
    return watch(
        *folders,
        watch_filter=None,
        debounce=1,
        step=1,
        rust_timeout=1,
        yield_on_timeout=True,
        recursive=False,
        force_polling=False,
        ignore_permission_denied=True,
    )
