"""The states of every page for the web tests' documents, by name."""

from __future__ import annotations

from urllib.parse import quote

import samples_for_tests

from qa.answering.citations import quote_digest

ASKED = "winter mooring fee of the harbour"
HARBOUR = samples_for_tests.harbour().text
WHOLE = f"0-{len(HARBOUR)}-{quote_digest(HARBOUR)}"

STATES = {
    "home": "/",
    "answered": f"/?q={quote(ASKED)}",
    "related": "/?q=winter+mooring+crew+rota+snack",
    "none": "/?q=zebra",
    "filtered": "/?q=harbour&document_id=harbour",
    "hostile": "/?q=" + quote(f"injection inside text {samples_for_tests.INJECTION}"),
    "reader": f"/documents/harbour?quote={WHOLE}&q={quote(ASKED)}",
    "slides": "/documents/slides?quote=24-60",
    "hostile reader": "/documents/hostile",
    "rightward reader": "/documents/rightward",
    "table": "/documents/table?quote=0-130",
    "lost": "/documents/harbour?quote=0-4-0123456789ab",
    "documents": "/documents",
    "docs": "/docs",
    "found": "/documents/harbour?find=harbour&quote=4-60",
    "not found": "/documents/harbour?find=zebra",
    "cited": f"/cite?q=harbour&quote={WHOLE}:harbour&quote=24-60:slides&quote=1-2-0123456789ab:harbour",
    "nothing cited": "/cite",
    "more": "/?q=harbour&k=20",
    "outline": "/documents?open=harbour",
    "page": "/documents/printed/pages/2?quote=20-50&q=printed",
    "no page": "/documents/printed/pages/9",
    "no such filter": "/?q=harbour&documents=zebra",
    "unknown": "/documents/nope",
    "too long": f"/?q={'x' * 201}",
}
