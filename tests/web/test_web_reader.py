from __future__ import annotations

from collections.abc import Callable

import samples_for_tests
from fake_service import make_document
from hypothesis import given
from hypothesis import strategies as st
from work import grows_evenly

from qa.records import Block, BlockKind, Document, Span
from qa.web.pages.marked_text import cut
from qa.web.pages.reader import Element, View, view_of

KINDS = st.sampled_from(list(BlockKind))
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), min_size=1, max_size=30).filter(
    str.strip
)
TEXT = st.lists(st.one_of(LINE, st.just("a | b")), min_size=1, max_size=3).map("\n".join)


@st.composite
def quoted_documents(draw) -> tuple[Document, Span]:
    drafts = draw(st.lists(st.tuples(KINDS, TEXT, st.integers(0, 2)), min_size=1, max_size=8))
    slides = tuple(draw(st.lists(st.sampled_from([None, 1, 2]), min_size=len(drafts), max_size=len(drafts))))
    document = make_document("d", [(kind, text) for kind, text, _ in drafts], slides=slides)
    start = draw(st.integers(0, len(document.text) - 1))
    return document, Span(start, draw(st.integers(start + 1, len(document.text))))


@given(quoted_documents())
def test_the_page_holds_the_whole_text_and_the_marks_hold_the_quote(case):
    document, quote = case
    pieces = list(_pieces(view_of(document, quote, "c1-2")))
    assert _bare("".join(piece.text for piece in pieces)) == _bare(document.text)
    assert _bare("".join(piece.text for piece in pieces if piece.marked)) == _bare(
        document.text[quote.start : quote.end]
    )
    marked = [piece for piece in pieces if piece.marked]
    assert [piece.anchor for piece in marked] == ["c1-2"] * bool(marked) + [None] * (len(marked) - 1)


@given(st.text(min_size=1), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4))
def test_pieces_joined_are_the_text_and_the_marked_ones_the_spans(text, pairs):
    spans = [Span(min(pair), max(pair)) for pair in pairs]
    pieces = cut(text, Span(0, len(text)), marked=spans)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    covered = {at for span in spans for at in range(span.start, span.end)}
    assert "".join(piece.text for piece in pieces if piece.marked) == "".join(
        char for at, char in enumerate(text) if at in covered
    )


def test_the_words_that_answer_are_told_from_the_rest_of_the_quote():
    document = make_document(
        "d", [(BlockKind.TITLE, "Fares"), (BlockKind.PARAGRAPH, "Boats run. A ticket is 3 crowns.")]
    )
    start = document.text.index("Boats")
    ticket = Span(start + 11, len(document.text))
    pieces = [piece for piece in _pieces(view_of(document, Span(start, ticket.end), "c1-2", [ticket])) if piece.marked]
    assert [(piece.text, piece.answers, piece.anchor) for piece in pieces] == [
        ("Boats run. ", False, None),
        ("A ticket is 3 crowns.", True, "c1-2"),
    ]


def test_slides_and_lists_are_grouped():
    view = view_of(samples_for_tests.slides())
    assert [section.slide for section in view.sections] == [1, 2]
    assert [element.kind for element in view.sections[1].elements] == ["heading", "list"]
    assert len(view.sections[1].elements[1].items) == 3
    assert view.has_title


def test_a_marker_of_its_own_is_noticed():
    items = next(element for element in _elements(view_of(samples_for_tests.harbour())) if element.kind == "list").items
    assert [item.own_marker for item in items] == [True, True]


def test_a_table_is_cut_into_cells():
    table = next(element for element in _elements(view_of(samples_for_tests.table())) if element.kind == "table")
    cells = [["".join(piece.text for piece in cell.line) for cell in row] for row in table.rows]
    assert cells == [["Day", "Height"], ["Monday", "2.1 m"], ["Tuesday", "2.4 m"]]


