"""HTML: the text that a reader of a page sees, by its structure and its own styles."""

from __future__ import annotations

import pytest

from qa.reading.documents import load_document
from qa.reading.passages import cut_passages
from qa.records import BlockKind, Document

LONG = "The mill employs 230 people in two towns, makes paper bags, and has done so since the year in which it burned. "


def read(body: str, head: str = "") -> Document:
    page = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{body}</body></html>"
    return load_document("a.html", page.encode())


def text_of(document: Document, *, furniture: bool = False) -> str:
    return " ".join(
        document.text[block.start : block.end]
        for block in document.blocks
        if (block.kind is BlockKind.BOILERPLATE) == furniture
    )


@pytest.mark.parametrize(
    "name",
    ["share-price", "sidebar-free", "menu", "comments", "ad", "promo", "related", "cookie-recipes", "nav", "popup"],
)
@pytest.mark.parametrize("where", ["class", "id"])
def test_no_class_or_id_makes_text_furniture(name: str, where: str) -> None:
    document = read(
        f"<h1>Mill</h1><p>Old.</p><div {where}='{name}'><p>{LONG}</p></div><section {where}={name}>Open.</section>"
    )
    assert text_of(document) == f"Mill Old. {LONG.strip()} Open."


HIDDEN = [
    '<p style="display: none">Gone.</p>', "<p hidden>Gone.</p>", '<p style="visibility:hidden">Gone.</p>',
    "<p class=off>Gone.</p>", "<div id=gone><p>Gone.</p></div>", "<div class=box><p class=in>Gone.</p></div>",
    "<template><p>Gone.</p></template>",
    "<script>Gone.</script>", "<noscript>Gone.</noscript>", "<p class='late off'>Gone.</p>", "<dialog>Gone.</dialog>",
    "<p class=away>Gone.</p>", '<input type=hidden value="Gone.">',
    "<p style='opacity: 0'>Gone.</p>", "<p style='font-size:0'>Gone.</p>", "<p style='font-size:1px'>Gone.</p>",
    "<p style='text-indent:-9999px'>Gone.</p>", "<div style='height:0;overflow:hidden'>Gone.</div>",
    "<div style='max-height:0px;overflow:hidden'><p>Gone.</p></div>", "<p data-state='off'>Gone.</p>",
    "<p class=wide>Gone.</p>", "<p class='x1 only'>Gone.</p>", "<h2 class=k></h2><p>Gone.</p>",
    "<p class=force style='display:block'>Gone.</p>", "<section><p></p><p>Gone.</p></section>",
    "<div style='visibility:hidden'><p>Gone.</p></div>", "<div style='content-visibility:hidden'>Gone.</div>",
    "<p style='position:absolute;clip-path:inset(100%)'>Gone.</p>", "<p style='clip-path:circle(0)'>Gone.</p>",
    "<p style='clip-path: polygon(0 0, 0px 0px, 0 0)'>Gone.</p>", "<p style='margin-left:-10000px'>Gone.</p>",
    "<p style='transform:translateX(-9999px)'>Gone.</p>", "<p style='transform: translate(0, -9999px)'>Gone.</p>",
    "<p style='max-width:0;overflow:hidden'>Gone.</p>", "<div popover>Gone.</div>",
]  # fmt: skip
SHEET = """<style>/* .shown {display:none} */ .off, .x { display: none; } #gone{display:none!important}
.box > p.in {visibility: hidden} .late {color: red} .away {position:absolute; left:-9999px}
@media print {.shown {display: none}} @media (max-width: 600px) {.shown{display:none}}
.shown {display:none} p.shown {display:block} .panel {display:none} .panel.open {display:block}
.tick:checked ~ .answer {display:block} .answer {display:none}
p[data-state="off"] {display:none} @media (min-width: 768px) {.wide {display:none}} .only:not(.x2) {display:none}
h2.k + p {display:none} .force {display:none !important} section p:nth-child(2) {display:none}
.fade {opacity:0; transition: opacity 1s} .slide {max-height:0; overflow:hidden} .kept {display:block}</style>"""


@pytest.mark.parametrize("hidden", HIDDEN)
def test_what_a_page_hides_is_not_its_text(hidden: str) -> None:
    assert text_of(read(f"<h1>Hall</h1><p>It is open.</p>{hidden}<p>Always.</p>", SHEET)) == "Hall It is open. Always."


