from __future__ import annotations

import pytest

from qa.reading.documents import load_document
from qa.reading.formats.front_matter import front_matter
from qa.reading.formats.markdown import read_markdown


def outline(text: str) -> list[str]:
    return [f"{draft.kind}: {draft.text}" for draft in read_markdown(text).drafts]


# Front matter


def test_front_matter_is_split_from_the_text() -> None:
    values, text = front_matter(
        "---\ntitle: 'Clinic hours'\nDate: 2021-05-06\nurl: https://example.org/a:b\n---\n# Hi\n"
    )
    assert values == {"title": "Clinic hours", "date": "2021-05-06", "url": "https://example.org/a:b"}
    assert text == "# Hi\n"


def test_front_matter_may_close_with_dots_and_end_the_file() -> None:
    assert front_matter("---\na: b\n...") == ({"a": "b"}, "")


def test_empty_values_are_left_out_and_lists_are_joined() -> None:
    values, _ = front_matter("---\nauthors:\n  - Ann Lee\n  - Bo Ek\nsubtitle: \ntitle: T\nlayout: {a: {b: c}}\n---\n")
    assert values == {"authors": "Ann Lee, Bo Ek", "author": "Ann Lee, Bo Ek", "title": "T"}


def test_front_matter_is_read_as_yaml() -> None:
    values, text = front_matter(
        "---\ntitle: >-\n  A plan\n  for all\nnote: |\n  one\n  two\nno: 2024 # why\n---\nHi.\n"
    )
    assert values == {"title": "A plan for all", "note": "one two", "no": "2024"}
    assert text == "Hi.\n"


def test_front_matter_may_be_toml() -> None:
    values, text = front_matter("+++\ntitle = 'Snow'\ndate = 2023-11-20\n[extra]\na = 1\n+++\nHi.\n")
    assert values == {"title": "Snow", "date": "2023-11-20"}
    assert text == "Hi.\n"


def test_front_matter_with_an_unquoted_colon_is_read_line_by_line() -> None:
    assert front_matter("---\ntitle: Snow: a guide\ntags:\n- a\n---\n")[0]["title"] == "Snow: a guide"


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nThe lift is old.\n\n---\n\nThe stairs are new.\n",
        "---\nThe lift is old.\n---\n",
        "---\n- one\n- two\n---\n",
        "---\n\nOpening hours: nine to five\n\n---\n",
        "+++\nno toml\n+++\n",
    ],
)
def test_an_opening_rule_without_a_mapping_is_no_front_matter(text: str) -> None:
    assert front_matter(text) == ({}, text)


@pytest.mark.parametrize(
    "text",
    [
        "---\na: " + "[" * 5000 + "\n---\n",
        "+++\na = " + "[" * 5000 + "\n+++\n",
        "---\n" + "".join(f"{'  ' * n}a:\n" for n in range(900)) + "---\n",
    ],
)
def test_front_matter_of_any_depth_is_read_or_left(text: str) -> None:
    front_matter(text)


@pytest.mark.parametrize(
    "text", ["# Hi\n\n---\na: b\n---\n", "---\nno end", " ---\na: b\n---\n", "----\na: b\n----\n", ""]
)
def test_rules_elsewhere_are_no_front_matter(text: str) -> None:
    assert front_matter(text) == ({}, text)


# Blocks


def test_the_first_heading_on_top_is_the_title() -> None:
    drafts = read_markdown(
        "# Clinic\n\n## Hours\n\nNine to five.\n\n#### Holidays\n\nClosed.\n\n# Fees\n\nNone."
    ).drafts
    assert [(str(draft.kind), draft.level, draft.text) for draft in drafts] == [
        ("title", 1, "Clinic"),
        ("heading", 2, "Hours"),
        ("paragraph", 0, "Nine to five."),
        ("heading", 4, "Holidays"),
        ("paragraph", 0, "Closed."),
        ("heading", 2, "Fees"),  # only one title: another first-level heading is a heading
        ("paragraph", 0, "None."),
    ]


def test_underlined_headings_are_headings() -> None:
    assert outline("Clinic\n======\n\nNine to five.") == ["title: Clinic", "paragraph: Nine to five."]


def test_text_before_the_first_heading_leaves_no_title() -> None:
    assert outline("Nine to five.\n\n# Fees")[1] == "heading: Fees"


def test_lines_of_a_paragraph_are_joined_but_for_hard_breaks() -> None:
    assert outline("Nine\nto five\\\nevery day.") == ["paragraph: Nine to five\nevery day."]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"A \$30 **fund** for *all*, `really`.", "A $30 fund for all, really."),
        ("[The rules](https://example.org), ![a map](map.png), <https://example.org>.", "The rules, a map, https://example.org."),
        ("R&amp;D &lt;3 &copy;", "R&D <3 ©"),
        ("Raw <b>tags</b><!-- and comments --> are markup.", "Raw tags are markup."),
        ("It is `<b>` here.", "It is <b> here."),
    ],
)  # fmt: skip
def test_inline_markup_resolves(written: str, read: str) -> None:
    assert outline(written) == [f"paragraph: {read}"]


