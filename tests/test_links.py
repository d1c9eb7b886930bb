from __future__ import annotations

from hashlib import sha256
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.answering.citations import LONGEST_QUOTE_CHARS, Found, SearchCost, find_quote, quote_digest, quote_url
from qa.reading.passages import MAX_WORDS
from qa.records import Span
from qa.text.sentences import LONGEST_CHARS

TEXT = "Physicians are salaried. As a result, they can focus on care.\n\nالرعاية 😀 للجميع. Physicians are salaried."


def reference(url: str) -> str:
    return parse_qs(urlsplit(url).query)["quote"][0]


def test_a_link_names_the_document_the_place_and_the_words() -> None:
    digest = sha256(b"Physicians are salaried.").hexdigest()[:12]
    url = quote_url("kp-model", 0, 24, "Physicians are salaried.")
    assert url == f"/documents/kp-model?quote=0-24-{digest}#c0-24"


def test_a_document_id_is_escaped_in_the_path() -> None:
    url = urlsplit(quote_url("a b?c#d%", 0, 1, "x"))
    assert unquote(url.path) == "/documents/a b?c#d%"
    assert url.fragment == "c0-1"


def test_a_quote_that_stands_where_it_stood_is_found_there() -> None:
    quote = "As a result, they can focus on care."
    start = TEXT.index(quote)
    url = quote_url("d", start, start + len(quote), quote)
    assert find_quote(TEXT, reference(url)) == Found(Span(start, start + len(quote)), moved=False)


def test_of_two_equal_quotes_the_cited_one_is_found() -> None:
    quote = "Physicians are salaried."
    start = TEXT.rindex(quote)
    assert start > 0
    found = find_quote(TEXT, reference(quote_url("d", start, start + len(quote), quote)))
    assert found == Found(Span(start, start + len(quote)), moved=False)


def test_a_quote_that_moved_is_found_where_it_stands_now() -> None:
    quote = "الرعاية 😀 للجميع."
    start = TEXT.index(quote)
    link = reference(quote_url("d", start, start + len(quote), quote))
    changed = "A new first line.\n\n" + TEXT
    found = find_quote(changed, link)
    assert found == Found(Span(start + 19, start + 19 + len(quote)), moved=True)
    assert changed[found.span.start : found.span.end] == quote


def test_a_quote_whose_words_changed_is_not_found() -> None:
    link = reference(quote_url("d", 0, 24, TEXT[:24]))
    assert find_quote(TEXT.replace("salaried", "paid"), link) is None


@pytest.mark.parametrize(("link", "span"), [("0-10", Span(0, 10)), (f"5-{len(TEXT)}", Span(5, len(TEXT)))])
def test_a_place_without_a_digest_is_taken_at_its_word(link: str, span: Span) -> None:
    assert find_quote(TEXT, link) == Found(span, moved=False)


@pytest.mark.parametrize(
    "link",
    [
        "",
        "5",
        "5-",
        "-5-9",
        "9-5",  # ends before it begins
        "5-5",  # empty
        f"0-{len(TEXT) + 1}",  # goes past the end
        "0-10-abc",  # incomplete digest
        "0-10-ABCDEFABCDEF",
        "0-10-000000000000",  # a digest of other words
        "0-10\n",
        "9999999999-99999999999",  # more digits than any document has characters
        "a-b",
        "<script>",
    ],
)
def test_what_is_no_reference_to_these_words_is_none(link: str) -> None:
    assert find_quote(TEXT, link) is None


words = st.text(min_size=1, max_size=12).map("".join)


@given(before=st.text(), quote=st.text(min_size=1), after=st.text())
def test_any_quote_survives_the_round_trip(before: str, quote: str, after: str) -> None:
    text = before + quote + after
    link = reference(quote_url("d", len(before), len(before) + len(quote), quote))
    assert find_quote(text, link) == Found(Span(len(before), len(before) + len(quote)), moved=False)