def test_struck_out_text_is_left_out_and_told() -> None:
    document = read("<h1>Hall</h1><p>It costs <del>12</del> <s>11</s> 10 crowns.</p><del><p>It is closed.</p></del>")
    assert document.text == "Hall\n\nIt costs 10 crowns."
    assert document.left_out == ("3 pieces of struck-out text",)
    assert load_document("a.md", b"It costs ~~12~~ 10 crowns.").text == "It costs 10 crowns."


@pytest.mark.parametrize("said", ["text-decoration: line-through", "text-decoration-line: underline line-through"])
@pytest.mark.parametrize("old", ["<span class=old>12</span>", "<b class=old>1<i>2</i></b>"])
def test_text_that_styles_strike_out_is_left_out_and_told(said: str, old: str) -> None:
    table = "<table><tr><td>Card<td>10</tr><tr class=old><td class=old>Boat<td class=old>8</tr></table>"
    document = read(
        f"<p>It costs {old} 10 crowns.</p><p class=old>It is shut.</p>{table}", f"<style>.old {{{said}}}</style>"
    )
    assert document.text == "It costs 10 crowns.\n\nCard | 10"
    assert document.left_out == ("5 pieces of struck-out text",)


def test_links_without_words_to_their_own_heading_are_no_text() -> None:
    heading = (
        '<section id=who><h2>Who<a href="#who">¶</a></h2></section><h3 id=a>When<a href="https://b.org/c#a">#</a></h3>'
    )
    figure = '<figure id=f><a href="#f"><img alt="A boat."></a></figure>'
    kept = '<p>Boats<a href="#why">→</a> and <a href="#fares">fares</a>.</p><p id=why>Only in May.</p>'
    assert (
        text_of(read(f"<h1>Hall</h1>{heading}{figure}{kept}")) == "Hall Who When A boat. Boats→ and fares. Only in May."
    )


SHOWN = [
    "<div style='visibility:hidden'><p style='visibility:visible'>Here.</p></div>",
    "<div style='font-size:0'><p style='font-size:16px'>Here.</p></div>",
    "<div style='height:0;padding-bottom:56%;overflow:hidden'><p>Here.</p></div>",
    "<p hidden class=kept>Here.</p>",
    "<p class=fade>Here.</p>",
    "<p class='only x2'>Here.</p>",
    "<button>Who?</button><div class=slide><p>Here.</p></div>",
    "<table bgcolor='#333333'><tr><td><span style='color:#fff'>Here.</span></table>",
    "<p class=shown>Here.</p>",
    "<div style='-webkit-backface-visibility: hidden; backface-visibility: hidden'>Here.</div>",
    "<div style='position: absolute; left: 50%; margin-left: -500px'>Here.</div>",
    "<div style='transform: translate3d(-1280px, 0, 0)'>Here.</div>",
    "<div style='clip-path: circle(0.5px)'></div><div style='clip-path: polygon(0 0, 100% 0, 0 100%)'>Here.</div>",
    "<button popovertarget=p>Who?</button> and <div popover id=p>Here.</div>",
    "<tea-box><template shadowrootmode=open><p>Here.</p><slot></slot></template></tea-box>",
    "<span style='position:absolute; clip: rect(0,0,0,0)'><math><mi>x</mi></math></span><p>Here.</p>",
    "<details><summary>Who?</summary><p>Here.</p></details>",
    '<button aria-expanded="false" aria-controls="p">Who may come?</button><div id="p" hidden><p>Here.</p></div>',
    "<h3><button>Who may come?</button></h3><div class=panel><p>Here.</p></div>",
    "<input type=checkbox class=tick id=t><label for=t>Who?</label><div class=answer>Here.</div>",
    '<a data-bs-toggle="collapse" href="#c">Who?</a><div id=c style="display:none">Here.</div>',
    '<div role="tabpanel" hidden>Here.</div>',
    '<p hidden="until-found">Here.</p>',
    '<p aria-hidden="true">It is shown to all who see. Here.</p>',
    "<form><fieldset><legend>Who?</legend><p>Here.</p></fieldset></form>",
]


@pytest.mark.parametrize("shown", SHOWN)
def test_what_a_reader_sees_or_opens_with_a_click_is_text(shown: str) -> None:
    assert "Here." in text_of(read(f"<h1>Hall</h1><p>It is open.</p>{shown}", SHEET))


