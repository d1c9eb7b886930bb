"""Example replies for the API's description. A test checks them against the schema."""

from __future__ import annotations

from typing import Any

from qa.answering.citations import quote_url

_TEXT = "As COO, Dr. Batra will report to the foundation CEO, once that individual is selected."
_START = 262
_END = _START + len(_TEXT)

ANSWER: dict[str, Any] = {
    "question": "who is the COO of the medical foundation",
    "searched": "who is the COO of the medical foundation",
    "verdict": "answered",
    "confidence": 0.91,
    "sure": True,
    "unmet": [],
    "disagreement": [],
    "undated_left_out": 0,
    "passages": [
        {
            "rank": 1,
            "score": 0.88,
            "text": _TEXT,
            "headings": [],
            "highlights": [{"start": 8, "end": 17}],
            "tables": [],
            "citation": {
                "document_id": "001_fe88db643a881d9c",
                "title": "COO of the medical foundation named",
                "publisher": "Becker's",
                "author": None,
                "date": "2022-09-09",
                "source": "001_fe88db643a881d9c.txt",
                "page": None,
                "pages": None,
                "recognised": False,
                "start": _START,
                "end": _END,
                "url": quote_url("001_fe88db643a881d9c", _START, _END, _TEXT),
            },
            "also_in": [],
            "footnotes": [],
        }
    ],
    "snapshot": "20251002-140311-5f0c",
    "took_ms": 6.1,
}

DOCUMENTS: dict[str, Any] = {
    "documents": [
        {
            "id": "001_fe88db643a881d9c",
            "source": "001_fe88db643a881d9c.txt",
            "title": "COO of the medical foundation named",
            "publisher": "Becker's",
            "author": None,
            "date": "2022-09-09",
            "url": None,
            "characters": 1999,
            "passages": 4,
        }
    ],
    "matching": 1,
    "cursor": None,
}

DOCUMENT: dict[str, Any] = {
    "id": "001_fe88db643a881d9c",
    "source": "001_fe88db643a881d9c.txt",
    "sha256": "9b0c6e7a4d1f2b3c5e8f7a6d4c2b1e0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d",
    "title": "COO of the medical foundation named",
    "publisher": "Becker's",
    "author": None,
    "date": "2022-09-09",
    "url": None,
    "characters": len(_TEXT),
    "left_out": [],
    "blocks": [
        {
            "kind": "paragraph",
            "start": 0,
            "end": len(_TEXT),
            "level": 0,
            "run_in": 0,
            "slide": None,
            "page": None,
            "breaks": [],
        }
    ],
    "text": _TEXT,
}

INDEX: dict[str, Any] = {
    "snapshot": "20251002-140311-5f0c",
    "built_at": "2025-10-02T14:03:11+00:00",
    "model": "bge-small-en-v1.5",
    "documents": 5,
    "passages": 33,
    "trouble": None,
    "shards": [],
    "building": None,
    "last_build": {
        "started_at": "2025-10-02T14:03:09.316022+00:00",
        "finished_at": "2025-10-02T14:03:11+00:00",
        "seconds": 2.4,
        "counts": {"added": 1, "unchanged": 4},
        "files": [{"source": "001_fe88db643a881d9c.txt", "fate": "added", "reason": None}],
    },
}

BUILD: dict[str, Any] = {"build": "asked for", "asked_at": "2025-10-02T14:03:09.200417+00:00"}

STORED: dict[str, Any] = {
    "source": "report.pdf",
    "id": "report.pdf",
    "fate": "added",
    "bytes": 48213,
    "sha256": "5e0bf5a1b39d4e7c8f02c6d9471a3b6e0d8c2f5a7b91e4d3c6f8a0b2e4d6c8fa",
    **BUILD,
}

STORED_BY_NAME: dict[str, Any] = {**STORED, "stored": STORED["fate"]}

ADDED: dict[str, Any] = {
    "files": [
        {name: value for name, value in STORED.items() if name not in BUILD},
        {
            "source": "photo.png",
            "fate": "refused",
            "error": {
                "code": "unsupported_type",
                "message": "photo.png is not stored: .png is not read; known are .csv, .docx, .pdf, .txt.",
            },
        },
    ],
    **BUILD,
}

REMOVED: dict[str, Any] = {"source": "report.pdf", "id": "report.pdf", "fate": "removed", **BUILD}
REMOVED_BY_NAME: dict[str, Any] = {**REMOVED, "stored": REMOVED["fate"]}

BODY: dict[str, Any] = {
    "question": "who is the COO of the medical foundation",
    "k": 3,
    "filters": {"date_from": "2022-01-01"},
}

ERROR: dict[str, Any] = {
    "error": {"code": "invalid_request", "message": "k: Input should be less than or equal to 50."}
}
