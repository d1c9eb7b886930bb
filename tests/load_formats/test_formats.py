from __future__ import annotations

import io
import sys
import zipfile
from contextlib import suppress

import psutil
import pytest
from counting import calls_made_by
from hypothesis import given, settings
from hypothesis import strategies as st
from waiting import PATIENCE_S

from qa.errors import UnreadableFile
from qa.reading.documents import load_document, parse_file
from qa.reading.draft import Draft, with_bold_headings
from qa.reading.formats.html import read_html
from qa.reading.layout import lay_out
from qa.reading.page_lines import Line
from qa.reading.parser_process import Parser
from qa.records import BlockKind
from qa.text.readable_types import READ_SUFFIXES

PAGE = b"""<!doctype html><html><head><title>Pier | Site</title></head><body>
<header><div class="navbar"><a href=/>Home</a></div></header><ul><li><a>One</a><li><a>Two</a><li><a>Three</a></ul>
<h1>The <em>Pier</em></h1><p>Built<br>in 1871 by <b>Mara</b>&nbsp;Quill.<!-- no --> Tail.</p>
<ol start=3><li>First<ul><li>inner</ul><li>Second</ol>
<table><tr><th>A<th>B<tr><td>1<td>2</table><pre>x = 1
  y</pre><footer>Legal line</footer></body></html>"""


def line(text: str, page: int = 1, y: float = 500, **more) -> Line:
    return Line(text, page, **({"size": 10.0, "bold": False, "left": 50.0, "right": 300.0} | more), y=y)


def test_html_is_its_main_text():
    drafts, own, left_out = read_html(PAGE)
    assert [(draft.kind.value, draft.text) for draft in drafts] == [
        ("title", "The Pier"),
        ("paragraph", "Built\nin 1871 by Mara Quill. Tail."),
        ("list_item", "3. First"),
        ("list_item", "- inner"),
        ("list_item", "4. Second"),
        ("table", "A | B\n1 | 2"),
        ("code", "x = 1\n  y"),
        ("boilerplate", "Legal line"),
    ]
    assert own == {}
    assert left_out == ()


@pytest.mark.parametrize("ending", ["?>", ">", "? >", '?><?xml version="1.0" encoding="x"?>'])
def test_a_declaration_of_xml_is_no_text_however_it_ends(ending):
    page = f'<?xml version="1.0" encoding="UTF-8"{ending}<html><body><p>The pier stands.</p></body></html>'
    assert load_document("a.xhtml", page.encode()).text == "The pier stands."


