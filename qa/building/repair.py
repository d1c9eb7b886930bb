"""Compares every byte of the current version's segments, so that what is damaged can be made anew."""

from __future__ import annotations

import logging
from pathlib import Path

from qa.building.stored_segments import lost_documents
from qa.errors import DamagedSnapshot, QAError
from qa.index.local.index_folder import aside, current_version, segment_path
from qa.index.local.verify import verify_segment

log = logging.getLogger(__name__)


def check_segments(index_dir: Path, *, fail: bool) -> None:
    """Compare every byte of the current version's segments.

    Args:
        index_dir: The index folder.
        fail: Whether damage is an error. Otherwise a damaged segment is set aside, so that a build reads its
            documents anew.

    Raises:
        DamagedSnapshot: naming every damaged segment with its files and documents.
    """
    try:
        version = current_version(index_dir)
    except QAError:
        return  # the build that follows says what is wrong, or makes it good
    damaged = []
    for entry in version.segments:
        try:
            verify_segment(index_dir, entry.id, every_byte=True)
        except QAError as error:
            told = f"{error} {lost_documents(index_dir, entry.id)}"
            log.error("%s", told)  # noqa: TRY400 - the message says it all
            damaged.append(told)
            path = segment_path(index_dir, entry.id)
            if not fail and path.exists():
                path.rename(aside(path))
    if damaged and fail:
        raise DamagedSnapshot(" ".join(damaged))
