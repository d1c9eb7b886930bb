from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.records import Citation
from qa.web.cite import bibtex, csl_json, formats, markdown, plain

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
    assert (
        r"title = {{R\&D: 50\% of \$30M\_\{x\} \#1 \textasciitilde{}a\textasciicircum{}b \textbackslash{}end}},"
        in entry
    )


@given(st.text())
def test_bibtex_braces_balance_whatever_the_title(title):
    entry = bibtex(replace(FULL, title=title), URL)
    unescaped = re.sub(r"\\[{}]", "", entry)
    assert unescaped.count("{") == unescaped.count("}")


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
