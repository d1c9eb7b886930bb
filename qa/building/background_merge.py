"""Merges segments after a build, so that questions search fewer segments.

It runs in a thread of low priority, one merge at a time. It stops when a build is waiting, and removes the unfinished
segment. Each merge publishes a version of the same documents with the same id. Nothing is read or encoded again.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path

from qa.building.build_lock import is_awaited, merge_lock
from qa.building.journal import unpublished
from qa.building.progress import ProgressNote
from qa.building.stored_segments import stored_segments
from qa.errors import OperatingError, QAError
from qa.index.build_notes import Progress, Step
from qa.index.local.index_folder import SEGMENTS, UNFINISHED, current_version, next_sequence, segment_path
from qa.index.local.merge import merge_segments
from qa.index.local.merge_policy import Size, next_merge
from qa.index.local.prune import prune
from qa.index.local.publish import install_segment, publish
from qa.index.local.segment import Segment
from qa.index.local.verify import verify_segment
from qa.index.local.version import SegmentEntry, Version
from qa.settings import Settings

log = logging.getLogger(__name__)

_LOWEST_PRIORITY = 19


class _BuildWanted(Exception):
    """The merge must stop."""


def merge(settings: Settings, wanted: Callable[[], bool] = lambda: False) -> int:
    """Make all due merges; none if a build is running.

    Args:
        settings: The index folder, and the number of versions to keep.
        wanted: Returns whether a build is waiting; called every few milliseconds from another thread.

    Returns:
        The number of merges. Errors are logged: the index is complete without merges.
    """
    with ThreadPoolExecutor(1, initializer=_lower_priority) as thread:
        return thread.submit(_merge_all, settings, wanted).result()


def _lower_priority() -> None:
    if sys.platform == "linux":  # on other systems it would apply to the whole process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)


def _merge_all(settings: Settings, wanted: Callable[[], bool]) -> int:
    index_dir, done = settings.index_dir, 0

    def stop_if_wanted() -> None:
        if wanted() or is_awaited(index_dir):
            raise _BuildWanted

    with merge_lock(index_dir) as free:
        if not free:
            return 0
        try:
            with closing(ProgressNote(index_dir, lambda _: None)) as note:
                while _merge_once(index_dir, stop_if_wanted, note):
                    done += 1
                    prune(index_dir, settings.keep_snapshots, unpublished(index_dir))
        except _BuildWanted:
            pass
        except (QAError, OSError, ValueError, sqlite3.Error) as error:
            log.warning("Segments of the index in %s are not merged for now: %s", index_dir, error)
    return done


def _merge_once(index_dir: Path, stop_if_wanted: Callable[[], None], note: ProgressNote) -> bool:
    """Make one merge; return False if none is due."""
    try:
        version = current_version(index_dir)
    except OperatingError:
        return False
    sizes = _sizes(index_dir, version)
    chosen = next_merge(sizes)
    if not chosen:
        return False
    total = sum(size.live for size in sizes if size.id in chosen)

    def pause() -> None:
        stop_if_wanted()
        note(Progress(Step.MERGING, 0, total))

    pause()
    for each in chosen:
        verify_segment(index_dir, each, every_byte=True)  # otherwise damage would be copied under a new digest
        pause()
    folder = index_dir / SEGMENTS / f"{UNFINISHED}{os.getpid()}"
    with ExitStack() as stack:
        parts = [
            (stack.enter_context(closing(Segment.open(segment_path(index_dir, entry.id)))), entry.removed)
            for entry in version.segments
            if entry.id in chosen
        ]
        record = merge_segments(folder, parts, pause)
    install_segment(index_dir, folder, record)
    counts = record.counts
    merged = SegmentEntry(record.id, counts.documents, counts.passages, counts.terms)
    publish(index_dir, replace(version, sequence=next_sequence(index_dir), segments=_replaced(version, chosen, merged)))
    return True


def _sizes(index_dir: Path, version: Version) -> list[Size]:
    """The size of each segment of a version; no array is opened."""
    with stored_segments(index_dir, [entry.id for entry in version.segments if entry.removed]) as segments:
        documents = {segment.id: segment.documents for segment in segments}
    found = []
    for entry in version.segments:
        removed = sum(documents[entry.id][row].passages for row in entry.removed) if entry.id in documents else 0
        found.append(Size(entry.id, entry.passages, entry.passages - removed))
    return found


def _replaced(version: Version, chosen: Sequence[str], merged: SegmentEntry) -> tuple[SegmentEntry, ...]:
    """The version's segments, with the merged one at the position of the first merged one."""
    return tuple(dict.fromkeys(merged if entry.id in chosen else entry for entry in version.segments))
