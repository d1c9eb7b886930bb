from __future__ import annotations

from dataclasses import dataclass

import pytest

from qa.answering.example_patterns import heading_questions, sentence_questions
from qa.answering.example_questions import EXAMPLES, example_questions
from qa.building.site import note_site
from qa.errors import UnknownDocument
from qa.index.site_note import SiteNote, read_site_note, write_site_note
from qa.records import (
    Answer,
    Block,
    BlockKind,
    Citation,
    Document,
    DocumentInfo,
    Quote,
    Span,
    Verdict,
)
from qa.settings import Settings
from qa.text.site import Example, Site


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        ("Elsmouth Trust is a charity that keeps three museums.", ["What is Elsmouth Trust?"]),
        ("The Tide Board (TB) was set up to warn of floods.", ["What is the Tide Board?"]),
        ("The Tide Board (OK) was set up to warn of floods.", []),
        ("The Northern Ferries are small vessels with a crew of two.", ["What are the Northern Ferries?"]),
        ("Elsmouth's oldest bridge is the Long Arch.", ["What is Elsmouth's oldest bridge?"]),
        ("It is a charity that keeps three museums.", []),
        ("Here are the keys of the harbour.", []),
        ("They are small vessels with a crew of two.", []),
        ("Elsmouth is formally divided into wards.", []),
        ("Ada Quist was appointed director of the Tide Board.", ["Who was appointed director of the Tide Board?"]),
        ("Jo Dock, the chief legal officer of Elsmouth, agreed.", ["Who is the chief legal officer of Elsmouth?"]),
        ("The harbour master is Ada Quist.", ["Who is the harbour master?"]),
        ("The mayor of Elsmouth was Jo Dock.", ["Who was the mayor of Elsmouth?"]),
        ("Elsmouth Trust was founded by fishermen in 1911.", ["When was Elsmouth Trust founded?"]),
        ("The Long Arch opened on May 3, 1822, to carts.", ["When did the Long Arch open?"]),
        ("Elsmouth Trust was founded by fishermen.", []),
        ("Elsmouth Trust employs about 1,200 people and volunteers.", []),
        ("Elsmouth Trust has more than 1,200 members.", ["How many members does Elsmouth Trust have?"]),
        ("Elsmouth Trust works in eight towns of the coast.", ["How many towns does Elsmouth Trust work in?"]),
        (
            "Elsmouth Trust works in eight towns, which is a lot, and provides shelter to 3.5 million birds.",
            ["How many birds does Elsmouth Trust provide shelter to?"],
        ),
        ("Is Elsmouth Trust a charity?", []),
        ("Elsmouth Trust is a " + "very " * 100 + "large charity.", []),
    ],
)  # fmt: skip
def test_a_sentence_gives_the_question_that_it_answers(sentence, questions):
    found = list(sentence_questions(sentence, 7))
    assert [candidate.question for candidate in found] == questions
    assert {candidate.place for candidate in found} <= {7}


def test_a_word_that_the_document_writes_small_is_no_name():
    sentences = "Nurses are the largest group of the staff.", "Elsmouth is a town."
    found = [each.question for text in sentences for each in sentence_questions(text, 0, {"nurses", "largest"})]
    assert found == ["What are nurses?", "What is Elsmouth?"]


def test_only_headings_that_ask_are_questions():
    assert [each.question for each in heading_questions("Who runs the  harbour?", 4)] == ["Who runs the harbour?"]
    assert not list(heading_questions("Safe mooring in winter", 4))
    assert not list(heading_questions("Why?", 4))


def document(name: str, *sentences: str) -> Document:
    text = "\n\n".join(sentences)
    blocks, start = [], 0
    for sentence in sentences:
        blocks.append(Block(BlockKind.PARAGRAPH, start, start + len(sentence)))
        start += len(sentence) + 2
    return Document(name, f"{name}.txt", "0" * 64, text, tuple(blocks), name)


