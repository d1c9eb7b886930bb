"""The site's name, description and example questions, kept in the index folder for those who serve it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from qa.durable import replace_file
from qa.text.json_reading import parse_json
from qa.text.site import Example, Site

SITE = "site.json"


class SiteNote:
    """The note as a server reads it for every page: parsed again only when the file is another one."""

    def __init__(self, index_dir: Path) -> None:
        self._index_dir = index_dir
        self._last: tuple[object, Site, str] = (None, Site(), "")

    def read(self, snapshot: str) -> Site:
        """The site; an empty one where nothing was noted.

        Args:
            snapshot: The version that serves. Questions that were tried on another one are left out.
        """
        known = _identity(self._index_dir)
        last = self._last
        if known is None or last[0] != known:
            last = self._last = (known, *_read(self._index_dir))
        _, site, of_snapshot = last
        if snapshot == of_snapshot:
            return site
        return replace(site, examples=tuple(example for example in site.examples if example.document_id is None))


def read_site(index_dir: Path) -> Site:
    """The site as it was noted; an empty one where nothing was."""
    return _read(index_dir)[0]


def noted_snapshot(index_dir: Path) -> str:
    """The version on which the noted questions were tried; empty where nothing was noted."""
    return _read(index_dir)[1]


def write_site(index_dir: Path, site: Site, snapshot: str) -> None:
    """Keep the site, if it is not the one that is kept already.

    Args:
        index_dir: The index folder.
        site: The site.
        snapshot: The version on which its questions were tried.

    Raises:
        OSError: the disk refused.
    """
    if (site, snapshot) != _read(index_dir):
        content = json.dumps({**asdict(site), "snapshot": snapshot}, indent=1, ensure_ascii=False)
        replace_file(index_dir / SITE, content.encode("utf-8"))


def _identity(index_dir: Path) -> tuple[int, ...] | None:
    """What tells the file from the one that a later build puts in its place; None where there is none."""
    try:
        found = (index_dir / SITE).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _read(index_dir: Path) -> tuple[Site, str]:
    try:
        data = parse_json((index_dir / SITE).read_bytes())
        examples = tuple(Example(str(each["question"]), each["document_id"]) for each in data["examples"])
        return Site(str(data["name"]), str(data["description"]), examples), str(data["snapshot"])
    except (OSError, ValueError, KeyError, TypeError):
        return Site(), ""
