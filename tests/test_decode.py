from __future__ import annotations

import codecs
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa.errors import UnreadableFile
from qa.reading.decode import Decoded, clean, decode
from qa.text.dates import read_date

SAMPLE = "Café – “Total Health” 😀\n"


def is_clean(text: str) -> bool:
    """Unicode NFC, and no character that a browser, JSON or SQLite would change."""
    allowed = {"\n", "\t"}
    return unicodedata.is_normalized("NFC", text) and not any(
        (unicodedata.category(char) in ("Cc", "Cs") and char not in allowed) or char in "\ufeff\u2028\u2029"
        for char in text
    )


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_unicode_is_read_by_its_mark(mark: bytes, encoding: str) -> None:
    assert decode(mark + SAMPLE.encode(encoding)).text == SAMPLE


def test_what_is_not_utf8_is_windows_1252() -> None:
    assert decode(b"Caf\xe9 \x96 \x93Total Health\x94").text == "Café – “Total Health”"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (codecs.BOM_UTF8 + b"\xff", "marked as UTF-8 but broken at byte 0"),
        (codecs.BOM_UTF16_LE + b"a\x00\x00", "marked as UTF-16-LE but broken at byte 2"),
        (b"\x00\x01" * 50, "binary data"),
        (b"\x7fELF" + bytes(96), "binary data"),
        (b"\x81\x8d", "neither UTF-8 nor Windows-1252"),  # both undefined in Windows-1252
    ],
)
def test_what_is_no_text_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        decode(data)


RUSSIAN = "Плата за воду составляет три рубля за кубический метр."
JAPANESE = "東京の水道料金は一か月あたり三千円です。"
GREEK = "Το νερό κοστίζει τρία ευρώ το κυβικό μέτρο."
THAI = "ค่าน้ำราคาสามบาทต่อลูกบาศก์เมตร"
POLISH = "Woda kosztuje trzy złote za metr sześcienny. Wnioski przyjmuje urząd miasta. Zażółć gęślą jaźń."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "iso8859-5"),
        ("The office is in Omsk and opens at nine.\n\n" * 9 + RUSSIAN, "cp1251"),
        (JAPANESE, "cp932"),
        (JAPANESE, "euc-jp"),
        (JAPANESE, "iso2022-jp"),
        ("水は三円です。", "cp932"),
        ("本市水费为每立方米三元。申请在市政厅办理。", "gb18030"),
        ("물값은 세제곱미터당 삼천 원입니다.", "euc-kr"),
        (GREEK, "iso8859-7"),
        (THAI, "cp874"),
        (POLISH, "cp1250"),
    ],
)
def test_an_encoding_that_nothing_names_is_found_and_told(text: str, encoding: str) -> None:
    found = decode(text.encode(encoding))
    assert found.text == text
    assert (found.guess or "").endswith("which nothing in it says")


@pytest.mark.parametrize(
    "text",
    [
        "L’été, la mairie a coûté 2 millions d’euros ; là qu'à titre d'exemple.",
        "L’acqua costa tre euro: è la verità. Perché no? Così è più caro, però la città è già lì.",
        "MÜLLER GRÖSSE ÜBER ÄRZTE – ÖFFNUNG AB 9 UHR",
        "The price is 5 £ a day.",
        "Søren Ærø bor på Ålvej 5",
        "¿Cuánto costará mañana la señora Muñoz? ¡Más!",
    ],
)
def test_western_text_is_windows_1252(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("label", ["x-sjis", "Shift_JIS", "windows-31j"])
def test_a_label_may_be_one_of_many_names(label: str) -> None:
    assert decode(JAPANESE.encode("cp932"), label) == Decoded(JAPANESE)


@pytest.mark.parametrize("label", ["iso88591", "iso_8859-1", "ISO-8859-1", "l1", "x-cp1252"])
def test_western_labels_of_many_forms_mean_windows_1252(label: str) -> None:
    assert decode("Größe – 3 €".encode("cp1252"), label) == Decoded("Größe – 3 €")


def test_a_label_in_the_text_itself_changes_nothing() -> None:
    text = '<meta charset="iso88591"><p>Größe – 3 €'
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_of_ideographs_alone_is_text(encoding: str) -> None:
    assert decode(JAPANESE.encode(encoding)).text == JAPANESE


def test_a_nul_in_each_of_some_short_lines_makes_no_utf16() -> None:
    assert decode(b"The gate\x00 closes.\n" * 3).text == "The gate closes.\n" * 3


def test_a_stray_nul_is_dropped_from_text() -> None:
    text = "An otherwise ordinary line of text, long enough for one NUL in it to be under one in a hundred. " * 2
    assert decode(text[:7].encode() + b"\x00" + text[7:].encode()).text == text


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        (b"\x1b[1;31mError\x1b[0m in line 4\x1b[K\n\x1b]0;title\x07done", "Error in line 4\ndone"),
        (b"N\bNA\bAM\bME\bE", "NAME"),
        ("_\bf_\bo_\bo x\b_ caf\u00e9\b\u00e9".encode(), "foo x caf\u00e9"),
    ],
)
def test_text_for_a_terminal_is_read_as_it_shows_it(printed: bytes, text: str) -> None:
    assert decode(printed).text == text