def test_a_row_has_its_cells_also_where_the_first_or_the_last_is_empty():
    document = make_document("d", [(BlockKind.TABLE, "| Height | Wind\nMonday | 2.1 m |\nTuesday |  | 4")])
    table = next(element for element in _elements(view_of(document)) if element.kind == "table")
    cells = [["".join(piece.text for piece in cell.line) for cell in row] for row in table.rows]
    assert cells == [["", "Height", "Wind"], ["Monday", "2.1 m", ""], ["Tuesday", "", "4"]]
    assert table.has_heads


def test_the_contents_lead_to_headings_below_the_title():
    blocks = [(BlockKind.TITLE, "Harbour"), (BlockKind.HEADING, "Ferries"), (BlockKind.PARAGRAPH, "They run."),
              (BlockKind.HEADING, "Fares"), (BlockKind.HEADING, "Opening\nhours")]  # fmt: skip
    view = view_of(make_document("d", blocks))
    assert [entry.text for entry in view.contents] == ["Ferries", "Fares", "Opening hours"]
    anchors = [element.anchor for element in _elements(view) if element.kind == "heading" and element.level > 1]
    assert [entry.anchor for entry in view.contents] == anchors


def test_a_document_without_headings_is_listed_by_its_pages():
    text = "one\n\ntwo\n\nthree"
    blocks = tuple(
        Block(kind, text.index(word), text.index(word) + len(word), page=page)
        for page, (word, kind) in enumerate(
            [("one", BlockKind.PARAGRAPH), ("two", BlockKind.LIST_ITEM), ("three", BlockKind.PARAGRAPH)], 1
        )
    )
    view = view_of(Document("d", "d.pdf", "", text, blocks, "t"))
    assert [entry.text for entry in view.contents] == ["Page 1", "Page 2", "Page 3"]
    assert [entry.anchor for entry in view.contents] == [element.anchor for element in _elements(view)]


def test_two_headings_need_no_contents():
    blocks = [(BlockKind.TITLE, "Harbour"), (BlockKind.HEADING, "Ferries"), (BlockKind.HEADING, "Fares")]
    assert view_of(make_document("d", blocks)).contents == ()


def test_heading_levels_leave_no_hole():
    levels = [2, 5, 6, 2, 4]
    text = "a b c d e"
    blocks = tuple(Block(BlockKind.HEADING, at * 2, at * 2 + 1, level) for at, level in enumerate(levels))
    view = view_of(Document("d", "d.txt", "", text, blocks, "t"))
    assert [element.level for element in _elements(view)] == [2, 3, 4, 2, 3]
    assert not view.has_title


def test_a_subhead_is_strong_and_pages_begin_once():
    text = "Fees: 40 crowns.\n\nNext."
    blocks = (
        Block(BlockKind.PARAGRAPH, 0, 16, run_in=5, page=1),
        Block(BlockKind.PARAGRAPH, 18, 23, page=2),
    )
    first, second = _elements(view_of(Document("d", "d.txt", "", text, blocks, "t"), Span(3, 8)))
    assert [(piece.text, piece.marked, piece.strong) for piece in first.line] == [
        ("Fee", False, True),
        ("s:", True, True),
        (" 40", True, False),
        (" crowns.", False, False),
    ]
    assert (first.new_page, second.new_page) == (1, 2)


def _elements(view: View) -> list[Element]:
    return [element for section in view.sections for element in section.elements]


def _pieces(view: View):
    for element in _elements(view):
        yield from element.line
        for item in element.items:
            yield from item.line
        for row in element.rows:
            for cell in row:
                yield from cell.line
                yield from cell.separator


def _bare(text: str) -> str:
    return "".join(text.split())


def test_a_document_is_laid_out_in_work_proportional_to_its_blocks() -> None:
    def prepared(size: int) -> Callable[[], object]:
        line, row = "- one item of many\n", "a cell | another | a third\n"
        text = line * size + row * size
        items = (Block(BlockKind.LIST_ITEM, at * len(line), (at + 1) * len(line) - 1) for at in range(size))
        table = Block(BlockKind.TABLE, size * len(line), len(text) - 1)
        document = Document("d", "d.txt", "", text, (*items, table), "D")
        return lambda: view_of(document, Span(3, len(text) - 3), "c3")

    even, done = grows_evenly(prepared, 250)
    assert even, done
