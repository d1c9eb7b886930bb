from __future__ import annotations

import codecs
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_load import any_text, names

from qa.errors import UnreadableFile
from qa.reading.documents import load_document
from qa.reading.passages import MAX_WORDS, MIN_WORDS, cut_passages, embedding_text
from qa.records import Block, BlockKind, Document, Passage, PassageKind, Span
from qa.text.sentences import split_sentences

HEADINGS = (BlockKind.TITLE, BlockKind.HEADING)
KINDS = {BlockKind.FOOTNOTE: PassageKind.FOOTNOTE, BlockKind.BOILERPLATE: PassageKind.BOILERPLATE}


def cut(text: str, name: str = "x.md") -> tuple[Document, tuple[Passage, ...]]:
    document = load_document(name, text.encode())
    return document, cut_passages(document)


def texts(text: str, name: str = "x.md") -> list[str]:
    return [passage.text for passage in cut(text, name)[1]]


def words(count: int, name: str = "word") -> str:
    """A sentence of so many words."""
    return " ".join([name.capitalize(), *[name] * (count - 1)]) + "."


# Properties of any document


def citable_sentences(document: Document) -> list[Span]:
    """Every sentence of a document except those of titles, headings and slides with only a title."""
    spoken_slides = {block.slide for block in document.blocks if block.kind not in HEADINGS}
    spans = []
    for block in document.blocks:
        if block.kind not in HEADINGS or (block.slide is not None and block.slide in spoken_slides):
            inner = split_sentences(document.text[block.start : block.end])
            spans += [Span(block.start + span.start, block.start + span.end) for span in inner]
    return spans


def home_of(document: Document, passage: Passage) -> Block:
    return next(block for block in document.blocks if block.start <= passage.start < block.end)


paragraphs = st.lists(
    st.builds(words, st.integers(1, 80), st.sampled_from(["care", "it", "clinic"])),
    max_size=12,
).map("\n\n".join)


@given(names, any_text | paragraphs)
def test_passages_are_spans_of_the_text_that_hold_every_sentence_once_and_whole(name: str, text: str) -> None:
    try:
        document = load_document(name, codecs.BOM_UTF8 + text.encode())
    except UnreadableFile:
        return
    passages = cut_passages(document)
    assert [passage.text for passage in passages] == [document.text[each.start : each.end] for each in passages]
    assert all(before.end <= after.start for before, after in pairwise(passages))
    sentences = [
        Span(passage.start + span.start, passage.start + span.end) for passage in passages for span in passage.sentences
    ]
    assert sentences == citable_sentences(document)
    for passage in passages:
        assert passage.sentences[0].start == 0
        assert passage.sentences[-1].end == len(passage.text)
        assert passage.document_id == document.id
        assert passage.kind is KINDS.get(home_of(document, passage).kind, PassageKind.BODY)
        notes = {Span(block.start, block.end) for block in document.blocks if block.kind is BlockKind.FOOTNOTE}
        assert set(passage.footnotes) <= notes


@given(paragraphs)
def test_no_passage_is_far_too_long_unless_a_sentence_is(text: str) -> None:
    try:
        document = load_document("x.txt", text.encode())
    except UnreadableFile:
        return
    for passage in cut_passages(document):
        assert len(passage.sentences) == 1 or len(passage.text.split()) <= 2 * MAX_WORDS


# Boundaries of passages


def test_short_paragraphs_under_one_heading_make_one_passage() -> None:
    assert texts(f"# T\n\n{words(30)}\n\n{words(35)}\n\n{words(20)}") == [f"{words(30)}\n\n{words(35)}\n\n{words(20)}"]


def test_long_text_is_cut_into_passages_of_readable_length() -> None:
    found = texts("# T\n\n" + " ".join([words(20)] * 30))
    assert all(MIN_WORDS <= len(text.split()) <= MAX_WORDS for text in found)
    assert 4 <= len(found) <= 10  # 600 words


def test_cuts_fall_between_paragraphs_rather_than_inside_them() -> None:
    # With cuts inside them, 70 + (45 + 45) + 70 words would be nearer to the target length than 115 + 115.
    above, below = f"{words(70)} {words(45, 'more')}", f"{words(45, 'less')} {words(70)}"
    assert texts(f"# T\n\n{above}\n\n{below}") == [above, below]


def test_no_passage_spans_two_headings() -> None:
    found = cut(
        f"# T\n\n## One\n\n{words(10)}\n\n## Two\n\n{words(10)}\n\n### Deep\n\n{words(10)}\n\n## Three\n\n{words(5)}"
    )[1]
    assert [passage.headings for passage in found] == [("One",), ("Two",), ("Two", "Deep"), ("Three",)]