def test_lists_keep_their_marks_and_numbers_line_by_line() -> None:
    drafts = read_markdown("It offers:\n\n- shots\n- tests\n  - eyes\n\n3. come\n4. sit").drafts
    assert [(str(draft.kind), draft.text, draft.tight) for draft in drafts] == [
        ("paragraph", "It offers:", False),
        ("list_item", "- shots", True),
        ("list_item", "- tests", True),
        ("list_item", "- eyes", True),
        ("list_item", "3. come", True),
        ("list_item", "4. sit", True),
    ]


def test_the_second_paragraph_of_an_item_has_no_mark_of_its_own() -> None:
    assert outline("- shots\n\n  for all\n- tests") == [
        "list_item: - shots",
        "paragraph: for all",
        "list_item: - tests",
    ]


def test_a_table_is_one_block_row_by_row() -> None:
    table = "| Day | Hours |\n|---|---|\n| Monday | **9** to 5 |\n| Sunday | |\n"
    assert outline(f"Hours:\n\n{table}\nAnd so on.") == [
        "paragraph: Hours:",
        "table: Day | Hours\nMonday | 9 to 5\nSunday | ",
        "paragraph: And so on.",
    ]


def test_code_stays_as_it_is_written() -> None:
    assert outline("```sh\nqa build **now**\n  && qa serve\n```\n\n    indented\n") == [
        "code: qa build **now**\n  && qa serve",
        "code: indented",
    ]


def test_quoted_text_is_text() -> None:
    assert outline("> She said so.\n>\n> Twice.") == ["paragraph: She said so.", "paragraph: Twice."]


def test_a_link_to_nowhere_is_boilerplate_and_one_that_leads_somewhere_is_text() -> None:
    assert outline("[Subscribe](#)\n\n[Our rules](https://example.org)") == [
        "boilerplate: Subscribe",
        "paragraph: Our rules",
    ]


def test_rules_and_link_definitions_are_nothing_to_read() -> None:
    assert outline("One.\n\n---\n\nTwo, as [here].\n\n[here]: https://example.org") == [
        "paragraph: One.",
        "paragraph: Two, as here.",
    ]


@pytest.mark.parametrize(
    ("paragraph", "subhead"),
    [
        ("**Easy access:** we are near.", "Easy access:"),
        ("**Easy access**", ""),  # all of it
        ("We are **near**.", ""),
        ("*Easy access:* we are near.", ""),
        (f"**{'A very long sentence in bold is no subhead. ' * 3}** It is one.", ""),
    ],
)
def test_bold_text_may_open_a_paragraph_as_its_subhead(paragraph: str, subhead: str) -> None:
    (draft,) = read_markdown(paragraph).drafts
    assert draft.text[: draft.run_in] == subhead


def test_nesting_beyond_reason_neither_fails_nor_hangs() -> None:
    read_markdown("> " * 5000 + "deep")
    assert read_markdown("[" * 5000 + "wide").drafts[0].text.endswith("[wide")
    assert read_markdown("**" * 5000 + "bold").drafts[0].text.endswith("bold")


# Notes and HTML


def test_footnotes_are_notes_with_their_marks() -> None:
    found = outline(
        "It holds 4,120[^1] farms[^b], and 12[^1] more.\n\n[^1]: Without the harbour.\n\n[^b]: All of\n    them."
    )
    assert found == [
        "paragraph: It holds 4,120[1] farms[2], and 12[1] more.",
        "footnote: [1] Without the harbour.",
        "footnote: [2] All of them.",
    ]


def test_a_note_in_the_line_is_a_note() -> None:
    assert outline("It holds 4,120^[Without the harbour.] farms.") == [
        "paragraph: It holds 4,120[1] farms.",
        "footnote: [1] Without the harbour.",
    ]


def test_front_matter_may_be_json() -> None:
    values, text = front_matter('{\n  "title": "Winter service",\n  "date": "2023-11-20"\n}\n\nText.')
    assert (values, text.strip()) == ({"title": "Winter service", "date": "2023-11-20"}, "Text.")
    for other in ("{\n no json\n}\nText.", '{\n"a": 1} text', "{curly} text"):
        assert front_matter(other) == ({}, other)


