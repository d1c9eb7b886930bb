"""Finds the version that a build starts from, and the segments that may already have its documents."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet
from pathlib import Path

from qa.building.journal import unpublished
from qa.errors import MismatchedSnapshot, OperatingError, ShortOfResources
from qa.index.local.index_folder import current_version, rolled_back, versions
from qa.index.local.version import Version

log = logging.getLogger(__name__)


def previous_version(index_dir: Path) -> Version | None:
    """The current version; None if there is none, or none of this format.

    Raises:
        ShortOfResources: it cannot be read at present.
    """
    try:
        return current_version(index_dir)
    except MismatchedSnapshot as error:
        log.warning("%s All documents are read and encoded anew.", str(error).removesuffix(" Run `qa build`."))
    except ShortOfResources:
        raise
    except OperatingError:
        pass  # there is no version at all
    return None


def segments_to_reuse(index_dir: Path, before: Version | None, damaged: AbstractSet[str]) -> list[str]:
    """The ids of the segments that may have documents, the preferred ones first.

    Args:
        index_dir: The index folder.
        before: The current version.
        damaged: The ids of segments to leave out.
    """
    refused = rolled_back(index_dir)
    others = [version for version in versions(index_dir) if version.id in refused] if refused else []
    named = [entry.id for version in (before, *others) if version for entry in version.segments]
    return [each for each in (*named, *unpublished(index_dir)) if each not in damaged]
