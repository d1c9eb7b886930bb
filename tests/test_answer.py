"""Quotations: the passages of one result, its fields, and the exactness of each citation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fakes import FakeEncoder
from pdf_files import pdf, shown
from workshop import Workshop

from qa.answering.citations import Found, find_quote
from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.errors import UnknownDocument, UnknownPublisher
from qa.records import Answer, Citation, Filters, Quote, Span, Verdict

SHARED = (
    "The foundation will gather expertise, systems and standards to manage care outside hospitals for both groups, "
    "and will answer to the council for every coin that it spends."
)
TEXTS = {
    "april.txt": f"The two groups have agreed to a new order, a spokesman said in April.\n\n{SHARED}",
    "september.txt": f"Mara Quill was named head of the foundation on Friday.\n\n{SHARED} Quill begins in May.",
    "ferry.md": "# The Ferry\n\n## Fares\n\nChildren ride for free.\\* Dogs pay half. Cars pay by the metre.\n\n"
    "## Crossing\n\nThe ferry crosses the strait four times a day. It carries forty cars. Nobody smokes on deck.\n",
    "notes.txt": "The Mill\n\nThe mill grinds rye on Tuesdays.* Its wheel was turned by the brook until 1950.\n\n"
    "*Not in a drought.\n\nThe miller's house stands empty.",
}
SIDECAR = '["april.txt"]\npublisher = "Elden Council"\nauthor = "A. Writer"\ndate = 2022-04-18\n'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with four small documents and an encoder of words."""
    workshop = Workshop(tmp_path_factory.mktemp("shop"), TEXTS)
    workshop.put("sources.toml", SIDECAR)
    workshop.build()
    service = open_service(workshop.settings, FakeEncoder())
    yield service
    service.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Service]]:
    """Serves documents written for one test."""
    opened: list[Service] = []

    def serve(texts: dict[str, str], encoder: FakeEncoder | None = None) -> Service:
        workshop = Workshop(tmp_path, texts)
        workshop.build()
        opened.append(open_service(workshop.settings, encoder or FakeEncoder()))
        return opened[-1]

    yield serve
    for each in opened:
        each.close()


def cut(service: Service, citation: Citation) -> str:
    return service.document(citation.document_id).text[citation.start : citation.end]


def marked(quote: Quote) -> list[str]:
    return [quote.text[span.start : span.end] for span in quote.highlights]


