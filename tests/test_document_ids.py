"""Ids of documents: a function of the path alone."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from workshop import Workshop

from qa.cli.open_service import open_service
from qa.errors import UnknownDocument
from qa.records import Filters
from qa.text.document_ids import document_id, former_ids

part = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
plain = st.from_regex(r"[a-z0-9_-]{1,9}", fullmatch=True)
paths = (
    st.lists(part, min_size=1, max_size=3).map("/".join)
    | st.builds("{}.{}".format, plain, st.sampled_from(["txt", "md", "html", "TXT", "text"]))
    | st.builds("{}.{}".format, st.from_regex(r"[aA é.-]{1,3}", fullmatch=True), st.sampled_from(["txt", "md"]))
)


def digest(source: str) -> str:
    return sha256(unicodedata.normalize("NFC", source).encode()).hexdigest()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("000_460aa186ae7f76e7.txt", "000_460aa186ae7f76e7"),
        ("fees.txt", "fees"),
        ("fees.md", "fees.md"),
        ("a_b-c9.text", "a_b-c9.text"),
        ("report-20220418.txt", "report-20220418"),
    ],
)
def test_a_plain_name_is_its_own_id_and_keeps_any_suffix_but_txt(source, expected):
    assert document_id(source) == expected


@pytest.mark.parametrize(
    ("source", "slug"),
    [
        ("reports/Annual Report.txt", "reports-annual-report"),
        ("reports/fees.txt", "reports-fees"),
        ("Café.md", "cafe"),
        ("Fees.txt", "fees"),
        ("fees.TXT", "fees"),
        ("a.b.txt", "a-b"),
        ("fees", "fees"),
        (f"{'x y' * 60}.txt", ("x-y" + "x-y" * 59)[:80]),
    ],
)
def test_any_other_is_folded_and_told_apart_by_eight_digits(source, slug):
    assert document_id(source) == f"{slug}-{digest(source)[:8]}"


@pytest.mark.parametrize("source", ["年報.txt", "!.txt", "年/報"])
def test_sixteen_digits_stand_alone_where_nothing_folds(source):
    assert document_id(source) == digest(source)[:16]


@given(paths)
def test_the_id_is_ascii_that_needs_no_escape_in_an_address_and_one_for_every_spelling(source):
    found = document_id(source)
    assert re.fullmatch(r"[a-z0-9_-]+(?:\.[a-z0-9]+)?", found)
    assert document_id(unicodedata.normalize("NFD", source)) == found == document_id(source)


@given(paths, paths)
def test_two_paths_never_share_an_id_but_where_digits_meet(one, other):
    one, other = (unicodedata.normalize("NFC", path) for path in (one, other))
    assume(one != other)
    if document_id(one) == document_id(other):
        # By the rules, an id with a digest may be the plain name of another file, or have the same digits.
        assert any(document_id(path).endswith((digest(path)[:8], digest(path)[:16])) for path in (one, other))


@given(st.lists(plain, min_size=2, max_size=2, unique=True), st.sampled_from(["txt", "md", "html"]))
def test_plain_names_never_share_an_id(names, suffix):
    sources = [f"{name}.{each}" for name in names for each in ("txt", "md", suffix)]
    assert len({document_id(source) for source in sources}) == len(set(sources))


def test_names_that_fold_alike_have_different_ids():
    alike = ["Café.txt", "Cafe.txt", "cafe.txt", "cafè.txt", "-cafe.txt", "a/cafe.txt", "a-cafe.txt", "a cafe.txt"]
    assert len({document_id(source) for source in alike}) == len(alike)


@pytest.mark.parametrize(
    ("source", "former"),
    [
        ("fees.md", {"fees", f"fees-{digest('fees.md')[:8]}"}),
        ("fees.txt", {f"fees-{digest('fees.txt')[:8]}"}),
        ("年報.txt", {digest("年報.txt")[:8], "-".join([digest("年報.txt")[:8]] * 2)}),
        ("Fees.txt", {"-".join(["fees", *[digest("Fees.txt")[:8]] * 2])}),
    ],
)
def test_former_ids_are_those_of_the_rule_before(source, former):
    assert former_ids(source) == former


@pytest.fixture
def service(tmp_path):
    texts = {"fees.md": "The fee is four crowns.", "map.html": "<p>The map shows the pier.", "map.md": "A pier.",
             "toll.md": "The toll is due.", "toll.txt": "The toll of old."}  # fmt: skip
    shop = Workshop(tmp_path, texts)
    shop.build()
    service = open_service(shop.settings, shop.encoder)
    yield service
    service.close()


def test_a_former_id_still_finds_its_document(service):
    assert service.document("fees").id == "fees.md"
    assert service.document(f"fees-{digest('fees.md')[:8]}").source == "fees.md"
    answer = service.ask("what is the fee", filters=Filters(document_ids=("fees",)))
    assert {quote.citation.document_id for quote in answer.passages} == {"fees.md"}


def test_an_id_of_today_goes_before_a_former_one(service):
    assert service.document("toll").source == "toll.txt"
    assert service.document("toll.md").source == "toll.md"


def test_a_former_id_of_several_lists_them(service):
    with pytest.raises(UnknownDocument, match=r"'map' any more; it was that of map\.html, map\.md\."):
        service.document("map")
    with pytest.raises(UnknownDocument, match=r"map\.html, map\.md"):
        service.ask("what is the fee", filters=Filters(document_ids=("map",)))
    with pytest.raises(UnknownDocument, match=r"^No document has the id 'nope'\.$"):
        service.document("nope")
