"""Messages, mailboxes, books and JSON Lines: their text, their metadata, and the parts left out."""

from __future__ import annotations

import io
import json
import quopri
import struct
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from compound_files import compound_file
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.records import BlockKind, Document

HEAD = "From: Mara Quill <mara@example.org>\nTo: Crew <crew@example.org>\nDate: Tue, 4 Jun 2024 09:30:00 +0200\n"
PARTS = (
    HEAD + "Subject: =?utf-8?q?Ferry_on_Tuesday_=E2=80=93_news?=\nMIME-Version: 1.0\n"
    'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: multipart/alternative; boundary="C"\n\n'
    "--C\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
    "The ferry leaves at nine =E2=80=93 not at ten.\n\nBring your pass.\n"
    "--C\nContent-Type: text/html\n\n<p>The ferry in HTML.</p>\n--C--\n"
    "--B\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=plan.pdf\n\nxx\n"
    "--B\nContent-Type: image/png\n\nxx\n--B--\n"
)


def texts(document: Document) -> list[str]:
    return [document.text[block.start : block.end] for block in document.blocks]


def test_a_message_is_its_head_and_its_plain_text_and_attachments_are_told():
    document = load_document("a.eml", PARTS.encode())
    assert texts(document) == [
        "Ferry on Tuesday – news",
        "From: Mara Quill <mara@example.org>\nTo: Crew <crew@example.org>\nDate: Tue, 04 Jun 2024 09:30:00 +0200",
        "The ferry leaves at nine – not at ten.",
        "Bring your pass.",
    ]
    assert (document.title, document.author, document.date) == ("Ferry on Tuesday – news", "Mara Quill", "2024-06-04")
    assert document.left_out == ("1 picture",)  # the plan is a separate document
    tune = load_document("a.eml", PARTS.replace("plan.pdf", "plan.mp3").encode())
    assert tune.left_out == ("1 attachment", "1 picture")


def test_the_greeting_and_the_signature_of_a_message_are_no_headings():
    lines = ["Hi all", "The board meets on 4 May at ten in room 3.", "Agenda", "1. Crane", "2. Lock", "Best wishes",
             "Anna Holt", "Secretary of the Board", "Tel: 555 0142"]  # fmt: skip
    document = load_document("a.eml", ("Subject: Meeting\n\n" + "\n\n".join(lines)).encode())
    headings = [
        document.text[b.start : b.end] for b in document.blocks if b.kind in (BlockKind.HEADING, BlockKind.TITLE)
    ]
    assert headings == ["Meeting", "Agenda"]


def test_a_text_that_goes_on_behind_a_picture_is_whole():
    head, _, _ = PARTS.partition("--B\nContent-Type: application/pdf")
    further = "--B\nContent-Type: image/png\n\nxx\n--B\nContent-Type: text/plain\n\nSigned by all hands.\n--B--\n"
    assert texts(load_document("a.eml", (head + further).encode()))[-1] == "Signed by all hands."


@pytest.mark.parametrize(
    ("head", "body", "found"),
    [
        ("Content-Type: text/html; charset=iso-8859-1", b"<meta charset=utf-8><p>Caf\xe9 opens.</p>", "Café opens."),
        ("Content-Type: text/plain; charset=iso-8859-1", b"Caf\xe9 opens.", "Café opens."),
        ("Content-Type: text/plain; charset=unheard-of", b"Caf\xc3\xa9 opens.", "Café opens."),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"Q2Fmw6kgb3BlbnMu", "Café opens."),
    ],
)
def test_a_body_is_read_by_the_charset_that_its_head_names(head, body, found):
    document = load_document("a.eml", f"{HEAD}Subject: Hours\n{head}\n\n".encode() + body)
    assert texts(document)[-1] == found


@pytest.mark.parametrize(
    ("head", "body", "found"),
    [
        ("Content-Type: text/plain; charset=iso-8859-1", "It’s €3.".encode("cp1252"), "It’s €3."),
        ("Content-Type: text/plain; charset=iso-8859-1", "Größe – 3".encode(), "Größe – 3"),
        ("Content-Type: text/plain; charset=utf-7", b"Gr+APY-n", "Grön"),
        ("Content-Type: text/plain", "水は三円です。".encode("iso2022-jp"), "水は三円です。"),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: base64", b"SXQgb3BlbnM!!", "It opens"),
        ("Content-Type: text/plain; format=flowed; delsp=yes", b"The fer \nry is.\n-- \nMara", "The ferry is. -- Mara"),
    ],
)  # fmt: skip
def test_a_body_is_read_although_its_head_is_inexact(head, body, found):
    document = load_document("a.eml", f"{HEAD}Subject: Hours\n{head}\n\n".encode() + body)
    assert " ".join(texts(document)[-1].split()) == found


