"""A folder of real and broken files by other tools: `report.json` has the expected result for each.

Rewrite it with `pytest tests/load_formats --update-golden`, and read the difference.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from fakes import FakeEncoder
from waiting import PATIENCE_S

from qa.building.build import build
from qa.index.local.open_version import open_index
from qa.reading.documents import load_document
from qa.reading.formats.pdf import read_pdf
from qa.settings import Settings
from qa.text.page_units import unit_of

LIBRARY = Path(__file__).parent.parent / "library"
FILES = LIBRARY / "files"
GOLDEN = LIBRARY / "report.json"
PAGES = json.loads((LIBRARY / "pages.json").read_text(encoding="utf-8"))  # by poppler's pdftotext


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    index = tmp_path_factory.mktemp("library") / "index"
    settings = Settings(seeds_dir=FILES, index_dir=index, parse_seconds=PATIENCE_S, parse_memory_mb=1024)
    report = build(settings, encoder=FakeEncoder())
    opened = open_index(index)
    yield report, opened
    opened.close()


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text)))


def test_every_file_meets_the_fate_that_is_written_down(built, request):
    report, index = built
    documents = {info.source: info for info in index.documents}
    found = {}
    for file in report.files:
        entry: dict[str, object] = {"fate": file.fate.value}
        if file.reason:
            entry["reason"] = file.reason
        if info := documents.get(file.source):
            document = index.document(info.id)
            kinds = Counter(block.kind.value for block in document.blocks)
            entry |= {"title": info.title, "author": info.author, "date": info.date, "characters": info.characters}
            entry["blocks"] = dict(sorted(kinds.items()))
            entry["pages"] = max((block.page or 0 for block in document.blocks), default=0)
            entry["ends"] = document.text[-60:]
        found[file.source] = {name: value for name, value in entry.items() if value not in (None, 0)}
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(golden) >= 60
    assert found == golden


def test_every_pdf_citation_names_the_page_that_the_words_stand_on(built):
    _, index = built
    checked = 0
    for passage in index.passages(range(index.size)):
        source = index.info(passage.document_id).source
        if source not in PAGES:
            continue
        assert passage.page is not None
        opening = " ".join(words(passage.text[:60]).split()[:6])
        assert opening in PAGES[source][passage.page - 1], f"{source}, page {passage.page}: {opening}"
        checked += 1
    assert checked > 150


@pytest.mark.parametrize("source", sorted(PAGES))
def test_no_word_of_a_pdf_is_lost_or_made_up(source):
    """Except page numbers, repeated running headers, and hyphens at line ends."""
    drafts, *_ = read_pdf((FILES / source).read_bytes())
    ours = Counter(words(" ".join(draft.text for draft in drafts)).lower().split())
    theirs = Counter(" ".join(PAGES[source]).lower().split())
    furniture = {
        "register",
        "of",
        "elden",
        "confidential",
        "draft",
        "page",
        "harbour",
        "authority",
        "tide",
        "tables",
        "gazette",
    }
    broken = {
        "repage",
        "mainder",
        "remainder",
        "1the",
        "the",
    }  # a hyphen and a footnote's mark that poppler reads differently
    lost = {word for word in theirs - ours if not word.isdigit()} - furniture - broken
    assert lost == set()
    assert set(ours - theirs) - broken == set()


def test_slides_keep_their_number_title_bullets_and_notes(built):
    _, index = built
    for name in ("pandoc-deck", "libreoffice-deck"):
        info = next(info for info in index.documents if info.source == f"{name}.pptx")
        document = index.document(info.id)
        lamp = next(block for block in document.blocks if "lamp was replaced" in document.text[block.start : block.end])
        title = next(block for block in document.blocks if document.text[block.start : block.end] == "The lighthouse")
        assert lamp.slide == lamp.page == title.slide == 2
        passage = next(
            passage
            for passage in index.passages(range(index.size))
            if passage.document_id == info.id and "white flashes" in passage.text
        )  # fmt: skip
        assert passage.page == 2
        assert passage.text.startswith("The lighthouse") or passage.headings[-1:] == ("The lighthouse",)


@pytest.mark.parametrize(
    ("file", "suffixes"),
    [
        ("pandoc-report.docx", ".docm .dotx .DOTM"),
        ("pandoc-deck.pptx", ".pptm .ppsx .ppsm .potx .potm"),
        ("pandoc-report.odt", ".ott"),
        ("pandoc-report.html", ".htm .xhtml"),
        ("pandoc-gfm.md", ".markdown"),
        ("pandoc-report.txt", ".text"),
    ],
)
def test_a_format_is_read_alike_under_each_of_its_suffixes(file: str, suffixes: str) -> None:
    data = (FILES / file).read_bytes()
    usual = load_document(file, data)
    for suffix in suffixes.split():
        other = load_document(f"x{suffix}", data)
        assert (other.text, other.blocks, other.title) == (usual.text, usual.blocks, usual.title)
        assert unit_of(f"x{suffix}") == unit_of(file)