@pytest.mark.parametrize(
    ("style", "body", "shown"),
    [
        ("body {background: #fff} .w {color: #fff}", "<p class=w>Ghost.</p>", False),
        ("body {background: #fff; color: #111} div > p {color: white}", "<div><p>Ghost.</p></div>", False),
        (".w {color: rgb(255, 255, 255)}", "<div class=w><b>Ghost.</b></div>", False),
        (".w {color: transparent}", "<p class=w>Ghost.</p>", False),
        ("", "<font color='#FFFFFF'>Ghost.</font>", False),
        (".w {color: #fff} .k {color: #000}", "<div class=w><p class=k>Ghost.</p></div>", True),
        (".w {color: #fff} .box {background: navy}", "<div class=box><p class=w>Ghost.</p></div>", True),
        (".w {color: #fff} html {background-color: #222}", "<p class=w>Ghost.</p>", True),
        (".w {color: #fff} tr:nth-child(odd) {background: #000}", "<table><tr><td class=w>Ghost.</table>", True),
        (".w {color: #fff; position: absolute}", "<img src=x><p class=w>Ghost.</p>", True),
        (".w {color: #fff; text-shadow: 0 0 2px #000}", "<p class=w>Ghost.</p>", True),
        (".w {color: transparent; background: linear-gradient(red, blue)}", "<p class=w>Ghost.</p>", True),
        (
            ".w {color: #fff} .k::before {content: ''; background: #000}",
            "<div class=k><p class=w>Ghost.</p></div>",
            True,
        ),
        (".w {color: #fff} video {z-index: -1}", "<p class=w>Ghost.</p>", True),
        (".w {color: #fff}", "<link rel=stylesheet href=more.css><p class=w>Ghost.</p>", True),
        (".w:hover {color: #fff}", "<p class=w>Ghost.</p>", True),
    ],
)
def test_white_text_is_hidden_unless_something_may_be_behind_it(style: str, body: str, shown: bool) -> None:
    document = read(f"<h1>Hall</h1><p>It is open.</p>{body}<p>Always.</p>", f"<style>{style}</style>")
    assert ("Ghost." in document.text) is shown
    assert "It is open." in document.text


def test_a_note_outside_the_main_part_is_a_footnote() -> None:
    page = f"<main><h1>Mill</h1><p>It has 14<a href=#n1 id=r1><sup>1</sup></a> sails.</p><p>{LONG}</p></main>"
    document = read(f"{page}<section><ol><li id=n1>Two are spare. <a href=#r1>Back</a></li></ol></section>")
    last = document.blocks[-1]
    assert (last.kind, document.text[last.start : last.end]) == (BlockKind.FOOTNOTE, "[1] Two are spare.")


def test_the_main_part_is_chosen_by_its_text_and_the_rest_kept_as_furniture() -> None:
    document = read(
        f"<header><p>Elden Council</p></header><nav><ul><li><a href=/a>Home</a><li><a href=/b>News</a></ul></nav>"
        f"<main><h1>Mill</h1><p>{LONG * 3}</p><aside><p>Never on Sundays.</p></aside></main>"
        f"<aside><p>Read our letter.</p></aside><footer>© 2021</footer>"
    )
    assert text_of(document) == f"Mill {(LONG * 3).strip()} Never on Sundays."
    assert text_of(document, furniture=True) == "Elden Council Read our letter. © 2021"


def test_an_only_article_beside_the_text_is_not_taken_for_it() -> None:
    document = read(
        f"<div><h1>Bus</h1><p>It runs every ten minutes.</p></div><article><h2>News</h2><p>{LONG * 2}</p></article>"
    )
    assert "every ten minutes" in text_of(document)


