"""Compares every byte of the current version with its digests, so that a build can replace damaged segments."""

from __future__ import annotations

import logging
from pathlib import Path

from qa.building.stored_segments import segment_trouble
from qa.errors import DamagedSnapshot, QAError
from qa.index.local.index_folder import current_version

log = logging.getLogger(__name__)


def check_segments(index_dir: Path, *, fail: bool) -> set[str]:
    """Compare every byte of the current version's segments.

    Args:
        index_dir: The index folder.
        fail: Whether damage is an error.

    Returns:
        The ids of the damaged segments.

    Raises:
        DamagedSnapshot: damage was found and `fail` is set; the message names segments, files and documents.
    """
    try:
        version = current_version(index_dir)
    except QAError:
        return set()  # the following build reports or repairs it
    compared = {entry.id: segment_trouble(index_dir, entry.id) for entry in version.segments}
    damaged = {segment_id: trouble for segment_id, trouble in compared.items() if trouble}
    if damaged and fail:
        raise DamagedSnapshot(" ".join(damaged.values()))
    for told in damaged.values():
        log.error("%s", told)
    return set(damaged)