@pytest.mark.parametrize("pronoun", ["He", "She", "They", "It", "Their", "This", "“They", "These"])
def test_a_pronoun_stays_with_its_subject(pronoun: str) -> None:
    # By length alone the three paragraphs would be separate, as they are when the second names its subject.
    named, other = f"Dr. Batra {words(86)}", words(90, "else")
    for opening, expected in ((pronoun, 2), ("Lee", 3)):
        going_on = f"{opening} {words(60)}"
        found = texts(f"# T\n\n{named}\n\n{going_on}\n\n{other}")
        assert len(found) == expected
        assert found[0] == (named if expected == 3 else f"{named}\n\n{going_on}")


@pytest.mark.parametrize("word", ["Item", "Items", "Thistle", "Hershey", "Itemised", "Theory"])
def test_a_word_that_begins_like_a_pronoun_is_none(word: str) -> None:
    found = texts(f"# T\n\n{words(90)}\n\n{word} {words(90, 'else')}")
    assert [text.split()[0] for text in found] == ["Word", word]


@pytest.mark.parametrize(("stop", "first"), [(":", 70), (".", 90)])
def test_an_introduction_stays_with_its_list(stop: str, first: int) -> None:
    # By length alone, 70 + 20 words and the list's 88 are the best cut; a colon joins the 20 and the list.
    items = "\n".join(f"- {words(10, 'item')}" for _ in range(8))
    found = texts(f"# T\n\n{words(70)}\n\n{words(20, 'offers')[:-1]}{stop}\n\n{items}")
    assert [len(text.split()) for text in found] == [first, 70 + 20 + 88 - first]


def test_definitions_stand_each_for_itself_with_their_subhead_in_the_quote() -> None:
    one, two = f"**Easy access:** {words(40)}", f"**Low cost:** {words(45, 'cost')}"
    found = cut(f"# T\n\n## Why\n\n{one}\n\n{two}")[1]
    assert [passage.text for passage in found] == [one.replace("**", ""), two.replace("**", "")]
    assert [passage.headings for passage in found] == [("Why",), ("Why",)]


def test_the_rest_of_a_long_definition_has_its_subhead_in_the_trail() -> None:
    long = " ".join([words(30, "cost")] * 8)
    first, *rest = cut(f"# T\n\n**Low cost:** {long}")[1]
    assert first.headings == ()
    assert {passage.headings for passage in rest} == {("Low cost",)}


DECK = """Care Close to Home



Where do we stand?

Twelve clinics in town

Three by the sea



Questions?



What it costs

Four million a year

Half of it for staff

Nothing for patients



Thank you
"""


def test_a_slide_is_one_passage_with_its_title_and_a_bare_title_is_none() -> None:
    assert texts(DECK, "x.txt") == [
        "Where do we stand?\nTwelve clinics in town\nThree by the sea",
        "What it costs\nFour million a year\nHalf of it for staff\nNothing for patients",
    ]


# Footnotes and boilerplate

NOTED = f"""{words(20)[:-1]}.* {words(20)}

{words(30, "other")}

*Not on Sundays.

{words(25, "last")}

© 2021 Northside Clinic
"""


def test_a_footnote_is_a_passage_of_its_own_and_goes_with_the_one_that_carries_its_mark() -> None:
    document, found = cut(NOTED, "x.txt")
    assert [str(passage.kind) for passage in found] == ["body", "footnote", "body", "boilerplate"]
    assert found[1].text == "*Not on Sundays."
    assert [[document.text[note.start : note.end] for note in passage.footnotes] for passage in found] == [
        ["*Not on Sundays."],
        [],
        [],
        [],
    ]


def test_a_mark_that_two_notes_share_stands_for_neither() -> None:
    twice = f"{words(20)[:-1]}.*\n\n*Not on Sundays.\n\n{words(20, 'other')[:-1]}.*\n\n*Nor in May."
    assert [passage.footnotes for passage in cut(twice, "x.txt")[1]] == [(), (), (), ()]


# Encoded texts


def test_a_passage_is_encoded_under_its_title_and_headings() -> None:
    passage = Passage("d", 0, 5, "Text.", ("Part", "Chapter"), (Span(0, 5),))
    text, start = embedding_text("Book", passage)
    assert text == "Book. Part. Chapter\nText."
    assert text[start:] == "Text."