def test_lists_of_short_links_are_left_out_but_not_below_their_heading() -> None:
    links = "<ul><li><a href=/1>One</a><li><a href=/2>Two</a><li><a href=/3>Three</a></ul>"
    document = read(f"<h1>Mill</h1><p>{LONG}</p>{links}<h2>Our mills</h2>{links}")
    assert text_of(document).count("- Two") == 1


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("Monday<br>Tuesday", "Monday / Tuesday"),
        ("<div>9 to 12</div><div>14 to 18</div>", "9 to 12 / 14 to 18"),
        ("<ul><li>one<li>two</ul>", "- one / - two"),
        ("<p>Closed.</p><p>Ask.</p>", "Closed. Ask."),
        ("2.40<script>track()</script><style>p{}</style><span style='display:none'>old</span>", "2.40"),
        ("14<sup>2</sup>", "14^2"),
    ],
)
def test_a_cell_is_one_line_whose_words_stand_apart(cell: str, shown: str) -> None:
    assert f"A | {shown}" in read(f"<h1>T</h1><table><tr><th>K<th>V<tr><td>A<td>{cell}</table>").text


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("at 14<span style='vertical-align:super'>2</span> sites", "at 14^2 sites"),
        ("at 14<a class=note>2</a> sites of CO<i class=low>2</i>", "at 14^2 sites of CO₂"),
        ("at 14<span style='position:relative;top:-0.5em;font-size:60%'>2</span> sites", "at 14^2 sites"),
        ("<span style='display:block'>Mon</span><span class=line>Tue</span>", "Mon Tue"),
        ("</p><div class=row><span>Mon</span><span>9 to 12</span></div><p>", "Mon 9 to 12"),
        ("<pre>14<sup>2</sup> = 196<script>x</script></pre>", "14^2 = 196"),
        ("<ruby>東<rp>(</rp><rt>とう</rt><rp>)</rp>京<rt>きょう</rt></ruby>だ", "東京(とうきょう)だ"),
        ("<ol type=a start=3><li>x<li value=7>y</ol>", "c. x g. y"),
        ("<ol reversed><li>x<li>y</ol><ol class=roman><li>z</ol>", "2. x 1. y i. z"),
    ],
)
def test_styles_raise_words_and_set_them_apart_and_lists_show_their_numbers(body: str, shown: str) -> None:
    sheet = (
        "<style>.note{vertical-align:super}.low{vertical-align:sub}.line{display:block}.row{display:flex}"
        ".roman{list-style-type:lower-roman}</style>"
    )
    assert " ".join(text_of(read(f"<p>{body}</p>", sheet)).split()) == shown


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("<mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>", "E=mc^2"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mi>c</mi></mfrac>", "(a+b)/c"),
        ("<msqrt><mi>x</mi><mo>+</mo><mn>1</mn></msqrt><mroot><mn>8</mn><mn>3</mn></mroot>", "√(x+1)∛(8)"),
        ("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover>", "∑_(i=1)^n"),
        ("<semantics><msub><mi>v</mi><mi>max</mi></msub><annotation>v_{max}</annotation></semantics>", "v_max"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "[1, 2]"),
        ("<mover><mi>x</mi><mo>¯</mo></mover><mphantom><mi>y</mi></mphantom>", "x¯"),
        ("<mmultiscripts><mi>C</mi><mprescripts/><mn>6</mn><mn>14</mn></mmultiscripts>", "_6^14C"),
    ],
)  # fmt: skip
def test_formulas_are_text_in_a_line(formula: str, shown: str) -> None:
    assert read(f"<p>So <math>{formula}</math> holds.").text == f"So {shown} holds."


def test_a_table_in_a_table_of_data_stays_in_its_cell() -> None:
    inner = "<table><tr><td>9<td>12<tr><td>14<td>18</table>"
    table = f"<table><tr><th>Day<th>Times<tr><td>Mon<td>{inner}<tr><td>Tue<td>shut</table>"
    assert read(f"<h1>T</h1>{table}").text.endswith("Day | Times\nMon | 9 12 / 14 18\nTue | shut")


def test_a_mark_that_only_links_to_a_note_stands_apart() -> None:
    document = read("<p>It ran at 14<a href=#f>2</a> sites.</p><div id=f><p>2 Two closed.</p></div>")
    assert "at 14[2] sites" in document.text


def test_a_sentence_among_links_of_a_menu_is_text() -> None:
    document = read(f"<h1>Mill</h1><nav><p>{LONG}</p></nav><p>Use the road.</p>")
    assert LONG.strip() in text_of(document)


def test_merged_cells_leave_empty_places() -> None:
    table = "<table><tr><th>Day<th>Hall<th>Bar<tr><td rowspan=2>Mon<td colspan=2>shut<tr><td>9<td>10</table>"
    assert read(f"<h1>T</h1>{table}").text.endswith("Day | Hall | Bar\nMon | shut | \n | 9 | 10")


