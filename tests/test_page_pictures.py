"""Pictures of PDF pages: the quote is boxed in its place, broken files do not affect others, and the cache is small."""

from __future__ import annotations

import sys
import threading
import zlib
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from pdf_files import pdf, shown

from qa.answering import page_pictures
from qa.answering.page_pictures import PagePictures, draws, page_text
from qa.errors import NoPicture, UnknownDocument
from qa.reading.documents import make_document, parse_file
from qa.reading.formats.pdf_picture import draw_page
from qa.records import Document, Span

LINES = (
    "The harbour of Elsmouth is run by",
    "a harbour master, who keeps the",
    "bridges and the basins in or-",
    "der. Boats pay a fee of 40 crowns.",
)
UPPER = [shown(line, 72, 700 - 16 * number) for number, line in enumerate(LINES)]
LOWER = [shown("Boats pay a fee of 40 crowns. Said again.", 72, 400)]
TWO_PAGES = pdf([*UPPER, *LOWER], [shown("The second page is about tides.", 72, 700)])
SCALE = 1000 / 595  # pixels a point: the width of the picture divided by that of the page


class InMemory:
    name, sha256 = "a.pdf", ""

    def __init__(self, data: bytes) -> None:
        self.size_bytes = len(data)
        self._data = BytesIO(data)

    def take(self, part: range) -> None:
        raise NotImplementedError

    def read(self) -> bytes:
        return self._data.read(1000)

    def close(self) -> None:
        self._data.close()


def read(data: bytes, source: str = "a.pdf") -> Document:
    digest = sha256(data).hexdigest()
    return make_document(source, digest, parse_file(source, data), None)


