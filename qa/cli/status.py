"""The command `qa status`: what the index holds, as text or JSON."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from qa.cli.output import say, say_json
from qa.index.build_notes import read_report
from qa.index.local.snapshot import current_id, open_snapshot
from qa.settings import Settings


def run_status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Open the current snapshot, which verifies it, and list its documents."""
    snapshot = open_snapshot(settings.index_dir, current_id(settings.index_dir))
    try:
        if arguments.json:
            data = {
                "snapshot": snapshot.id,
                "built_at": snapshot.manifest["built_at"],
                "passages": snapshot.size,
                "documents": [asdict(info) for info in snapshot.documents],
                "last_build": read_report(settings.index_dir),
            }
            say_json(data)
            return 0
        say(f"Snapshot {snapshot.id}, built {snapshot.manifest['built_at']}, whole; {snapshot.size} passages")
        for info in snapshot.documents:
            say(f"{info.passages:6} passages  {info.date or 'undated':10}  {info.source}  {info.title}")
    finally:
        snapshot.close()
    return 0