@pytest.mark.parametrize(
    "columns",
    [
        "<col><col style='visibility:collapse'><col>",
        "<colgroup><col><col class=thin><col></colgroup>",
        "<colgroup></colgroup><colgroup style='visibility: collapse'></colgroup><colgroup></colgroup>",
    ],
)
def test_a_collapsed_column_is_not_its_tables_text(columns: str) -> None:
    rows = "<tr><th>Item<th>Code<th>Crowns<tr><td>Lamp<td>X9<td>900"
    document = read(f"<h1>T</h1><table>{columns}{rows}</table>", "<style>.thin {visibility: collapse}</style>")
    assert document.text.endswith("Item | Crowns\nLamp | 900")


def test_line_ends_of_the_file_are_blanks_and_breaks_are_line_ends() -> None:
    assert read("<p>Built\nin\t1871<br>by\nMara.</p>").text == "Built in 1871\nby Mara."


def test_notes_are_footnotes_and_their_marks_stand_apart() -> None:
    document = read(
        "<h1>Study</h1><p>It ran at 14<sup>2</sup> sites with 1,250<sup><a id=r3 href='#n3'>3</a></sup> people.</p>"
        "<p>The yard is 40 m<sup>2</sup> and holds CO<sub>2</sub>.</p>"
        "<ol><li id=n3>Aged over 60. <a href='#r3'>↩</a></ol><p><sup>2</sup> Two closed early.</p>"
    )
    assert "at 14[2] sites with 1,250[3] people" in document.text
    assert "CO₂" in document.text
    notes = [document.text[b.start : b.end] for b in document.blocks if b.kind is BlockKind.FOOTNOTE]
    assert notes == ["[3] Aged over 60.", "[2] Two closed early."]
    assert len(cut_passages(document)[0].footnotes) == 2


@pytest.mark.parametrize("label", ["iso-8859-1", "latin1", "us-ascii", "windows-1252"])
def test_western_labels_mean_windows_1252(label: str) -> None:
    page = f"<meta charset={label}><p>“Größe” – €35…</p>".encode("cp1252")
    assert load_document("a.html", page).text == "“Größe” – €35…"


def test_a_label_that_the_bytes_belie_is_not_followed_and_told() -> None:
    document = load_document("a.html", "<meta charset=iso-8859-1><p>Größe</p>".encode())
    assert document.text == "Größe"
    assert document.left_out == ("labelled iso-8859-1, read as UTF-8",)


@pytest.mark.parametrize("label", ["gb2312", "shift_jis", "koi8-r"])
def test_valid_utf8_is_utf8_whatever_its_label_says(label: str) -> None:
    assert load_document("a.html", f"<meta charset={label}><p>Größe 中文</p>".encode()).text == "Größe 中文"


def test_a_label_that_fits_is_followed() -> None:
    assert load_document("a.html", "<meta charset=gb2312><p>中文</p>".encode("gb2312")).text == "中文"
    assert load_document("a.html", "<meta charset=iso-2022-jp><p>日本</p>".encode("iso-2022-jp")).text == "日本"


def test_entities_are_read_once() -> None:
    assert read("<p>2019&#150;2021, x &lt; 4 &amp;&amp; y. Write &amp;lt;br&amp;gt;.</p>").text == (
        "2019–2021, x < 4 && y. Write &lt;br&gt;."
    )


def test_a_page_for_browsers_without_scripts_is_read_if_there_is_no_other() -> None:
    assert read(f"<noscript><p>{LONG * 2}</p></noscript><div id=app></div>").text == (LONG * 2).strip()


@pytest.mark.parametrize(
    "link",
    [
        '<span>[</span><a href="/w/index.php?title=Pier&amp;action=edit&amp;section=1">edit</a><span>]</span>',
        '[<a href="?veaction=edit&amp;section=1">edit</a> | <a href="?action=edit&amp;section=1">edit source</a>]',
    ],
)
def test_links_that_open_a_section_in_an_editor_are_no_text(link: str) -> None:
    missing = 'The <a href="/w/index.php?title=Quay&amp;action=edit&amp;redlink=1">quay</a> is long.'
    document = read(
        f"<h1>Pier</h1><h2>History <span>{link}</span></h2><p>{missing}</p><h2>Dues</h2><span>{link}</span>"
    )
    assert document.text == "Pier\n\nHistory\n\nThe quay is long.\n\nDues"


def test_a_paragraph_in_bold_type_above_running_text_is_a_heading() -> None:
    document = read(
        "<p>Lease</p><p><b>Rent</b></p><p>The tenant pays the rent on the first day of each month.</p>"
        "<p><b>Rent</b> and notice</p>"
    )
    assert [block.kind is BlockKind.HEADING for block in document.blocks] == [False, True, False, False]