@given(before=st.text(), quote=st.text(min_size=1).filter(lambda text: text == text.strip()), after=st.text())
def test_any_trimmed_quote_is_found_again_after_the_text_before_it_changed(before: str, quote: str, after: str) -> None:
    link = reference(quote_url("d", 10**6, 10**6 + len(quote), quote))  # its place is now beyond the text
    text = f"{before}\n\n{quote}\n\n{after}"
    found = find_quote(text, link)
    assert found is not None
    assert found.moved
    assert text[found.span.start : found.span.end] == quote


class _Hashed:
    """Counts the characters that are hashed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.chars = self.calls = 0
        monkeypatch.setattr("qa.answering.citations.quote_digest", self._digest)

    def _digest(self, text: str) -> str:
        self.chars += len(text)
        self.calls += 1
        return quote_digest(text)


@pytest.mark.parametrize("word", ["a ", "a\n", "It is so. ", "word, " * 50 + "\n"])
@pytest.mark.parametrize("length", [1, 9, 600, 20_000, 999_999_999])
def test_looking_for_words_that_are_not_there_costs_no_more_than_some_times_the_document(
    monkeypatch: pytest.MonkeyPatch, word: str, length: int
) -> None:
    hashed = _Hashed(monkeypatch)
    for size in (50_000, 200_000):
        text = (word * size)[:size]
        hashed.chars = hashed.calls = 0
        assert find_quote(text, f"1-{length + 1}-aaaaaaaaaaaa") is None
        assert hashed.chars <= 1_000_000 + 17 * size + length
        assert hashed.calls <= (1_000_000 + 17 * size) / 256


@pytest.mark.parametrize("length", [600, 609])  # one where no sentence ends, and one where all do
def test_looking_for_many_quotes_costs_no_more_than_looking_for_one(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    hashed, cost = _Hashed(monkeypatch), SearchCost()
    text = "It is so. " * 20_000
    for number in range(50):
        assert find_quote(text, f"{number}-{number + length}-aaaaaaaaaaaa", cost) is None
    assert hashed.chars <= 1_000_000 + 17 * len(text) + 50 * length
    assert len(text) < cost.chars <= 1_000_000 + 18 * len(text)


def test_a_quote_longer_than_a_passage_can_be_is_not_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = _Hashed(monkeypatch)
    text = "It is so. " * 100_000
    assert find_quote(text, f"5-{LONGEST_QUOTE_CHARS + 6}-aaaaaaaaaaaa") is None
    assert hashed.calls == 1  # at its stated place


def test_no_passage_is_longer_than_what_is_searched_for() -> None:
    most_sentences = 2 * MAX_WORDS  # of one word each
    assert most_sentences * (LONGEST_CHARS + len("\n\n")) <= LONGEST_QUOTE_CHARS


def test_a_passage_of_a_large_document_is_found_again_by_a_few_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    sentences = [f"Ward {number} has {number % 7} beds and a view of the harbour." for number in range(20_000)]
    quote = " ".join(sentences[15_000:15_012])
    start = " ".join(sentences).index(quote)
    link = reference(quote_url("d", start, start + len(quote), quote))
    changed = "A new chapter stands in front. " * 400 + " ".join(sentences)
    hashed = _Hashed(monkeypatch)
    found = find_quote(changed, link)
    assert found is not None
    assert changed[found.span.start : found.span.end] == quote
    assert hashed.chars < len(changed)


def test_the_nearest_of_equal_quotes_that_moved_is_found() -> None:
    quote = "The ferry leaves at noon."
    text = f"{quote} One.\n\n{'Filler stands here. ' * 20}\n\n{quote} Two."
    link = reference(quote_url("d", 400, 400 + len(quote), quote))
    assert find_quote(text, link) == Found(Span(text.rindex(quote), text.rindex(quote) + len(quote)), moved=True)


def test_the_digest_is_of_the_words_alone() -> None:
    assert quote_digest("Total Health") == sha256(b"Total Health").hexdigest()[:12]
    assert quote_digest("Total Health") != quote_digest("Total health")
