"""Every question in words gets an answer, whatever the documents hold."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from workshop import Workshop

from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.errors import InvalidQuestion

TEXTS = {
    "hours.md": "# Summer hours\n\nWe do 4-day weeks from May 1 through August 31, 9:30 to 3 pm. In 2014 it was 32 h.",
    "terms.txt": "Our information technology (IT) is small. Am I late? As I said, AI, AI and AI-powered vans. The code "
    "of conduct (CoC) says no. Part II, section E10.9, costs $412.6M or 4.5 % of 1,200 mg; on 5/3/24 it was -3 °C.",
    "table.csv": "Item,2013,2014\nLamp,900,1.5\nOil (l),3-5,n/a\n",
    "people.txt": "Dr. Mara Quill, MD, the COO, leads the Elden Harbour Plan. Q. Who pays?\n\nA. Nobody.",
}
FORMS = (
    "{}|when {}|when was {}|how many {}|how much is {}|what share of {}|how long {}|how often {}|who {}|where {}|why {}"
    "|what year {}|is {} larger than {}|which {} is not the largest|the difference between {} and {}|how old is {}"
    "|what does {} stand for|name of the {} ceo|did {} before {}|since when {}|{} phone number|{} of {} in 2014|{}?! {}"
).split("|")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    shop = Workshop(tmp_path_factory.mktemp("shop"), TEXTS)
    shop.build()
    opened = open_service(shop.settings, FakeEncoder())
    yield opened
    opened.close()


WORDS = [word for text in TEXTS.values() for word in text.replace(",", ", ").split()]
runs = st.tuples(st.integers(0, len(WORDS) - 1), st.integers(1, 5)).map(lambda at: " ".join(WORDS[at[0] : sum(at)]))


@settings(max_examples=300)
@given(st.sampled_from(FORMS), runs, runs, st.booleans())
def test_every_question_is_answered(service: Service, form: str, one: str, other: str, explain: bool) -> None:
    question = form.replace("{}", one, 1).replace("{}", other)
    try:
        answer = service.ask(question, explain=explain)
    except InvalidQuestion:
        assert not any(char.isalnum() for char in question)
        return
    for quote in answer.passages:
        document = service.document(quote.citation.document_id)
        assert quote.text == document.text[quote.citation.start : quote.citation.end]
