"""Stores the site's name, description and example questions in the index folder for the servers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from qa.durable import replace_file
from qa.text.json_reading import parse_json
from qa.text.site import Example, Site

SITE = "site.json"


@dataclass(frozen=True, slots=True)
class SiteNote:
    """The site, and the version of the index on which its questions were tried; both empty if nothing is stored."""

    site: Site = field(default_factory=Site)
    snapshot: str = ""

    def for_version(self, snapshot: str) -> Site:
        """The site for a version: without the questions if they were tried on another version."""
        if snapshot == self.snapshot:
            return self.site
        return replace(self.site, examples=tuple(example for example in self.site.examples if not example.document_id))


def read_site_note(index_dir: Path) -> SiteNote:
    """The stored note; an empty one if there is none or it cannot be read."""
    try:
        data = parse_json((index_dir / SITE).read_bytes())
        examples = tuple(Example(str(each["question"]), each["document_id"]) for each in data["examples"])
        return SiteNote(Site(str(data["name"]), str(data["description"]), examples), str(data["snapshot"]))
    except (OSError, ValueError, KeyError, TypeError):
        return SiteNote()


def write_site_note(index_dir: Path, note: SiteNote) -> None:
    """Replace the note.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    content = json.dumps({**asdict(note.site), "snapshot": note.snapshot}, indent=1, ensure_ascii=False)
    replace_file(index_dir / SITE, content.encode("utf-8"))
