from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.errors import UnknownDocument
from qa.records import DocumentInfo
from qa.web.document_list import DocumentLookups, page_after


def info(source: str, title: str = "t", date: str | None = None, characters: int = 1, **more: str) -> DocumentInfo:
    known = {"publisher": None, "author": None, "url": None} | more
    return DocumentInfo(source, source, title, date=date, characters=characters, passages=1, **known)


FEW = (
    info("b.txt", "Ferries", "2021-05", 30, publisher="Harbour Office"),
    info("a.txt", "ängste", None, 10),
    info("c.txt", "Bridges", "2022", 20, author="Jo \u2018Dock\u2019 O\u2019Hara\u2011Lee"),
)


@pytest.mark.parametrize(
    ("query", "sort", "sources"),
    [
        ("", "source", "abc"),
        ("", "title", "cba"),
        ("", "date", "bca"),
        ("", "-date", "cba"),
        ("", "size", "acb"),
        ("", "-size", "bca"),
        ("HARBOUR ferries", "source", "b"),
        ("dock", "source", "c"),
        ("ÄNGSTE", "source", "a"),
        ("o'hara-lee", "source", "c"),
        (".TXT", "-size", "bca"),
        ("ferries bridges", "source", ""),
    ],
)
def test_documents_are_found_and_sorted(query, sort, sources):
    lookups = DocumentLookups(FEW)
    for _ in range(2):  # the cached result is the same
        assert [found.source[0] for found in lookups.matching(query, sort)] == list(sources)


@given(st.integers(0, 12), st.integers(1, 5))
def test_the_pages_joined_are_the_list(count, limit):
    documents = tuple(info(f"{number:02}") for number in range(count))
    pages, cursor = [], None
    while True:
        page = page_after(documents, cursor, limit)
        assert page.matching == count
        assert len(page.documents) <= limit
        pages.extend(page.documents)
        cursor = page.cursor
        if cursor is None:
            break
    assert tuple(pages) == documents


def test_a_cursor_that_names_nothing_is_refused():
    with pytest.raises(UnknownDocument, match="cursor"):
        page_after(FEW, "gone", None)


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        ("ferries", "b.txt"),
        ("HARBOUR  office", "b.txt d.txt"),
        ("Bridges", "c.txt"),
        ("bridges of", "d.txt"),
        ("jo", "c.txt d.txt"),
        ("nothing", ""),
    ],
)
def test_words_stand_for_a_title_a_publisher_or_whatever_holds_them(words, sources):
    more = info("d.txt", "Bridges of Jo", publisher="Harbour Office")
    assert " ".join(each.source for each in DocumentLookups((*FEW, more)).named(words)) == sources
