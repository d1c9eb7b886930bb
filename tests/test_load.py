"""From a file to a document: properties of any text, and the metadata of a document."""

from __future__ import annotations

import codecs
import unicodedata
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import UnreadableFile
from qa.reading.decode import clean
from qa.reading.documents import FORMATS, load_document
from qa.reading.sidecar import Details
from qa.reading.titles import is_title
from qa.records import BlockKind, Document
from qa.text.readable_types import READ_FORMATS

# Pieces of text that trigger the loaders' rules, so that random documents cover them.
PIECES = """Opening hours|The clinic is open every day of the week, says Dr. Batra.|and goes on in small letters.
- |1. |# |[Label] |*|**|_|`|\\$|\\|©|Page 3|[gone](#)|[there](x)|![|](|&#13;|&nbsp;|&|<b>|: |Easy access: |.*|, |e|😀
שלום|date 2022-04-18 |> |=|    |---|title: x""".replace("\n", "|").split("|")
PIECES += ["\n", "\n\n", "\n\n\n\n", "```\n", "\n| a | b |\n|---|---|\n", "\u0301", "\t", "\x00", "\r", "\u2028", "|"]
any_text = st.text() | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
names = st.sampled_from(["x.txt", "x.md"])


def load(name: str, text: str) -> Document | None:
    try:
        return load_document(name, codecs.BOM_UTF8 + text.encode())
    except UnreadableFile:
        return None


@given(names, any_text)
def test_blocks_are_disjoint_ordered_and_cover_every_character_a_reader_sees(name: str, text: str) -> None:
    document = load(name, text)
    if document is None:
        return
    position = 0
    for block in document.blocks:
        between = document.text[position : block.start]
        assert not between.strip("\n"), f"{between!r} is in no block"
        assert position <= block.start < block.end <= len(document.text)
        inside = document.text[block.start : block.end]
        assert inside == inside.strip()
        assert 0 <= block.run_in <= len(inside)
        position = block.end
    assert position == len(document.text)


@given(names, any_text)
def test_canonical_text_is_clean(name: str, text: str) -> None:
    document = load(name, text)
    if document is None:
        return
    assert unicodedata.is_normalized("NFC", document.text)
    assert not [char for char in document.text if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"]
    assert document.text == clean(document.text)


@given(names, any_text)
def test_loading_twice_gives_the_same_document(name: str, text: str) -> None:
    assert load(name, text) == load(name, text)


@given(names, any_text)
def test_every_document_has_a_title_of_one_short_line(name: str, text: str) -> None:
    document = load(name, text)
    if document is not None:
        assert document.title
        assert "\n" not in document.title
        titled = document.blocks[0].kind is BlockKind.TITLE or text.startswith("---")
        assert titled or len(document.title) <= 91


plain = st.text(st.characters(exclude_characters="*_`\\[]&<!~#", exclude_categories=["Cc", "Cs"]) | st.just("\n"))


@given(plain)
def test_no_letter_or_digit_of_text_without_markup_is_lost_or_moved(text: str) -> None:
    document = load("x.txt", text)
    before = [char for char in clean(text) if char.isalnum()]
    assert [char for char in (document.text if document else "") if char.isalnum()] == before


# Titles and dates


def test_a_date_stamp_glued_to_the_first_line_is_the_date() -> None:
    document = load_document("news.txt", b" date 2022-04-18 Nurses voted on Friday.\n\nThey said yes.")
    assert document.date == "2022-04-18"
    assert document.text == "Nurses voted on Friday.\n\nThey said yes."


@pytest.mark.parametrize(
    "text",
    [
        "date 2022-13-45 Nurses voted on Friday.",  # no such day
        "The date 2022-04-18 was a Monday.",  # inside a sentence
        "date 2022-04-18\n\nNurses voted on Friday.",  # a separate line
        "Date: 2022-04-18 Nurses voted on Friday.",
    ],
)
def test_a_date_in_the_text_stays_there(text: str) -> None:
    document = load_document("news.txt", text.encode())
    assert document.date is None
    assert document.text == text


def test_a_document_without_a_title_is_called_by_its_opening_words() -> None:
    # 17 words and the blanks between them are 118 characters; an 18th would make 125, more than the 120 that fit.
    document = load_document("x.txt", ("seven7 " * 30 + "end.").encode())
    assert document.title == " ".join(["seven7"] * 17) + "…"


PLAN = "The council of the town has agreed to a new plan for the harbour"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The pier was built in 1871. It stands on piles.", "The pier was built in 1871."),
        (f"{PLAN}, the pier and the two beaches, after nine hours of talk.", f"{PLAN}, the pier and the two beaches…"),
        (
            f"{PLAN} that is meant for the years from now to the beginning of the 2030s.",
            f"{PLAN} that is meant for the years from now to the beginning…",
        ),
    ],
)
def test_a_first_sentence_is_the_title_whole_where_it_fits_and_else_ends_with_a_word(text: str, title: str) -> None:
    assert load_document("x.txt", text.encode()).title == title