@pytest.mark.parametrize(
    "food",
    [lambda n: b"<p>" * n + b"x", lambda n: b"<" * 4 * n, lambda n: b"<!--" * n, lambda n: b'<a href="' + b"x" * 10 * n,
     lambda n: b"<div>" * 200 + b"<a>x</a>" * (n // 2), lambda n: b"&" * 4 * n,
     lambda n: b"<table>" * 150 + b"<tr><td>x" * (n // 10)],
)  # fmt: skip
def test_hostile_html_takes_no_more_work_than_its_length_warrants(food):
    def read(data: bytes) -> None:
        with suppress(UnreadableFile):
            parse_file("a.html", data)

    read(food(10))  # a fault with `once` happens once
    some, four_times = (calls_made_by(lambda size=size: read(food(size))) for size in (12_500, 50_000))
    assert four_times <= 4 * some + 100


def test_lines_become_paragraphs_and_broken_words_whole():
    page = [line("The har-", y=500), line("bour was built in", y=488), line("1871. It is quay-", y=476),
            line("side.", y=464), line("A new paragraph.", y=430)]  # fmt: skip
    assert [draft.text for draft in lay_out([page])] == [
        "The harbour was built in 1871. It is quayside.",
        "A new paragraph.",
    ]
    page.append(line("It is quay-side here.", y=418))
    assert "It is quay-side." in lay_out([page])[0].text, "the hyphen stays where the document writes it elsewhere"


def test_a_sentence_torn_by_a_page_break_is_whole_and_what_follows_keeps_its_page():
    pages = [[line("The ferry crosses the", page=1)], [line("strait daily. It carries cars.", page=2)]]
    assert [(draft.page, draft.text) for draft in lay_out(pages)] == [
        (1, "The ferry crosses the strait daily."),
        (2, "It carries cars."),
    ]


def test_running_headers_are_kept_once_and_headings_never_taken_for_them():
    pages = [
        [line("Gazette", page=n, y=800), line(f"Chapter {n}", page=n, y=700, size=16.0),
         line(f"Text {'abc'[n - 1]} here.", page=n, y=600), line("and more.", page=n, y=588),
         line(str(n), page=n, y=30)]
        for n in (1, 2, 3)
    ]  # fmt: skip
    drafts = lay_out(pages)
    assert [draft.text for draft in drafts if draft.kind is BlockKind.BOILERPLATE] == ["Gazette"]
    assert sum(draft.text.startswith("Chapter") for draft in drafts) == 3
    assert not any(draft.text.isdigit() for draft in drafts)


def zipped(**parts: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(name.replace("__", "/"), data)
    return memory.getvalue()


@pytest.mark.parametrize(
    ("source", "data", "reason"),
    [
        ("a.pdf", b"<html>", "is not a PDF: it holds HTML"),
        ("a.pdf", b"\0" * 100, "nothing but zeros"),
        ("a.docx", b"%PDF-1.4", "holds a PDF, not what .docx stands for"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is encrypted, or an old Office file"),
        ("a.docx", zipped(xl__book=b""), "it holds an Excel workbook"),
        ("a.docx", zipped(word__big=b" " * (401 << 20)), "unpacks to 420 MB"),
        ("a.txt", b"%PDF-1.4 text", "holds a PDF"),
        ("a.md", b"\x7fELF....", "holds a program"),
        ("a.txt", b"", "is empty"),
        ("a.xyz", b"x", "format not read"),
    ],
)
def test_what_is_not_what_it_says_is_told(source, data, reason):
    with pytest.raises(UnreadableFile) as caught:
        parse_file(source, data)
    assert reason in str(caught.value)


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(READ_SUFFIXES)),
    st.binary(max_size=400),
    st.sampled_from([b"", b"%PDF-1.7\n", b"PK\x03\x04"]),
)
def test_no_bytes_raise_anything_but_a_reason(suffix, data, start):
    from qa.reading.parser_worker import read

    try:
        content = read(f"a{suffix}", start + data)
    except UnreadableFile:
        return
    assert content["text"]


@given(st.lists(st.text(max_size=60), max_size=6))
def test_offsets_hold_for_any_html(texts):
    page = "".join(f"<p>{text}</p><li>{text}" for text in texts)
    try:
        document = load_document("a.html", page.encode("utf-8", "surrogatepass"))
    except UnreadableFile:
        return
    end = 0
    for block in document.blocks:
        assert document.text[end : block.start].strip() == ""
        assert document.text[block.start : block.end].strip()
        end = block.end
    assert document.text[end:] == ""


@pytest.fixture
def parser():
    with Parser(PATIENCE_S, 512) as parser:
        yield parser


def test_the_worker_reads_as_the_loader_does(parser):
    document = load_document("a.md", b"# Pier\n\nBuilt in 1871. It is old.")
    content = parser.read("a.md", b"# Pier\n\nBuilt in 1871. It is old.")
    assert (content.parsed.text, content.parsed.blocks) == (document.text, document.blocks)
    assert [passage.text for passage in content.passages] == ["Built in 1871. It is old."]


def children() -> set[psutil.Process]:
    """The child processes that this process has not waited for."""
    return set(psutil.Process().children())


def test_one_worker_reads_file_after_file(parser):
    before = children()
    workers = set()
    for number in range(5):
        parser.read("a.txt", f"Pier {number}".encode())
        workers |= children() - before
    assert len(workers) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="stand-ins are put in place by the environment")
@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("while True: pass", "took longer than 2 s to read"),
        ("import time; time.sleep(60)", "took longer than 2 s to read"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "stopped its parser (SIGSEGV)"),
        ("import os; os._exit(3)", "stopped its parser (exit status 3)"),
        ("x = b'x' * (2 << 30)", "needs more than 512 MB of memory"),
        ("f = lambda: f()\nf()", "is nested too deeply"),
        (
            "print('to standard output', flush=True); raise ValueError('odd')",
            "its parser failed on it",
        ),
        (
            "import os, tempfile; os.write(tempfile.mkstemp()[0], b'x')",
            "its parser failed on it",
        ),
    ],
)
def test_whatever_a_parser_does_the_next_file_is_read(tmp_path, monkeypatch, deed, reason):
    """A fault injected into a parser happens when it reads a certain file."""
    body = "\n        ".join(deed.split("\n"))
    (tmp_path / "sitecustomize.py").write_text(
        "import qa.reading.documents\nreal = qa.reading.documents.parse_file\n"
        f"def parse_file(source, data):\n    if source == 'evil.txt':\n        {body}\n    return real(source, data)\n"
        "qa.reading.documents.parse_file = parse_file\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Parser(2 if "2 s" in reason else PATIENCE_S, 512) as parser:
        with pytest.raises(UnreadableFile) as caught:
            parser.read("evil.txt", b"x")
        assert reason in str(caught.value)
        parser.limit_s = PATIENCE_S  # a busy machine may need more than two seconds to start a parser
        assert parser.read("good.txt", b"All is well.").parsed.text == "All is well."


def test_closing_ends_the_worker(parser):
    before = children()
    parser.read("a.txt", b"x")
    (worker,) = children() - before
    assert worker.is_running()
    parser.close()
    assert not worker.is_running()


BODY = "The tenant pays the rent on the first day of each month."


def _drafts(*texts: str) -> list[tuple[BlockKind, int]]:
    """The kinds and levels of paragraphs, of which those between asterisks are bold."""
    drafts = [Draft(BlockKind.PARAGRAPH, text.strip("*"), bold=text.startswith("*")) for text in texts]
    return [(draft.kind, draft.level) for draft in with_bold_headings(drafts)]


def test_short_paragraphs_in_bold_type_above_running_text_are_headings() -> None:
    text, title, heading = (BlockKind.PARAGRAPH, 0), (BlockKind.TITLE, 1), (BlockKind.HEADING, 2)
    assert _drafts("*Lease*", "*Rent*", BODY, "*Who pays?*", BODY) == [title, heading, text, heading, text]
    assert _drafts(BODY, "*Street*", "Quay 7", "*Town*", "Marstal") == [text] * 5  # labels of a form
    assert _drafts(BODY, "*Pay at once.*", BODY) == [text] * 3
    assert _drafts(BODY, "*One*", "*Two*", BODY, "*Last*") == [text, text, heading, text, text]
    assert _drafts(BODY, "*" + "word " * 19 + "end*", BODY) == [text] * 3
    assert _drafts("*Alone*") == [text]
