"""Writes the site's name and tested example questions at the end of a build."""

from __future__ import annotations

import logging
from collections.abc import Callable

from qa.building.folder import read_sidecar
from qa.errors import QAError
from qa.index.site_note import SiteNote, read_site_note, write_site_note
from qa.settings import Settings
from qa.text.site import Example, Site

log = logging.getLogger(__name__)


def note_site(settings: Settings, snapshot: str, tried: Callable[[], tuple[Example, ...]]) -> None:
    """Write the sidecar's site data, with its questions or else with questions from the documents.

    An error is logged and not raised, since the build is done.

    Args:
        settings: The folders of the documents and of the index.
        snapshot: The version that serves.
        tried: Makes questions from the documents of that version. It is called only if the sidecar has no questions
            and the note's were made from another version.
    """
    try:
        told = read_sidecar(settings.seeds_dir, warn=False).site  # the build has logged a warning
        noted = read_site_note(settings.index_dir)
        examples = told.examples
        if not examples and noted.snapshot == snapshot:
            examples = tuple(example for example in noted.site.examples if example.document_id)
        elif not examples:
            examples = tried()
        note = SiteNote(Site(told.name, told.description, examples), snapshot)
        if note != noted:
            write_site_note(settings.index_dir, note)
    except (QAError, OSError) as error:
        log.warning("The site's name and example questions are not renewed: %s", error)