def test_the_page_of_a_citation_is_that_of_the_words_that_answer(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    pages = ["Plots are watered early in the day.", "The yearly rent is 64 pounds.", "Hoses are shared by neighbours."]
    workshop.put("rules.pdf", pdf(*([shown(text, 70, 780)] for text in pages)))
    workshop.build()
    service = open_service(workshop.settings, FakeEncoder())
    for number, text in enumerate(pages, 1):
        citation = service.ask(text, 1).passages[0].citation
        assert (citation.page, citation.pages) == (number, (1, 3))
    service.close()


# One result for one passage


def test_a_passage_that_two_documents_share_is_one_result_that_names_both(service: Service) -> None:
    answer = service.ask("Who will manage care outside hospitals?", k=10)
    sharing = [quote for quote in answer.passages if "gather expertise" in quote.text]
    (quote,) = sharing
    assert {quote.citation.document_id, *[each.document_id for each in quote.also_in]} == {"april", "september"}
    (other,) = quote.also_in
    assert cut(service, quote.citation) == quote.text
    assert SHARED in cut(service, other), "the other citation holds at its own place"


def test_passages_that_share_a_phrase_stay_two_results(service: Service) -> None:
    """Figures may disagree where phrases agree, and then both must be seen."""
    answer = service.ask("foundation head and ferry crossing", k=10)
    assert [quote.also_in for quote in answer.passages if "Ferry" in quote.citation.title] == [(), ()]


@pytest.mark.parametrize(("changed_words", "results"), [(2, 1), (12, 2)])
def test_copies_with_a_few_other_words_fold_and_those_with_many_do_not(
    serve: Callable[..., Service], changed_words: int, results: int
) -> None:
    # 60 words are 56 runs of five. A changed third word touches three of them and a changed eighth five, so 48 of 56,
    # over .6, are shared; twelve changed words, every fifth, touch all.
    words = [f"word{number}" for number in range(60)]
    changed = list(words)
    for number in range(changed_words):
        changed[2 + 5 * number] = "other"
    service = serve({"a.txt": " ".join(words) + ".", "b.txt": " ".join(changed) + "."})
    assert len(service.ask("word7 word8", k=10).passages) == results


def test_copies_take_no_places_from_other_results(serve: Callable[..., Service]) -> None:
    copies = {f"copy{number}.txt": SHARED for number in range(4)}
    service = serve(copies | {"other.txt": "Care outside hospitals is cheaper, says the council."})
    first, second = service.ask("Who will manage care outside hospitals?", k=2).passages
    assert (first.citation.document_id, len(first.also_in)) == ("copy0", 3)
    assert second.citation.document_id == "other"


# Citations


def test_every_citation_cuts_its_quote_out_of_its_document_and_its_link_finds_it(service: Service) -> None:
    answer = service.ask("ferry mill foundation groups", k=50)
    assert len(answer.passages) >= 6
    for quote in answer.passages:
        citation = quote.citation
        text = service.document(citation.document_id).text
        assert text[citation.start : citation.end] == quote.text
        link = urlsplit(citation.url)
        assert link.path == f"/documents/{citation.document_id}"
        (reference,) = parse_qs(link.query)["quote"]
        assert find_quote(text, reference) == Found(Span(citation.start, citation.end), moved=False)


def test_a_citation_says_what_is_known_and_guesses_nothing(service: Service) -> None:
    (known, *_) = service.ask("What did the two groups agree to in April?").passages
    assert (known.citation.document_id, known.citation.source) == ("april", "april.txt")
    assert (known.citation.publisher, known.citation.author, known.citation.date) == (
        "Elden Council",
        "A. Writer",
        "2022-04-18",
    )
    (unknown, *_) = service.ask("When does the mill grind rye?").passages
    assert unknown.citation.title == "The Mill"
    assert (unknown.citation.publisher, unknown.citation.author, unknown.citation.date, unknown.citation.page) == (
        None,
        None,
        None,
        None,
    )


# Fields of a quote


def test_a_footnote_rides_along_with_the_claim_that_carries_its_mark(service: Service) -> None:
    quote = service.ask("When does the mill grind rye?").passages[0]
    (note,) = quote.footnotes
    assert note.text == "*Not in a drought."
    assert service.document("notes").text[note.start : note.end] == note.text


def test_a_quote_without_marks_has_no_footnotes(service: Service) -> None:
    quote = service.ask("How often does the ferry cross the strait?").passages[0]
    assert quote.footnotes == ()


def test_a_quote_has_its_headings(service: Service) -> None:
    assert service.ask("How often does the ferry cross the strait?").passages[0].headings == ("Crossing",)


def test_the_sentence_that_answers_is_marked(service: Service) -> None:
    assert marked(service.ask("How many cars does it carry, forty?").passages[0]) == ["It carries forty cars."]
    assert marked(service.ask("Who smokes on deck?").passages[0]) == ["Nobody smokes on deck."]


def test_highlights_are_whole_sentences_of_the_quote(service: Service) -> None:
    for quote in service.ask("ferry mill foundation groups", k=50).passages:
        assert quote.highlights
        for text in marked(quote):
            assert text == text.strip()
            assert text[-1] in ".*"


# The answer as a whole


def test_results_are_numbered_and_in_the_order_of_their_scores(service: Service) -> None:
    answer = service.ask("the mill and the ferry", k=4)
    assert [quote.rank for quote in answer.passages] == [1, 2, 3, 4]
    scores = [quote.score for quote in answer.passages]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert (answer.confidence, answer.verdict) == (None, Verdict.UNCALIBRATED)  # none is fitted for this encoder


def test_fewer_passages_than_wanted_are_all(service: Service) -> None:
    answer = service.ask("the mill", k=50, filters=Filters(document_ids=("ferry.md",)))
    assert {quote.citation.document_id for quote in answer.passages} == {"ferry.md"}
    assert len(answer.passages) == 2


def test_filters_that_leave_nothing_give_an_answer_that_says_so(service: Service) -> None:
    answer = service.ask("the mill", filters=Filters(date_to="1900-01-01"))
    assert (answer.passages, answer.verdict, answer.confidence) == ((), Verdict.NONE, None)


def test_a_filter_that_names_nothing_that_exists_tells_what_does(service: Service) -> None:
    with pytest.raises(UnknownPublisher, match=r"'Nobody'; there are Elden Council\."):
        service.ask("the mill", filters=Filters(publishers=("Nobody",)))
    with pytest.raises(UnknownDocument, match=r"there are april, ferry\.md, notes, september\."):
        service.ask("the mill", filters=Filters(document_ids=("nobody",)))


def test_names_in_filters_ignore_case(service: Service) -> None:
    one, other = (
        service.ask("the groups", filters=Filters(publishers=(name,))) for name in ("Elden Council", "ELDEN council")
    )
    assert one.passages == other.passages != ()
    assert service.ask("the ferry", filters=Filters(document_ids=("FERRY.MD",))).passages


@pytest.mark.parametrize("name", ["musee  de l'elden ", "MUSE\u0301E DE L'ELDEN", "Musée de l'Elden"])
def test_publishers_in_filters_ignore_accents_and_spacing(tmp_path: Path, name: str) -> None:
    workshop = Workshop(
        tmp_path, {"mill.txt": "The mill grinds rye.", "ferry.txt": "The ferry carries the mill's rye."}
    )
    workshop.put("sources.toml", '["mill.txt"]\npublisher = "Musée de l\'Elden"\n')
    workshop.build()
    service = open_service(workshop.settings, FakeEncoder())
    answer = service.ask("the mill", filters=Filters(publishers=(name,)))
    assert [quote.citation.document_id for quote in answer.passages] == ["mill"]
    service.close()


def test_dates_tell_how_many_undated_documents_they_leave_out(service: Service) -> None:
    dated = service.ask("the mill", filters=Filters(date_from="2020-01-01"))
    assert {quote.citation.document_id for quote in dated.passages} == {"april"}
    assert dated.undated_left_out == 3
    every = service.ask("the mill", filters=Filters(date_from="2020-01-01", undated=True))
    assert every.undated_left_out == 0
    assert every.passages[0].citation.document_id == "notes"
    assert service.ask("the mill").undated_left_out == 0


def test_words_that_the_first_passage_lacks_are_told_as_typed(service: Service) -> None:
    assert service.ask("Does the ferry carry Zebras or 41 cars?").unmet == ("Zebras", "41")
    assert service.ask("How many cars does the FERRY carry?").unmet == ()


def test_what_was_typed_is_searched_for_if_that_is_wanted(service: Service) -> None:
    typed = "Hi, how many cars does teh ferry carry?"
    assert service.ask(typed).searched == "how many cars does the ferry carry?"
    assert service.ask(typed, exactly=True).searched == typed


def test_a_heading_alone_is_not_what_answers(tmp_path: Path) -> None:
    text = "Fares of the Ferry\n\nThe fares for the ferry are:\n\n- Children nothing\n- Dogs half\n\nThe mill stands.\n"
    shop = Workshop(tmp_path, {"fares.md": text})
    shop.build()
    service = open_service(shop.settings, shop.encoder)
    try:
        first = service.ask("fares for the ferry").passages[0]
    finally:
        service.close()
    assert "Children nothing" in " ".join(marked(first))


def test_how_many_are_wanted_changes_neither_ranking_nor_confidence(service: Service) -> None:
    def told(answer: Answer) -> tuple[object, ...]:
        return answer.confidence, answer.verdict, answer.passages[0]

    one, many = (service.ask("When does the mill grind rye?", k=k) for k in (1, 6))
    assert told(one) == told(many)
