"""Unusual texts and questions, through the whole pipeline with the real model: every quote is exact."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from workshop import Workshop

from qa.answering.citations import quote_digest
from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.encode import Encoder
from qa.errors import RequestError
from qa.records import Answer, Verdict

pytestmark = pytest.mark.model

TEXTS = {
    "emoji.txt": "👩‍⚕️👨‍⚕️ The nurse 👍🏽 said: “All well.” 😀\n\n🏥 The clinic is open. 🕘",
    "arabic.txt": "الرعاية الصحية\n\nتقدم العيادة الرعاية للجميع. الزيارة مجانية؟ نعم.\n\nThe clinic (العيادة) opens.",
    "hebrew.md": "# המרפאה\n\nהמרפאה פתוחה כל יום. **הביקור חינם.**",
    "chinese.txt": "诊所每天开放。医生领取工资！谁付钱？会员付钱。" * 10,
    "accents.txt": "Cafe\u0301 Zu\u0308rich opened; nai\u0308ve visitors paid 5 €. Ångström İstanbul ﬁne ß.",
    "no_stops.txt": "word " * 600,
    "one_word.txt": "x" * 2500,
    "long_sentence.txt": "The fund, " + "which pays for care and hospitals and nurses, " * 40 + "is empty.",
    "dots.txt": "Contents " + "." * 500 + " 7\n\nFees " + "." * 500 + " 9\n\nThe fees are listed on page nine.",
    "rare.txt": "\U0001f9ff\U000e0041 \u200b\u200d\u2060 The amulet costs ten. \ue000\ufffd",
    "shouting.txt": "THE CLINIC IS OPEN!!! COME IN!!!\n\nTHE FEE IS 5 EUROS!!!",
    "tiny.txt": "a",
    "sign.txt": "?",
    "table.md": "| Day | Fee |\n|---|---|\n" + "".join(f"| day {number} | {number} euros |\n" for number in range(60)),
    "code.md": "# Tool\n\n```\nif a < b:\n    return '*' * 3\n```\n\nIt prints stars.",
    "deep.md": "\n\n".join(f"{'#' * level} Part {level}\n\nText {level}." for level in range(1, 7)),
    "heads_only.md": "# One\n\n## Two\n\n### Three",
}
QUESTIONS = [
    "What does the clinic charge?",
    "متى تفتح العيادة؟",
    "谁付钱",
    "😀",
    "?",
    "a",
    "x" * 2000,
    "fee " * 400,
    "the of and is",
    "5 €",
    "What's “İstanbul” – ﬁne?",
    "SELECT * FROM passages; --",
    "<script>alert(1)</script>",
    "word\u200bword",
    "١٢٣",
    "ĉ̵̛e̸͝",
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[Service]:
    workshop = Workshop(tmp_path_factory.mktemp("odd"), TEXTS)
    workshop.encoder = encoder
    report = workshop.build()
    # Headings without text below them cannot be quoted, but the document can be read.
    assert [file.source for file in report.files if file.reason] == []
    service = open_service(workshop.settings, encoder)
    yield service
    service.close()


def ask(service: Service, question: str) -> Answer | None:
    try:
        return service.ask(question, k=50, explain=True)
    except RequestError:
        assert not any(char.isalnum() for char in question), "only a question without a word is refused"
        return None


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_quote_holds(service: Service, question: str) -> None:
    answer = ask(service, question)
    if answer is None:
        return
    assert answer.verdict in Verdict
    assert 0 <= answer.confidence <= 1
    for quote in answer.passages:
        text = service.document(quote.citation.document_id).text
        assert text[quote.citation.start : quote.citation.end] == quote.text
        assert quote_digest(quote.text) in quote.citation.url
        assert 0 <= quote.score <= 1
        assert quote.highlights
        for span in (*quote.highlights, *[match.place for match in quote.words if match.place]):
            assert 0 <= span.start < span.end <= len(quote.text)
            assert quote.text[span.start : span.end].strip()


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("What did the nurse say?", "emoji.txt", "The nurse"),
        ("هل الزيارة مجانية؟", "arabic.txt", "الزيارة مجانية"),
        ("Is the fund empty?", "long_sentence.txt", "is empty."),
        ("Where are the fees listed?", "dots.txt", "page nine"),
        ("What does the amulet cost?", "rare.txt", "The amulet costs ten."),
        ("What does it cost on day 37?", "table.md", "day 37 | 37 euros"),
        ("What does the tool print?", "code.md", "It prints stars."),
        ("Which visitors paid in Zürich?", "accents.txt", "naïve visitors paid 5 €"),
    ],
)
def test_what_such_a_text_says_is_found(service: Service, question: str, source: str, words: str) -> None:
    answer = service.ask(question, k=3)
    assert any(quote.citation.source == source and words in quote.text for quote in answer.passages), [
        (quote.citation.source, quote.text[:60]) for quote in answer.passages
    ]
