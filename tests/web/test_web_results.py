"""The results page with many results, and with tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
import samples_for_tests
from fake_service import FakeService, make_document
from live_server import serving
from page_elements import Page

from qa.records import Answer
from qa.records import BlockKind as K

ASKED = "/?q=harbour+dues+of+boats"


def long(name: str, count: int):
    blocks = [(K.PARAGRAPH, f"Harbour dues of boats, rule {number} of {name}.") for number in range(count)]
    return make_document(name, [(K.TITLE, name), *blocks])


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    service = samples_for_tests.service()
    # Passages with equal scores are in the order of their documents: seven, one, and eighteen.
    service.all_documents = {
        document.id: document for document in (long("rules", 7), long("notice", 1), long("book", 18))
    }
    service.all_documents["table"] = samples_for_tests.table()
    with serving(service) as address, httpx.Client(base_url=address) as client:
        yield client


def ranks(page: Page, *, folded: bool = False) -> list[str]:
    """The ids of the results, or of those inside a fold."""
    return [
        attributes["id"] or ""
        for (tag, attributes), above in zip(page.elements, page.above, strict=True)
        if tag == "li" and (attributes.get("id") or "").startswith("result-") and ("details" in above or not folded)
    ]


def test_of_the_first_ten_results_those_of_a_document_shown_before_lie_behind_it(client):
    page = Page(client.get(ASKED).text)
    # Ranks 1 to 7 are of "rules", 8 of "notice", 9 and 10 of "book"; three are shown of any document.
    assert ranks(page) == [f"result-{rank}" for rank in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    folds = [" ".join(text.split()) for text in page.texts["summary"] if "more from" in text]
    assert folds == ["4 more from this document: rules", "1 more from this document: book"]
    assert ranks(page, folded=True) == [f"result-{rank}" for rank in (4, 5, 6, 7, 10)]


@pytest.mark.parametrize(("copies", "folded"), [(5, []), (6, ["1 more place"]), (9, ["4 more places"])])
def test_of_many_places_of_a_quote_those_after_the_fifth_are_folded(copies: int, folded: list[str]):
    class Copied(FakeService):
        def ask(self, *asked, **options) -> Answer:
            answer = super().ask(*asked, **options)
            quote = answer.passages[0]
            return replace(answer, passages=(replace(quote, also_in=(quote.citation,) * copies),))

    with serving(Copied(samples_for_tests.service().all_documents)) as address:
        page = Page(httpx.get(f"{address}/?q=who+is+the+harbour+master").text)
    assert [text.partition(" of result")[0] for text in page.texts["summary"] if "more place" in text] == folded
    assert len(page.quoted()) == 1 + copies


def test_more_results_open_at_the_first_new_one_and_keep_those_before(client):
    first = Page(client.get(ASKED).text)
    assert f"{ASKED}&k=20#result-11" in first.links()
    more = Page(client.get(f"{ASKED}&k=20").text)
    assert ranks(more)[:10] == ranks(first)
    assert ranks(more)[10:] == [f"result-{rank}" for rank in range(11, 21)]
    assert not any("#result-" in link for link in more.links())
    assert ranks(more, folded=True) == ranks(first, folded=True)


def test_the_way_back_from_a_further_result_leads_to_all_of_them(client):
    more = Page(client.get(f"{ASKED}&k=20").text)
    link = more.quoted()[14]
    reader = Page(client.get(link).text)
    assert f"{ASKED}&k=20" in reader.links()
    assert "15 of 20" in reader.words()


@pytest.mark.parametrize("k", ["0", "1", "11", "50", "-1", "x"])
def test_a_page_has_ten_results_or_twenty(client, k):
    assert len(ranks(Page(client.get(f"{ASKED}&k={k}").text))) == 10


def test_twenty_results_weigh_little_beside_their_words(client):
    text = client.get(f"{ASKED}&k=20").text
    words = sum(map(len, Page(text).texts["blockquote"]))
    assert text.count("<blockquote") == 20
    assert len(text.encode()) - words < 45_000, "a page may weigh 60 kB with its style and its scripts in gzip"


def test_only_the_first_result_of_an_answer_is_marked_as_one(client):
    answered, related = (
        [attributes for tag, attributes in Page(client.get(path).text).elements if tag == "mark"]
        for path in ("/?q=day+height+monday", "/?q=height+snack+crew+monday+rota")
    )
    assert answered[0].get("class") == "answers"
    assert related
    assert not any("class" in attributes for attributes in related)


def test_a_table_is_a_table_and_its_cells_are_marked(client):
    page = Page(client.get("/?q=day+height+monday").text)
    assert page.texts["th"][:2] == ["Day", "Height"]
    assert page.texts["td"][:4] == ["Monday", "2.1 m", "Tuesday", "2.4 m"]
    assert page.texts["mark"][0] == "Monday"


def test_a_quote_that_holds_bars_but_no_table_is_text(client):
    document = make_document("bars", [(K.TITLE, "Bars"), (K.PARAGRAPH, "One | two is a pattern of bars.")])
    service = samples_for_tests.service()
    service.all_documents["bars"] = replace(document)
    with serving(service) as address:
        page = Page(httpx.get(f"{address}/?q=pattern+of+bars").text)
    assert "table" not in page.texts
    assert page.texts["blockquote"][0] == "One | two is a pattern of bars."