@pytest.mark.parametrize("plain", ["", "Your program shows no pages."])
def test_the_page_is_read_where_the_text_beside_it_says_nothing(plain):
    parts = f"--B\n\n{plain}\n--B\nContent-Type: text/html\n\n<p>{'The ferry leaves at nine. ' * 5}</p>\n--B--\n"
    message = f"{HEAD}Subject: Hours\nContent-Type: multipart/alternative; boundary=B\n\n{parts}"
    assert "at nine" in load_document("a.eml", message.encode()).text


def test_letters_of_windows_in_a_head_are_read_and_a_mark_before_it_is_passed_over():
    assert load_document("a.eml", (HEAD + "Subject: Größe\n\nx").encode("cp1252")).title == "Größe"
    assert load_document("a.eml", b"\xef\xbb\xbf" + (HEAD + "Subject: Hours\n\nx").encode()).title == "Hours"


def test_a_mailbox_is_its_messages_and_each_block_knows_which():
    one = f"From mara Tue Jun  4 09:30:00 2024\n{HEAD}Subject: One\n\nFirst text.\n>From here on.\n\n"
    document = load_document("a.mbox", (one + one.replace("One", "Two").replace("First", "Second")).encode())
    found = [(block.kind, block.page) for block in document.blocks if block.kind is BlockKind.HEADING]
    assert found == [(BlockKind.HEADING, 1), (BlockKind.HEADING, 2)]
    assert "From here on." in document.text
    assert ">From" not in document.text
    with pytest.raises(UnreadableFile, match="is not a mailbox"):
        load_document("a.mbox", b"Some text.")


@given(st.binary(max_size=200))
def test_no_message_raises_anything_but_a_reason(data):
    for name in ("a.eml", "a.mbox"):
        try:
            load_document(name, HEAD.encode() + data)
        except UnreadableFile as error:
            assert str(error)  # noqa: PT017 - the outcome may also be a document