@pytest.mark.parametrize(
    "text",
    ["Der Preis beträgt fünf Mark, die Größe ist groß.", "Les élèves paient la moitié du prix, même à la fête."],
)
def test_western_text_of_dos_is_told_from_windows_1252(text: str) -> None:
    assert decode(text.encode("cp437")) == Decoded(text, "read as CP437, which nothing in it says")


def test_short_text_with_bytes_that_windows_1252_lacks_is_in_another_encoding() -> None:
    text = "Příliš žluťoučký kůň úpěl ďábelské ódy. Cena je vysoká."
    assert decode(text.encode("cp1250")).text == text


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x85", "\u2028", "\u2029", "\x0b"])
def test_every_line_end_is_a_newline(end: str) -> None:
    assert clean(f"one{end}two") == "one\ntwo"


def test_the_end_of_a_page_is_the_end_of_a_paragraph() -> None:
    assert clean("one\ftwo") == "one\n\ntwo"


def test_a_table_of_numbers_in_utf_16_without_a_mark_is_text() -> None:
    text = "a,b\n1,2\n30,45\n"
    assert decode(text.encode("utf-16-le")).text == text


def test_decomposed_letters_are_composed() -> None:
    assert clean("Cafe\u0301") == "Caf\u00e9"


def test_a_control_character_between_a_letter_and_its_accent_does_not_keep_them_apart() -> None:
    assert clean("e\x00\u0301") == "é"


def test_what_shows_nothing_parts_no_word() -> None:
    assert clean("hyphen\u00adation, word\u2060joiner") == "hyphenation, wordjoiner"


def test_lone_surrogates_go() -> None:
    assert clean("a\ud800b\udfffc") == "abc"


@given(st.text(st.characters(), max_size=50))
@example("e\u0301\ud800\x07\ufeff\u2029")
def test_cleaning_makes_any_text_clean_once_and_for_all(text: str) -> None:
    cleaned = clean(text)
    assert is_clean(cleaned)
    assert clean(cleaned) == cleaned


@given(
    st.binary() | st.text().map(str.encode) | st.text().map(lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
)
def test_any_bytes_are_clean_text_or_refused(data: bytes) -> None:
    with suppress(UnreadableFile):
        assert is_clean(decode(data).text)


@given(
    st.text(
        st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\xad\u2060\ufeff\u2028\u2029\ufffe\uffff")
    )
)
def test_composed_text_comes_through_unchanged(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert decode(composed.encode()).text == composed


@pytest.mark.parametrize(
    "text",
    [
        "Le café d’été est fermé à Noël. “C’est la règle”, dit le maître.",
        "Die Gebühr beträgt fünf Mark für das große Boot. Überall gilt das.",
        "Name,Ort\nMüller,Köln\nJosé,Málaga\n",
    ],
)
def test_text_of_old_macintosh_computers_is_told_from_windows_1252(text: str) -> None:
    assert decode(text.encode("mac_roman")) == Decoded(text, "read as Mac Roman, which nothing in it says")
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2024年5月1日", "2024-05-01"), ("2024年05月", "2024-05"), ("2024年", "2024"), ("2024년 5월 1일", "2024-05-01"),
        ("令和6年5月1日", "2024-05-01"), ("平成元年1月8日", "1989-01-08"), ("2024年13月1日", None),
    ],
)  # fmt: skip
def test_dates_of_east_asia_are_read(written: str, date: str | None) -> None:
    assert read_date(written) == date