def place(document: Document, words: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = document.text.index(words, start + 1)
    return Span(start, start + len(words))


def boxes(data: bytes, document: Document, page: int, quote: Span):
    text, quotes = page_text(document, page, quote)
    return draw_page(BytesIO(data), page, text, [(span.start, span.end) for span in quotes]).boxes


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """The width and height of a PNG as written here, and its rows, each after a zero."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    at = png.index(b"IDAT")
    size = int.from_bytes(png[at - 4 : at])
    return width, height, zlib.decompress(png[at + 4 : at + 4 + size])


@pytest.mark.parametrize(
    ("words", "nth", "lines"),
    [
        ("who keeps the bridges", 0, (1, 2)),
        ("basins in order", 0, (2, 3)),
        ("Boats pay a fee", 0, (3, 3)),
    ],
)
def test_the_box_is_around_the_lines_that_the_words_stand_on(words, nth, lines):
    document = read(TWO_PAGES)
    (box,) = boxes(TWO_PAGES, document, 1, place(document, words, nth))
    first, last = lines
    # The base line of line n is at 700 - 16 n points from below, of 842; letters are about 11 points high.
    assert box.top == pytest.approx((842 - 700 + 16 * first - 9) * SCALE, abs=8)
    assert box.bottom == pytest.approx((842 - 700 + 16 * last + 2) * SCALE, abs=8)
    assert box.left >= 72 * SCALE - 2


def test_of_words_that_occur_twice_those_that_are_cited_are_boxed():
    document = read(TWO_PAGES)
    (upper,) = boxes(TWO_PAGES, document, 1, place(document, "Boats pay a fee of 40 crowns"))
    (lower,) = boxes(TWO_PAGES, document, 1, place(document, "Boats pay a fee of 40 crowns", 1))
    assert lower.top - upper.top == pytest.approx((652 - 400) * SCALE, abs=3)


def test_a_quote_of_another_page_is_not_boxed():
    document = read(TWO_PAGES)
    tides = place(document, "about tides")
    assert boxes(TWO_PAGES, document, 1, tides) == ()
    assert len(boxes(TWO_PAGES, document, 2, tides)) == 1


def test_what_the_page_does_not_hold_is_not_boxed_and_the_rest_is():
    text = "This is not there. The harbour of Elsmouth is run by"
    assert len(draw_page(BytesIO(TWO_PAGES), 1, text, [(0, len(text))]).boxes) == 1
    assert draw_page(BytesIO(TWO_PAGES), 1, text, [(0, 17)]).boxes == ()
    assert draw_page(BytesIO(TWO_PAGES), 3, text, []) is None


def test_the_picture_is_the_page_with_a_box_in_it():
    document = read(TWO_PAGES)
    quote = place(document, "who keeps the bridges")
    pictures = PagePictures()
    plain = pictures.draw(document, 1, None, lambda: InMemory(TWO_PAGES))
    boxed = pictures.draw(document, 1, quote, lambda: InMemory(TWO_PAGES))
    assert (plain.boxes, boxed.boxes) == (0, 1)
    width, height, rows = pixels(boxed.png)
    assert (width, height) == (boxed.width, boxed.height)
    assert width == 1000
    assert len(rows) == height * (1 + 3 * width)
    changed = sum(a != b for a, b in zip(rows, pixels(plain.png)[2], strict=True))
    assert 3000 < changed < 30_000, "a thin line around two lines of text"


def test_a_picture_is_drawn_once_and_no_more_are_kept_than_fit():
    document = read(TWO_PAGES)
    opened = []

    def original():
        opened.append(1)
        return InMemory(TWO_PAGES)

    pictures = PagePictures()
    first = pictures.draw(document, 1, None, original)
    assert pictures.draw(document, 1, None, original) is first
    assert len(opened) == 1
    small = PagePictures(kept_bytes=len(first.png) + 10)
    small.draw(document, 1, None, original)
    small.draw(document, 2, None, original)
    small.draw(document, 2, None, original)
    assert len(opened) == 3
    small.draw(document, 1, None, original)
    assert len(opened) == 4


def test_who_asks_while_a_page_is_drawn_gets_that_picture(monkeypatch):
    document = read(TWO_PAGES)
    opened, second = [], []

    def original():
        opened.append(1)
        return InMemory(TWO_PAGES)

    class Lock:
        """A lock whose release runs another thread at once."""

        def __init__(self):
            self._real = threading.Lock()

        def acquire(self, timeout=-1):
            return self._real.acquire(timeout=timeout)

        def release(self):
            self._real.release()
            if not second:
                second.append(None)
                second[0] = pictures.draw(document, 1, None, original)

        def __enter__(self):
            return self._real.acquire()

        def __exit__(self, *_):
            self._real.release()

    monkeypatch.setattr(page_pictures, "Lock", Lock)
    pictures = PagePictures()
    assert second == [pictures.draw(document, 1, None, original)]
    assert len(opened) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no pictures there")
def test_the_process_that_draws_finds_no_secret_and_nothing_of_the_folder_it_is_started_in(tmp_path, monkeypatch):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(
        f"import os\nopen({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))\n"
    )
    (tmp_path / "qa.py").write_text("raise SystemExit('imported from the working folder')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    monkeypatch.setenv("CLOUD_SECRET", "rosebud")
    monkeypatch.setenv("QA_TOKEN", "rosebud")
    monkeypatch.chdir(tmp_path)
    assert PagePictures().draw(read(TWO_PAGES), 1, None, lambda: InMemory(TWO_PAGES)).png
    seen = (tmp_path / "seen").read_text()
    assert "PATH" in seen
    assert "rosebud" not in seen


@pytest.mark.parametrize(
    ("data", "page", "words"),
    [(TWO_PAGES, 3, "has no page 3"), (b"%PDF-1.4 broken", 1, "cannot be drawn"), (b"", 1, "cannot be drawn")],
)
def test_what_cannot_be_drawn_is_told(data, page, words):
    document = read(TWO_PAGES)
    with pytest.raises(NoPicture, match=words):
        PagePictures().draw(document, page, None, lambda: InMemory(data))


def test_only_pdfs_have_pictures_and_only_where_the_engine_is(monkeypatch):
    document = read(TWO_PAGES)
    text = read(b"A text.\n\nOf two paragraphs.", "a.txt")
    assert draws(document)
    assert not draws(text)
    with pytest.raises(NoPicture, match="is not a PDF"):
        PagePictures().draw(text, 1, None, lambda: InMemory(b""))
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    monkeypatch.setattr(page_pictures, "find_spec", lambda _: None)
    assert not draws(document)
    with pytest.raises(NoPicture, match="pypdfium2 is not installed; read the document's text instead"):
        PagePictures().draw(document, 1, None, lambda: InMemory(TWO_PAGES))


def test_a_file_that_changed_is_not_drawn():
    def gone():
        raise UnknownDocument("It was changed.")

    with pytest.raises(UnknownDocument):
        PagePictures().draw(replace(read(TWO_PAGES), sha256="1" * 64), 1, None, gone)
