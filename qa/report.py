"""The last build's report, as whoever serves or looks after an index reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REPORT = "report.json"


def read_report(index_dir: Path) -> dict[str, Any] | None:
    """The last build's report as JSON data, or None when there is none."""
    try:
        report: dict[str, Any] = json.loads((index_dir / REPORT).read_bytes())
    except (OSError, ValueError):
        return None
    return report