@dataclass
class Answers:
    """Answers every question with the whole text of one document, except questions set as unanswered."""

    known: dict[str, Document]
    answering: str = ""
    unanswered: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def documents(self) -> tuple[DocumentInfo, ...]:
        return tuple(
            DocumentInfo(d.id, d.source, d.title, None, None, None, None, len(d.text), 1) for d in self.known.values()
        )

    def document(self, document_id: str) -> Document:
        if document_id in self.gone:
            raise UnknownDocument("gone")
        return self.known[document_id]

    def ask(self, question: str) -> Answer:
        found = next((d for d in self.known.values() if d.id == (self.answering or asked_of(question))), None)
        verdict = Verdict.RELATED if question in self.unanswered or not found else Verdict.ANSWERED
        text = found.text if found else ""
        cited = Citation(found.id if found else "", "", None, None, None, "", None, 0, len(text), "")
        quote = Quote(1, 1.0, text, (), (Span(0, 1),), cited)
        return Answer(question, question, verdict, 0.9, (quote,), "snap", 1.0, sure=True, unmet=self.unmet)


def asked_of(question: str) -> str:
    return "trust" if "Trust" in question else "board" if "Board" in question else ""


TRUST = document(
    "trust", "Elsmouth Trust is a charity.", "Elsmouth Trust was founded in 1911.", "Elsmouth Trust has 40 members."
)
BOARD = document("board", "Ada Quist, the director of the Tide Board, agreed.", "The Tide Board is a public body.")
BOTH = {"trust": TRUST, "board": BOARD}


def test_questions_are_of_several_kinds_and_of_several_documents():
    assert example_questions(Answers(BOTH)) == (
        Example("What is Elsmouth Trust?", "trust"),
        Example("Who is the director of the Tide Board?", "board"),
        Example("How many members does Elsmouth Trust have?", "trust"),
        Example("When was Elsmouth Trust founded?", "trust"),
        Example("What is the Tide Board?", "board"),
    )


def test_a_question_stays_only_if_its_own_sentence_answers_it():
    unanswered = "When was Elsmouth Trust founded?"
    assert unanswered not in [each.question for each in example_questions(Answers(BOTH, unanswered=(unanswered,)))]
    assert {each.document_id for each in example_questions(Answers(BOTH, answering="board"))} == {"board"}
    assert example_questions(Answers(BOTH, unmet=("founded",))) == ()


def test_no_more_than_a_handful_and_none_of_a_document_that_has_just_gone():
    arches = "North South East West Old New Long High Low".split()
    many = document("trust", *(f"Elsmouth Trust {arch} is a charity." for arch in arches))
    assert len(example_questions(Answers({"trust": many}))) == EXAMPLES
    assert {each.document_id for each in example_questions(Answers(BOTH, gone=("trust",)))} == {"board"}
    assert example_questions(Answers({})) == ()


def test_the_note_on_the_site_is_kept_and_read(tmp_path):
    assert read_site_note(tmp_path) == SiteNote()
    site = Site("Elsmouth", "Papers", (Example("Who?"), Example("What?", "trust")))
    note = SiteNote(site, "version-1")
    write_site_note(tmp_path, note)
    assert read_site_note(tmp_path) == note
    assert note.for_version("version-1") == site
    assert note.for_version("version-2") == Site("Elsmouth", "Papers", (Example("Who?"),))
    (tmp_path / "site.json").write_text('{"name": 3, "examples": [{}]}')
    assert read_site_note(tmp_path) == SiteNote()


def test_questions_are_tried_once_for_each_version_and_not_where_the_sidecar_has_its_own(tmp_path):
    settings = Settings(seeds_dir=tmp_path, index_dir=tmp_path / "index")
    settings.index_dir.mkdir()
    times = []

    def tried():
        times.append(1)
        return (Example(f"What is {len(times)}?", "trust"),)

    for version, question in (("1", "What is 1?"), ("1", "What is 1?"), ("2", "What is 2?")):
        note_site(settings, version, tried)
        assert [each.question for each in read_site_note(settings.index_dir).for_version(version).examples] == [
            question
        ]
    (tmp_path / "sources.toml").write_text('[site]\nname = "Elsmouth"\nexamples = ["Who?"]')
    note_site(settings, "3", tried)
    assert read_site_note(settings.index_dir) == SiteNote(Site("Elsmouth", "", (Example("Who?"),)), "3")
    assert len(times) == 2