def msg(attachments: int = 0, numbers: bytes = b"", **properties: str | bytes) -> bytes:
    streams = {
        f"__substg1.0_{name[1:]}": value.encode("utf-16-le") if isinstance(value, str) else value
        for name, value in properties.items()
    }
    sent = (datetime(2024, 6, 4, 9, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    streams["__properties_version1.0"] = bytes(32) + struct.pack("<IIQ", 0x00390040, 6, sent * 10) + numbers
    return compound_file(streams, tuple(f"__attach_version1.0_#0000000{each}" for each in range(attachments)))


def test_a_message_of_outlook_is_read_as_others():
    found = {
        "_0037001F": "Ferry – news",
        "_0C1A001F": "Mara Quill",
        "_5D01001F": "mara@example.org",
        "_0E04001F": "Crew",
    }
    document = load_document("a.msg", msg(2, _1000001F="It leaves at nine.\r\n\r\nBring your pass.", **found))
    assert texts(document) == [
        "Ferry – news",
        "From: Mara Quill <mara@example.org>\nTo: Crew\nDate: 2024-06-04 09:30 UTC",
        "It leaves at nine.",
        "Bring your pass.",
    ]
    assert (document.title, document.author, document.date) == ("Ferry – news", "Mara Quill", "2024-06-04")
    assert document.left_out == ("2 attachments",)
    page = load_document(
        "a.msg", msg(_10130102=b"<p>It leaves in HTML.</p>", _0037001E=b"Caf\xe9 hours", _0E04001F="Crew")
    )
    assert texts(page)[0] == "Café hours"
    assert texts(page)[-1] == "It leaves in HTML."


@pytest.mark.parametrize(
    ("page", "codec", "text"),
    [
        (950, "big5", "董事會決議內容與渡輪時間"),
        (1251, "cp1251", "Паром ходит утром"),
        (20866, "koi8-r", "Паром ходит утром"),
        (28592, "iso-8859-2", "Łódź płynie"),
        (20127, "cp1252", "Café"),
    ],
)
def test_an_old_message_of_outlook_is_read_in_its_own_character_set(page, codec, text):
    for tag in (0x3FFD0003, 0x3FDE0003):
        named = struct.pack("<IIQ", tag, 6, page)
        data = msg(0, named, _0037001E=text.encode(codec), _1000001E=f"{text}.".encode(codec))
        document = load_document("a.msg", data)
        assert (document.title, texts(document)[-1]) == (text, f"{text}.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (compound_file({"WordDocument": b"x"}), "is not a message"),
        (msg()[:700], "is broken or cut short"),
        (b"<html>", "is not a message of Outlook"),
    ],
)
def test_what_is_no_message_of_outlook_is_told(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        load_document("a.msg", data)


def test_chapters_are_read_without_a_valid_spine_and_placeholders_are_no_titles():
    made = book("other", {"one": "<p>First.</p>", "two": "<p>Second.</p>"}, title="Untitled")
    document = load_document("a.epub", made)
    assert (document.text, document.title) == ("First.\n\nSecond.", "First.")


def book(spine: str, files: dict[str, str], title: str = "The Lights", **more: str) -> bytes:
    items = "".join(
        f'<item id="{name}" href="{name}.xhtml" media-type="application/xhtml+xml"'
        f"{' properties=' + chr(34) + 'nav' + chr(34) if name == 'nav' else ''}/>"
        for name in files
    )
    listed = "".join(f'<itemref idref="{name}"/>' for name in spine.split())
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as written:
        written.writestr("mimetype", "application/epub+zip")
        written.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        written.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
            f"<dc:title>{title}</dc:title><dc:creator>Mara Quill</dc:creator><dc:date>2023-05-01T00:00:00Z</dc:date>"
            f"</metadata><manifest>{items}</manifest><spine>{listed}</spine></package>",
        )
        for name, body in files.items():
            written.writestr(f"OEBPS/{name}.xhtml", f"<html><body>{body}</body></html>")
        for name, content in more.items():
            written.writestr(name, content)
    return memory.getvalue()


def test_a_book_is_its_chapters_in_the_order_of_its_spine():
    files = {
        "two": "<h1>The lamp</h1><p>It was lit in 1871.</p>",
        "one": "<h1>The rock</h1><p>It is bare.</p>",
        "nav": "<ol><li>Contents</li></ol>",
        "cover": "<img src='x.png'/>",
        "spare": "<p>Not in the book.</p>",
    }
    document = load_document("a.epub", book("cover nav one two", files))
    assert [(block.page, text) for block, text in zip(document.blocks, texts(document), strict=True)] == [
        (3, "The rock"), (3, "It is bare."), (4, "The lamp"), (4, "It was lit in 1871."),
    ]  # fmt: skip
    assert (document.title, document.author, document.date) == ("The Lights", "Mara Quill", "2023-05-01")


@pytest.mark.parametrize(
    "number",
    [
        '<span epub:type="pagebreak" id="p23">23</span>', '<a role="doc-pagebreak" title="23">23</a>',
        '<span id="Page_23">[Pg 23]</span>', '<a id="page023">23</a>',
    ],
)  # fmt: skip
def test_the_number_of_a_printed_page_is_no_text(number):
    document = load_document(
        "a.epub", book("one", {"one": f"<p>It has 14{number} lamps, <a id='p7'>7 of them</a> new.</p>"})
    )
    assert document.text == "It has 14 lamps, 7 of them new."


def test_a_book_is_read_by_the_style_sheets_that_its_pages_link_to():
    page = (
        '<link rel="stylesheet" href="../looks.css"/><p>at 14<span class="up">2</span> sites</p><p class="no">Gone.</p>'
    )
    made = book("one", {"one": page}, **{"looks.css": ".up{vertical-align:super} .no{display:none}"})
    assert load_document("a.epub", made).text == "at 14^2 sites"


def test_a_reference_to_a_note_in_another_chapter_does_not_fuse_with_the_number_before_it():
    files = {
        "one": '<p>It rose 3<a epub:type="noteref" href="notes.xhtml#n">4</a> feet at 12<a role="doc-noteref" '
        'href="#here">5</a> piers.</p><aside id="here"><p>By eye.</p></aside>',
        "notes": '<p id="n">4 At noon.</p>',
    }
    assert "It rose 3^4 feet at 12[5] piers." in load_document("a.epub", book("one notes", files)).text


def test_the_links_from_notes_back_to_the_text_are_no_text():
    files = {
        "one": '<p>It has 14<a epub:type="noteref" href="#n">2</a> lamps.</p>'
        '<aside epub:type="footnote" id="n"><p><a href="#r2">2</a> Twelve are lit.</p></aside>',
        "notes": '<ol><li>Since May. <a role="doc-backlink" href="one.xhtml#x">↩</a></li></ol>',
    }
    text = load_document("a.epub", book("one notes", files)).text
    assert "It has 14[2] lamps.\n\n[2] Twelve are lit." in text
    assert text.endswith("1. Since May.")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (book("one", {"one": "<p>x</p>"}, **{"META-INF/rights.xml": "<r/>"}), "is protected"),
        (book("one", {"one": ""}), "has no text"),
        (book("", {}).replace(b"container.xml", b"contaimer.xml"), "is not a book"),
        (b"PK\x03\x04 and no more", "is broken or cut short"),
        (b"<html>", "is not a book"),
    ],
)
def test_what_is_no_book_is_told(data, reason):
    with pytest.raises(UnreadableFile, match=reason):
        load_document("a.epub", data)