@pytest.mark.parametrize(
    "written",
    [
        "Microsoft Word - plan_v3_FINAL.docx", "untitled", "Untitled-1", "C:\\Users\\me\\scan.tif", "/tmp/print/a.ps",
        "plan.indd", "Scan_20240305", "doc00417", "PowerPoint-Präsentation", "Document1", "IMG_0412", "12-34-56",
        "file:///srv/a/b.html",
    ],
)  # fmt: skip
def test_what_a_program_wrote_is_no_title(written: str) -> None:
    assert not is_title(written)


@pytest.mark.parametrize(
    "written",
    ["Plan for the harbour", "Scanning the sky", "Word for Word", "T", "Documents of 1871", "Report 2023", "R&D/IT",
     "About .docx files"],
)  # fmt: skip
def test_what_a_person_wrote_is_a_title(written: str) -> None:
    assert is_title(written)


def test_a_short_opening_line_is_the_title_as_it_stands() -> None:
    assert load_document("x.txt", b"Nurses voted on Friday.").title == "Nurses voted on Friday."


def test_a_title_from_a_table_has_no_empty_cells_around_it() -> None:
    assert load_document("a.html", b"<table><tr><td><td>Rents<td>Fees<tr><td>2030<td>4<td>5</table>").title == (
        "Rents | Fees"
    )


def test_front_matter_describes_a_markdown_file_and_the_sidecar_goes_first() -> None:
    data = b"---\ntitle: Own\nauthor: A. Writer\ndate: 2021\n---\n# Heading\n\nText.\n"
    document = load_document("a/b.md", data, Details(title="Known", publisher="P"))
    assert (document.title, document.author, document.date, document.publisher, document.url) == (
        "Known",
        "A. Writer",
        "2021",
        "P",
        None,
    )
    assert document.text == "Heading\n\nText."
    assert (document.source, document.sha256) == ("a/b.md", sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.md", "---\ntitle: T\nurl: javascript:alert(1)\n---\nWords."),
        (
            "a.html",
            "<title>T</title><link rel=canonical href='javascript:alert(1)'><p>Words.",
        ),
        ("a.html", "<title>T</title><link rel=canonical href='https://'><p>Words."),
    ],
)
def test_an_address_that_no_link_may_lead_to_is_left_out(name: str, data: str) -> None:
    document = load_document(name, data.encode())
    assert (document.title, document.url) == ("T", None)


# Refusals


@pytest.mark.parametrize("name", ["photo.jpeg", "noextension", ".txt", "x.txt.bak"])
def test_a_format_that_is_not_read_is_refused_naming_those_that_are(name: str) -> None:
    with pytest.raises(UnreadableFile, match=r"format not read; known are .*\.md.*\.txt"):
        load_document(name, b"Text.")


@pytest.mark.parametrize(
    "name", ["x.TXT", "x.Md", *(f"x{suffix}" for suffix in sorted({".txt", ".text", ".md", ".markdown"}))]
)
def test_suffixes_are_read_in_any_case(name: str) -> None:
    assert load_document(name, b"Text.").text == "Text."
    assert FORMATS == READ_FORMATS, "serving knows them without the readers"


@pytest.mark.parametrize("data", [b"", b" \n\t\n", codecs.BOM_UTF8, "\u2028\u200a\n".encode(), b"\x00"])
def test_a_file_without_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"is empty|holds no text|not text"):
        load_document("x.txt", data)
