"""Documents that together have all elements that a page can show."""

from __future__ import annotations

from dataclasses import replace

from fake_service import FakeService, make_document

from qa.index.build_notes import BuildReport, Fate, FileReport
from qa.records import BlockKind as K
from qa.text.site import Example, Site

INJECTION = "<script>alert('x')</script><img src=x onerror=alert(1)>\"'><b>bold</b> {{ 7*7 }} </mark>"


def service(max_question_chars: int = 200) -> FakeService:
    return FakeService(
        {document.id: document for document in (harbour(), slides(), hostile(), rightward(), table(), printed())},
        max_question_chars=max_question_chars,
        own_site=Site(
            "Elsmouth", "Quotations from the harbour's papers", (Example("Who runs the harbour?", "harbour"),)
        ),
        last_report=BuildReport(
            started_at="2025-10-02T14:03:09.316022+00:00",
            finished_at="2025-10-02T14:03:11+00:00",
            seconds=2.41,
            counts={"added": 1, "failed": 1, "skipped": 1},
            files=(
                FileReport("harbour.txt", Fate.ADDED),
                FileReport("broken.pdf", Fate.FAILED, "not a PDF"),
                FileReport("notes.xyz", Fate.SKIPPED, "format not read"),
            ),
        ),
    )


def harbour():
    return make_document(
        "harbour",
        [
            (K.TITLE, "The harbour of Elsmouth"),
            (K.HEADING, "Who runs the harbour?"),
            (
                K.PARAGRAPH,
                "The harbour master is Ada Quist, who has run the harbour since 1998. She reports to the town.",
            ),
            (K.HEADING, "Safe mooring in winter"),
            (K.PARAGRAPH, "Mooring fees: Boats under nine metres pay a winter mooring fee of 40 crowns a week.*"),
            (K.PARAGRAPH, "In winter the safe mooring is the inner basin, since ice drifts into the outer one."),
            (K.LIST_ITEM, "- Lines are doubled."),
            (K.LIST_ITEM, "- Engines are drained."),
            (K.FOOTNOTE, "*Fishing boats pay half of it."),
            (K.BOILERPLATE, "Copyright Elsmouth Harbour Office."),
        ],
        publisher="Harbour Office",
        date="2022-09-09",
        url="https://example.org/harbour",
    )


def slides():
    return make_document(
        "slides",
        [
            (K.TITLE, "Partnership in practice"),
            (K.LIST_ITEM, "COALITION OF DOCKERS"),
            (K.HEADING, "Leadership and resources"),
            (K.LIST_ITEM, "Visible leadership"),
            (K.LIST_ITEM, "$30M dockers trust fund"),
            (K.LIST_ITEM, "Dedicated staff \U0001d4b3 for teams"),
        ],
        slides=(1, 1, 2, 2, 2, 2),
        author="Jo Dock",
    )


def hostile():
    return make_document(
        "hostile",
        [
            (K.TITLE, INJECTION),
            (K.HEADING, f"About {INJECTION}"),
            (K.PARAGRAPH, f"Injection inside text {INJECTION} ends."),
        ],
        source="</title><script>alert(2)</script>.txt",
        publisher=INJECTION,
        author=INJECTION,
    )


def rightward():
    return make_document(
        "rightward",
        [
            (K.TITLE, "دليل الميناء"),
            (K.PARAGRAPH, "مدير الميناء هو المسؤول عن رسو السفن في الشتاء."),
            (K.PARAGRAPH, "Donaudampfschiffahrtsgesellschaft" * 6 + " is one long word."),
        ],
        date="2016",
    )


def table():
    return make_document(
        "table",
        [
            (K.TITLE, "Tides"),
            (K.PARAGRAPH, "Tide tables list the height of the tide."),
            (K.TABLE, "Day | Height\nMonday | 2.1 m\nTuesday | 2.4 m"),
            (K.CODE, "tide --day monday\n  --height"),
        ],
        date="2021-05",
    )


def printed():
    """A PDF of two pages; the second page begins inside the last block."""
    document = make_document(
        "printed",
        [(K.TITLE, "Printed rules"), (K.PARAGRAPH, "Moor at the quay. Bells are rung at dusk.")],
        source="printed.pdf",
    )
    title, rules = document.blocks
    second = document.text.index("Bells")
    return replace(document, blocks=(replace(title, page=1), replace(rules, page=1, breaks=((second, 2),))))