def test_lines_of_json_are_texts_with_their_titles_or_values_with_their_names():
    lines = [
        {"title": "The Pier", "text": "Built in 1871.\n\nIt is old.", "year": 1871},
        {"Item": "Lamp", "price": 900.5, "tags": ["red", "hot"], "none": None, "in": {"town": "Elden"}},
        "A text by itself.",
    ]
    document = load_document("a.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert [(block.page, text) for block, text in zip(document.blocks, texts(document), strict=True)] == [
        (1, "The Pier"), (1, "year: 1871"), (1, "Built in 1871."), (1, "It is old."),
        (2, "Item: Lamp | price: 900.5 | tags: red, hot | in: town: Elden"), (3, "A text by itself."),
    ]  # fmt: skip
    with pytest.raises(UnreadableFile, match="line 2 is not JSON"):
        load_document("a.jsonl", b'{"a": 1}\n{"a"')


def saved_page(*parts: tuple[str, str]) -> bytes:
    """A page and its style sheets as Chromium saves them."""
    head = (
        "From: <Saved by Blink>\r\nSnapshot-Content-Location: https://example.org/tides/\r\nSubject: Tides\r\n"
        "Date: Fri, 4 Oct 2024 10:00:00 -0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/related; type="text/html"; boundary="B"\r\n\r\n'
    )
    return (head + "".join(f"--B\r\n{fields}\r\n\r\n{body}\r\n" for fields, body in parts) + "--B--\r\n").encode()


def test_a_web_archive_is_its_page_as_its_own_style_sheets_show_it():
    page = (
        "<title>Tides | Elsmouth</title><link rel=stylesheet href='cid:1@mhtml.blink'><link rel=stylesheet href=a.css>"
        "<h1>High water – times</h1><p>It comes forty minutes after Dover."
        "<sup><a href=https://example.org/tides/#n1>1</a></sup><p class=menu>Home<p class=old>Gone"
        "<ol><li id=n1>By the tables.</ol>"
    )
    place, encoded = "Content-Location: https://example.org", "Content-Transfer-Encoding: quoted-printable"
    data = saved_page(
        (f"Content-Type: text/html\r\n{encoded}\r\n{place}/tides/", quopri.encodestring(page.encode()).decode()),
        ("Content-Type: text/css\r\nContent-Location: cid:1@mhtml.blink", ".menu { display: none }"),
        (f"Content-Type: text/css\r\n{place}/tides/a.css", ".old { display: none }"),
        (f"Content-Type: image/png\r\n{place}/a.png", "x"),
    )
    for name in ("tides.mht", "tides.mhtml"):
        document = load_document(name, data)
        assert texts(document) == [
            "High water – times",
            "It comes forty minutes after Dover.[1]",
            "[1] By the tables.",
        ]
        assert (document.title, document.url) == ("High water – times", "https://example.org/tides/")
        assert document.date is None, "the day on which it was saved is not that of the page"
    with pytest.raises(UnreadableFile, match="it holds no page"):
        load_document("tides.mht", saved_page(("Content-Type: image/png", "x")))


def test_a_page_in_a_message_without_a_label_has_its_own_encoding():
    page = "<meta charset=windows-1251><p>Прилив в полдень.".encode("cp1251")
    assert "Прилив в полдень." in load_document("a.eml", b"Subject: x\nContent-Type: text/html\n\n" + page).text
