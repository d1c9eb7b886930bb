"""The note on the site that a build leaves beside the index: its name, and example questions that were tried."""

from __future__ import annotations

import logging
from contextlib import closing

from qa.answering.example_questions import example_questions
from qa.building.folder import sidecar_bytes
from qa.cli.open_service import open_service
from qa.errors import QAError
from qa.index.build_notes import BuildReport
from qa.index.site_note import noted_snapshot, read_site, write_site
from qa.reading.sidecar import parse_site
from qa.settings import Settings
from qa.text.site import Site

log = logging.getLogger(__name__)


def note_site(settings: Settings, report: BuildReport) -> None:
    """Keep what the sidecar says of the site, with its questions or else with questions from the documents.

    Those are made anew only where the version that serves is another than that of the note. What goes wrong is logged:
    the build is done.
    """
    try:
        told = parse_site(sidecar_bytes(settings.seeds_dir, warn=False))  # the build has warned
        examples = told.examples
        if not examples and noted_snapshot(settings.index_dir) == report.snapshot:
            kept = read_site(settings.index_dir).examples
            examples = tuple(example for example in kept if example.document_id)
        elif not examples:
            # From this machine's disk, whatever answers elsewhere: the version that was just built.
            with closing(open_service(settings.model_copy(update={"cluster": ""}))) as service:
                examples = example_questions(service)
        write_site(settings.index_dir, Site(told.name, told.description, examples), report.snapshot)
    except (QAError, OSError) as error:
        log.warning("The site's name and example questions are not renewed: %s", error)
