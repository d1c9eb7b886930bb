"""The command `qa status`: prints the contents of the index as text or JSON."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from qa.cli.output import say, say_json
from qa.index.build_notes import read_report
from qa.index.local.open_version import open_index
from qa.settings import Settings


def run_status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Open and verify the current snapshot, and list its documents."""
    index = open_index(settings.index_dir)
    try:
        if arguments.json:
            report = read_report(settings.index_dir)
            data = {
                "snapshot": index.id,
                "built_at": index.built_at,
                "segments": index.segments,
                "passages": index.size,
                "documents": [asdict(info) for info in index.documents],
                "last_build": asdict(report) if report else None,
            }
            say_json(data)
            return 0
        segments = f"{index.segments} segment{'' if index.segments == 1 else 's'}"
        say(f"Snapshot {index.id}, built {index.built_at}, whole; {index.size} passages in {segments}")
        for info in index.documents:
            plural = " " if info.passages == 1 else "s"
            say(f"{info.passages:6} passage{plural}  {info.date or 'undated':10}  {info.source}  {info.title}")
    finally:
        index.close()
    return 0
