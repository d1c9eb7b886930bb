"""Scanned pages: read by text recognition if it is installed, and marked in every quote."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_files import pdf, shown
from workshop import Workshop, reason

from qa.answering.citations import cite
from qa.cli.answer_text import text_lines
from qa.cli.quote_address import QuoteAddresses
from qa.cli.terminal import Terminal
from qa.errors import UnreadableFile
from qa.reading import tesseract_data
from qa.reading.documents import load_document, loader_identity
from qa.records import Answer, Document, Quote, Span, Verdict
from qa.text.ocr_pages import is_recognised, recognised_pages, recognised_phrase

PIER = "The oldest pier was built by Mara Quill."
MILL = "The mill grinds rye on Tuesdays and Fridays."
SYSTEM = next((folder for folder in map(Path, tesseract_data.FOLDERS) if tesseract_data.languages(folder)), None)


@pytest.fixture
def recognition(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installed text recognition; without it a test is skipped."""
    pytest.importorskip("tesserocr")
    if SYSTEM is None:
        pytest.skip("Tesseract has no language here")
    monkeypatch.setenv("TESSDATA_PREFIX", str(SYSTEM))


def scanned(*pages: str, pictures: tuple[int, ...]) -> bytes:
    """A PDF with a text on each page, some of them as pictures."""
    made = pdfium.PdfDocument.new()
    for number, text in enumerate(pages, 1):
        source = pdfium.PdfDocument(pdf([shown(text, 72, 600, 18)]))
        if number not in pictures:
            made.import_pages(source)
            continue
        width, height = source[0].get_size()
        page, picture = made.new_page(width, height), pdfium.PdfImage.new(made)
        picture.set_bitmap(source[0].render(scale=200 / 72))
        picture.set_matrix(pdfium.PdfMatrix().scale(width, height))
        page.insert_obj(picture)
        page.gen_content()
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_without_text_recognition_pages_are_named_with_what_to_do():
    document = load_document("a.pdf", scanned(PIER, MILL, pictures=(2,)))
    assert document.text == PIER
    remedy = "pictures of text are read with the extra ocr and Tesseract's languages installed"
    assert document.left_out == ("without text: page 2", remedy)
    with pytest.raises(UnreadableFile, match=f"its 1 page holds only pictures, or nothing; {remedy}"):
        load_document("a.pdf", scanned(MILL, pictures=(1,)))


@pytest.mark.usefixtures("recognition")
def test_pages_without_text_are_read_and_their_quotes_say_so():
    document = load_document("a.pdf", scanned(PIER, MILL, pictures=(2,)))
    assert document.text == f"{PIER}\n\n{MILL}"
    assert document.left_out == ("read by OCR: page 2",)
    for words, page, marked in ((PIER, 1, False), (MILL, 2, True)):
        start = document.text.index(words)
        assert cite(document, Span(start, start + len(words)), page, words).recognised is marked


@pytest.mark.usefixtures("recognition")
@pytest.mark.parametrize("turned", [90, 180, 270])
def test_pages_are_read_however_they_were_scanned(turned: int):
    with closing(pdfium.PdfDocument(scanned(MILL, pictures=(1,)))) as document:
        document[0].set_rotation(turned)
        out = io.BytesIO()
        document.save(out)
    assert load_document("a.pdf", out.getvalue()).text == MILL


@pytest.mark.usefixtures("recognition")
def test_a_page_without_any_words_stays_named():
    document = load_document("a.pdf", scanned(PIER, "", pictures=(2,)))
    assert document.left_out == ("without text: page 2",)
    with pytest.raises(UnreadableFile, match=r"text recognition .* found none"):
        load_document("a.pdf", scanned("", pictures=(1,)))


@pytest.mark.usefixtures("recognition")
def test_a_build_reads_pictures_in_the_worker_and_the_index_knows_which_pages(tmp_path: Path):
    shop = Workshop(tmp_path, {})
    shop.put("scan.pdf", scanned(PIER, MILL, pictures=(2,)))
    assert reason(shop.build(), "scan.pdf") == "read by OCR: page 2"
    with closing(shop.open_index()) as index:
        assert index.info("scan.pdf").recognised == ((2, 2),)


@pytest.mark.usefixtures("recognition")
def test_files_are_read_anew_where_recognition_is_new(monkeypatch: pytest.MonkeyPatch):
    with_it = loader_identity()
    monkeypatch.setenv("TESSDATA_PREFIX", "/nowhere")
    assert loader_identity() != with_it


@given(st.sets(st.integers(1, 500), min_size=1, max_size=60))
def test_the_phrase_names_the_pages_and_no_fewer(pages):
    phrase = recognised_phrase(sorted(pages))
    runs = recognised_pages(("3 charts", phrase))
    told = {page for first, last in runs for page in range(first, last + 1)}
    assert pages <= told
    assert told == pages or len(runs) == 1
    assert len(phrase) < 500
    assert recognised_pages(("3 charts", "without text: page 2")) == ()


@pytest.mark.parametrize(("first", "last", "marked"), [(1, 1, False), (1, 3, True), (4, 4, True), (6, 9, False)])
def test_a_quote_is_marked_if_any_of_its_pages_was_recognised(first, last, marked):
    assert is_recognised(((3, 5),), first, last) is marked


def test_the_terminal_says_what_was_read_by_ocr():
    document = Document("a.pdf", "a.pdf", "0" * 64, MILL, (), "Mill", left_out=("read by OCR: pages 2-4",))
    citation = cite(document, Span(0, len(MILL)), 2, MILL, (2, 2))
    assert not replace(citation, recognised=False).recognised
    quote = Quote(1, 1.0, MILL, (), (), citation)
    answer = Answer("mill", "mill", Verdict.ANSWERED, 0.9, (quote,), "snap", 1.0)
    lines = list(text_lines(answer, Terminal(), QuoteAddresses(None, Path("nowhere"))))
    assert any("p. 2, read by OCR]" in line for line in lines)
