from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from qa.records import Citation
from qa.text.safe_text import one_line, printable
from qa.web.pages.citation_formats import apa, bibtex, chicago, csl_json, formats, markdown, plain, ris

FULL = Citation(
    document_id="001",
    title="A COO is named",
    publisher="Becker's",
    author="Jo Dock",
    date="2022-09-09",
    source="001.txt",
    page=3,
    start=812,
    end=1410,
    url="/documents/001?quote=812-1410-abc#c812-1410",
)
BARE = replace(FULL, publisher=None, author=None, date=None, page=None)
URL = "http://127.0.0.1:8000/documents/001?quote=812-1410-abc#c812-1410"


def test_plain_with_everything():
    assert plain(FULL, URL) == (
        f"Jo Dock. “A COO is named”. Becker's, 9 September 2022, p. 3, 001.txt, characters 812–1410. {URL}"
    )


def test_plain_without_an_author_leads_with_the_publisher_and_names_it_once():
    cited = plain(replace(FULL, author=None), URL)
    assert cited.startswith("Becker's. “A COO is named”. 9 September 2022, ")
    assert cited.count("Becker's") == 1


def test_plain_without_anything_says_undated():
    assert plain(BARE, URL) == f"“A COO is named”. undated, 001.txt, characters 812–1410. {URL}"


def test_an_abbreviated_name_keeps_one_full_stop():
    assert plain(replace(FULL, author="Acme Inc."), URL).startswith("Acme Inc. “")


def test_markdown_links_the_title():
    assert markdown(replace(FULL, author=None, page=None), URL) == (
        f"Becker's. [A COO is named]({URL}). 9 September 2022, 001.txt, characters 812–1410."
    )


def test_markdown_escapes_what_would_be_markup():
    cited = markdown(replace(BARE, title="[x](y) *b* <i> `c` _d_"), "http://h/a(b) c")
    assert r"[\[x\]\(y\) \*b\* \<i\> \`c\` \_d\_](http://h/a%28b%29%20c)" in cited


def test_bibtex_with_everything():
    assert bibtex(FULL, URL) == "\n".join(
        [
            "@misc{001-812-1410,",
            "  title = {{A COO is named}},",
            "  author = {{Jo Dock}},",
            "  publisher = {Becker's},",
            "  year = {2022},",
            "  month = sep,",
            f"  url = {{{URL}}},",
            "  note = {p. 3, 001.txt, characters 812–1410},",
            "}",
        ]
    )


def test_bibtex_leaves_out_what_nobody_knows():
    entry = bibtex(BARE, URL)
    assert not re.search("author|publisher|year|month", entry)


@pytest.mark.parametrize(
    ("date", "fields"),
    [("2022", ["year = {2022}"]), ("2022-12", ["year = {2022}", "month = dec"]), (None, []), ("soon", [])],
)
def test_bibtex_says_of_a_date_what_is_known(date, fields):
    entry = bibtex(replace(FULL, date=date), URL)
    assert [line.strip(" ,") for line in entry.split("\n") if re.match(r"  (year|month)", line)] == fields


def test_bibtex_escapes_tex():
    entry = bibtex(replace(FULL, title="R&D: 50% of $30M_{x} #1 ~a^b \\end"), URL)
    braced = r"\textbraceleft{}x\textbraceright{}"
    rest = r"\#1 \textasciitilde{}a\textasciicircum{}b \textbackslash{}end"
    assert rf"title = {{{{R\&D: 50\% of \$30M\_{braced} {rest}}}}}," in entry


PIECES = r"""{ } \ }},url={x @misc{ [ ]( ) <b> &lt; ` * 1. - # $ www.example.org https://example.org a@example.org
![ ~~ | x""".split()
hostile = st.text() | st.lists(st.sampled_from([*PIECES, " ", "\n", "\x1b[31m", "\u2028", "\u202e"]), max_size=8).map(
    "".join
)


def texts_of(tokens) -> list[tuple[str, str | None]]:
    """The parts of a line of Markdown: the text, and the target if it is a link."""
    found, target = [], None
    for token in tokens:
        if token.type == "link_open":
            target = token.attrs["href"]
        elif token.type == "link_close":
            target = None
        else:
            assert token.type in ("text", "text_special"), f"{token.type} is markup"
            if found and found[-1][1] == target:
                found[-1] = (found[-1][0] + token.content, target)
            else:
                found.append((token.content, target))
    return found


