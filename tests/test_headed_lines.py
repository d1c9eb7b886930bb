"""Lines that belong to a heading line, and the effect on the marked words."""

from __future__ import annotations

import pytest
from fakes import FakeEncoder
from workshop import Workshop

from qa.cli.open_service import open_service
from qa.reading.passages import cut_passages
from qa.records import Block, BlockKind, Document, Passage
from qa.retrieval.headed_lines import heads

SLIDE = (
    "Where the guilds come from\n\nGuild of Ferrymen\n- Founded at the harbour\n- Has nine boats\n\n"
    "Guild of Millers\n- Founded at the weir\n- Has four wheels"
)


def passage_of(text: str) -> Passage:
    block = Block(BlockKind.PARAGRAPH, 0, len(text))
    (passage,) = cut_passages(Document("a", "a.txt", "0" * 64, text, (block,), "A"))
    return passage


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SLIDE, [0, 0, 1, 1, 0, 4, 4]),
        ("The fares are:\n- Dogs pay half. Cats too.\n- Children ride free.\nAll pay at the pier.", [0, 0, 0, 0, 4]),
        ("Boats leave at nine. They are full.\nNobody waits.", [0, 1, 2]),
        ("Rye is milled.\nWho mills it?\nThe miller does.", [0, 1, 1]),
        ("Item: Lamp | Crowns: 900\nItem: Rope | Crowns: 30\nItem: Sail | Crowns: 70", [0, 1, 2]),
    ],
    ids=["lists on a slide", "lead", "prose", "question", "rows of a sheet"],
)
def test_lines_stand_under_the_nearest_heading_lead_or_question(text: str, expected: list[int]) -> None:
    assert list(heads(passage_of(text))) == expected


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("How many boats has the guild of ferrymen?", ["Guild of Ferrymen", "- Has nine boats"]),
        ("Where was the guild of millers founded?", ["Guild of Millers", "- Founded at the weir"]),
    ],
)
def test_an_item_is_marked_with_its_heading_and_a_heading_of_other_items_is_not(
    tmp_path, question: str, marked: list[str]
) -> None:
    shop = Workshop(tmp_path, {"guilds.md": SLIDE})
    shop.build()
    service = open_service(shop.settings, FakeEncoder())
    try:
        quote = service.ask(question).passages[0]
    finally:
        service.close()
    assert [quote.text[span.start : span.end] for span in quote.highlights] == marked