def test_html_in_markdown_is_read_as_on_a_page() -> None:
    text = (
        "Water costs <b>3.20</b>.<br>Waste costs 2.10 per m<sup>3</sup>.\n\n<details><summary>Who pays?</summary>\n\n"
        'Owners *pay*.\n\n</details>\n\n<div style="display:none">\n\nNot shown.\n\n</div>\n'
    )
    assert outline(text) == [
        "paragraph: Water costs 3.20.\nWaste costs 2.10 per m³.",
        "heading: Who pays?",
        "paragraph: Owners pay.",
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('See [the fees]({% page "/fees/#all" %}) now.', ["See the fees now."]),
        ('See [the fees]({{ site.url }}/fees "Fees") and [more](/a/{{< ref "b c" >}}).', ["See the fees and more."]),
        ("{% include toc.html %}\n\nOpen daily.", ["Open daily."]),
        ('Write to {% mail "a" %} or {{< mail >}}.', ["Write to or ."]),
        ("Write `{% include %}` and `{{< ref >}}`.", ["Write {% include %} and {{< ref >}}."]),
        ("The name is {{ name }}; {% is open, {{< too.", ["The name is {{ name }}; {% is open, {{< too."]),
        ("[not a link]({% page", ["[not a link]({% page"]),
        ("[a](b c) {%x%}", ["[a](b c)"]),
    ],
)
def test_tags_of_site_generators_are_left_out(text: str, read: list[str]) -> None:
    assert [draft.text for draft in read_markdown(text).drafts] == read


def test_what_is_left_out_is_told() -> None:
    found = read_markdown("{% toc %}\n\nIt costs ~~5~~ <del>6</del> 7 coins. {{< fees >}}")
    assert [draft.text for draft in found.drafts] == ["It costs 7 coins."]
    assert found.left_out == ("2 tags of a site generator", "2 pieces of struck-out text")
    assert not read_markdown("It costs 7 coins.").left_out


def test_many_open_tags_take_little_time() -> None:
    for piece in ("{% ", "[a]({{ ", "{{< "):
        read_markdown(piece * 20_000)


# Dialects


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('!!! note inline end "Pay *day*"\n\n    Paid on the **25th**.\n\n    - a [form](x)\n\nAfter.',
         ["paragraph: Pay day", "paragraph: Paid on the 25th.", "list_item: - a form", "paragraph: After."]),
        ('Before.\n??? warning\n    Hot.\n\n    !!! tip ""\n        Cool it.',
         ["paragraph: Before.", "paragraph: Warning", "paragraph: Hot.", "paragraph: Cool it."]),
        ('=== "Staff"\n\n    One.\n\n=== "Guests"\n\n    Two.',
         ["paragraph: Staff", "paragraph: One.", "paragraph: Guests", "paragraph: Two."]),
        ("Wow!!! note this.", ["paragraph: Wow!!! note this."]),
        (":::tip Use form 7\n\nSign it.\n\n:::\nEnd.",
         ["paragraph: Use form 7", "paragraph: Sign it.", "paragraph: End."]),
        ("::: note[Before *May*]\nPay.\n:::", ["paragraph: Before May", "paragraph: Pay."]),
        ("::: {.column width=50%}\nLeft.\n:::\n", ["paragraph: Left."]),
        ("> [!warning]- Pay day\n> It is the 25th.", ["paragraph: Pay day", "paragraph: It is the 25th."]),
        ("> [!NOTE]\n> Ask.\n\n[!no] note", ["paragraph: Note", "paragraph: Ask.", "paragraph: [!no] note"]),
        ("Ask [[People/Ann Lee|Ann *Lee*]] of [[Rules#Pay]], [[1]] and [[a](x)].",
         ["paragraph: Ask Ann Lee of Rules#Pay, [[1]] and [a]."]),
        ("| who | pay |\n|---|---|\n| [[ann\\|Ann]] | 1 |", ["table: who | pay\nAnn | 1"]),
        ("The ==new *limit*== is 40, a==b or c==d.", ["paragraph: The new limit is 40, a==b or c==d."]),
        ("Paid %%by whom?%% in May, 100%% sure, 5%%.", ["paragraph: Paid in May, 100%% sure, 5%%."]),
        ("# Fees {#fees .wide}\n\nText {: .lead }\n{:.small}\n\n![a map](m.png){ width=50% } {#5} {x}",
         ["title: Fees", "paragraph: Text", "paragraph: a map {#5} {x}"]),
        ("import Tabs from '@theme/Tabs';\nexport const x = 1;\n\n[TOC]\n\nimport goods from Oslo {/* why */} now",
         ["paragraph: import goods from Oslo now"]),
        ("Rent\n:   Paid *monthly*.", ["paragraph: Rent", "paragraph: Paid monthly."]),
        ("`[[a b]] ==c== {.d}`\n\n```\n!!! note\n```", ["paragraph: [[a b]] ==c== {.d}", "code: !!! note"]),
    ],
)  # fmt: skip
def test_additions_of_other_dialects_are_read_as_their_readers_see_them(text: str, read: list[str]) -> None:
    assert outline(text) == read


def test_what_a_markdown_file_leaves_out_is_told_with_its_document() -> None:
    document = load_document("a.md", b"Text {% include x %} and ![[Other note]]")
    assert document.text == "Text and"
    assert document.left_out == ("1 embedded page", "1 tag of a site generator")


def test_many_open_marks_take_little_time() -> None:
    for mark in ("[[a", "==a ", " %%a", "{/*", "{a=b ", "](x){.a ", "!!! a\n    ", "> [!a] b\n> "):
        assert read_markdown(mark * 5000).drafts
    assert read_markdown("".join(f"{'    ' * depth}!!! a\n" for depth in range(300))).drafts