@given(hostile, hostile, hostile)
def test_markdown_is_one_paragraph_with_one_link_whatever_a_document_calls_itself(title, author, source):
    cited = markdown(replace(FULL, title=f"T{title}T", author=author, source=f"{source}.md"), "http://h/a(b)]")
    opened, inline, closed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(cited)
    assert (opened.type, closed.type) == ("paragraph_open", "paragraph_close")
    links = [text for text, target in texts_of(inline.children) if target]
    assert links == [one_line(f"T{title}T")]
    assert {target for _, target in texts_of(inline.children)} - {None} == {"http://h/a%28b%29%5D"}


@given(hostile, hostile)
def test_bibtex_is_one_entry_whatever_a_document_calls_itself(title, author):
    entry = bibtex(replace(FULL, title=title, author=author), URL)
    depth = 0
    for place, char in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(char, 0)  # as BibTeX counts: a backslash does not escape
        assert depth > 0 or place in (*range(6), len(entry) - 1)
    assert depth == 0
    names = [line.partition("=")[0].strip() for line in entry.split("\n")[1:-1]]
    assert names == ["title", *(["author"] if author else []), "publisher", "year", "month", "url", "note"]


@given(hostile)
def test_every_format_is_free_of_what_steers_a_terminal(text):
    citation = replace(FULL, title=text, author=text, publisher=text, source=text)
    for each in formats(citation, URL, text):
        lines = each.text.split("\n") if each.name in ("BibTeX", "RIS", "CSL-JSON") else [each.text]
        shown = [line for line in lines if each.name != "CSL-JSON"]  # data, escaped as JSON escapes
        assert all(printable(line) == line for line in shown)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "https://", "https://e.org/a b", "/x"])
def test_what_is_no_web_address_is_never_linked(url):
    assert [each.text for each in formats(FULL, URL, url)] == [each.text for each in formats(FULL, URL)]


def test_apa():
    assert apa(FULL, URL) == f"Jo Dock. (2022, September 9). A COO is named. Becker's. {URL}"
    assert apa(replace(FULL, author=None, date="2022-09"), URL) == f"Becker's. (2022, September). A COO is named. {URL}"
    assert apa(BARE, URL) == f"A COO is named. (n.d.). {URL}"


def test_chicago():
    assert chicago(FULL, URL) == f"Jo Dock. “A COO is named.” Becker's. September 9, 2022. p. 3. {URL}."
    assert (
        chicago(replace(FULL, author=None, date="2022", page=None), URL) == f"Becker's. “A COO is named.” 2022. {URL}."
    )
    assert chicago(BARE, URL) == f"“A COO is named.” {URL}."


def test_ris():
    assert ris(FULL, URL).split("\n") == [
        "TY  - ELEC",
        "TI  - A COO is named",
        "AU  - Jo Dock",
        "PB  - Becker's",
        "PY  - 2022",
        "DA  - 2022/09/09",
        "SP  - 3",
        f"UR  - {URL}",
        "N1  - p. 3, 001.txt, characters 812–1410",
        "ER  - ",
    ]


@given(hostile, hostile)
def test_ris_is_one_record_whatever_a_document_calls_itself(title, author):
    lines = ris(replace(FULL, title=title, author=author), URL).split("\n")
    tags = [line[:6] for line in lines]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - ", tag) for tag in tags)
    assert [tag for tag in tags if tag in ("TY  - ", "ER  - ")] == ["TY  - ", "ER  - "]
    assert len(set(tags)) == len(tags)


def test_csl_json_with_everything():
    assert json.loads(csl_json(FULL, URL)) == [
        {
            "id": "001-812-1410",
            "type": "document",
            "title": "A COO is named",
            "author": [{"literal": "Jo Dock"}],
            "publisher": "Becker's",
            "issued": {"date-parts": [[2022, 9, 9]]},
            "page": "3",
            "URL": URL,
            "note": "p. 3, 001.txt, characters 812–1410",
        }
    ]


@given(st.text())
def test_csl_json_keeps_any_title(title):
    (item,) = json.loads(csl_json(replace(BARE, title=title), URL))
    assert item["title"] == title
    assert "issued" not in item


def test_the_place_of_publication_goes_before_our_own_address():
    assert all("https://published.example" in each.text for each in formats(FULL, URL, "https://published.example"))
    assert all(URL in each.text for each in formats(FULL, URL) if each.name != "Markdown")
