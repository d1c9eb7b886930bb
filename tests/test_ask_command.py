"""`qa ask`: its input, its output, and the links that it opens."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from waiting import PATIENCE_S
from workshop import TEXTS, Workshop

import qa.cli.open_service
from qa.cli.answer_text import markdown_lines, text_lines
from qa.cli.main import main
from qa.cli.quote_address import QuoteAddresses, base_url, quote_addresses
from qa.cli.terminal import Terminal
from qa.index.local.index_folder import current_id
from qa.records import Answer, Citation, Quote, Span, Verdict
from qa.settings import Settings

ROOT = Path(__file__).parent.parent
BOLD_ON, BOLD_OFF = "\x1b[1m", "\x1b[22m"


@pytest.fixture
def shop(tmp_path, monkeypatch):
    shop = Workshop(tmp_path, TEXTS | {"old.md": "---\npublisher: Port\ndate: 2019-05-01\n---\n# Old\n\nOld pier.\n"})
    shop.build()
    for name, value in (("SEEDS_DIR", shop.seeds), ("INDEX_DIR", shop.index), ("PORT", "0")):
        monkeypatch.setenv(f"QA_{name}", str(value))
    for name in ("NO_COLOR", "FORCE_COLOR", "FORCE_HYPERLINK", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(qa.cli.open_service, "open_question_encoder", lambda _: shop.encoder)
    return shop


def asked(capsys, *arguments: str) -> tuple[int, str, str]:
    status = main(["ask", *arguments])
    said = capsys.readouterr()
    return status, said.out, said.err


def with_input(monkeypatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="utf-8"))


CITATION = Citation(
    "harbour",
    "The *Harbour*",
    "Elden Press",
    None,
    "2022-09-09",
    "harbour.txt",
    None,
    0,
    40,
    "/documents/harbour#c0-40",
)
TEXT = "The oldest pier was built by Mara Quill.\nIt [still] stands."
HIGHLIGHT = Span(4, 15)
QUOTE = Quote(1, 1.0, TEXT, ("Piers",), (HIGHLIGHT,), CITATION)


def answer(verdict: Verdict = Verdict.ANSWERED, searched: str = "oldest pier", *quotes: Quote) -> Answer:
    return Answer("oldest pier", searched, verdict, 0.9, quotes or (QUOTE,), "snap", 1.0, sure=True)


HERE = QuoteAddresses("http://127.0.0.1:8000", Path("nowhere"))
NOWHERE = QuoteAddresses(None, Path("nowhere"))


# Text


def test_an_answer_is_restated_judged_quoted_and_cited():
    lines = list(text_lines(answer(searched="oldest harbour pier"), Terminal(), HERE))
    assert lines == [
        "Searched for: oldest harbour pier (--exactly searches for what was typed)",
        "The documents answer this.",
        "",
        "1. The *Harbour*, Elden Press, 2022-09-09 > Piers",
        "   [harbour.txt:0-40]",
        "   http://127.0.0.1:8000/documents/harbour#c0-40",
        "   | The oldest pier was built by Mara Quill.",
        "   |     ^^^^^^^^^^^",
        "   | It [still] stands.",
        "",
    ]


def test_a_terminal_with_bold_and_links_shows_neither_carets_nor_addresses():
    lines = list(text_lines(answer(), Terminal(bold=True, links=True), HERE))
    assert lines[0] == "The documents answer this."
    assert f"   | The {BOLD_ON}oldest pier{BOLD_OFF} was built by Mara Quill." in lines
    assert not [line for line in lines if "^" in line]
    (place,) = [line for line in lines if "[harbour.txt:0-40]" in line]
    assert place == "   \x1b]8;;http://127.0.0.1:8000/documents/harbour#c0-40\x1b\\[harbour.txt:0-40]\x1b]8;;\x1b\\"
    assert [line for line in text_lines(answer(), Terminal(), NOWHERE) if "http" in line] == []


@pytest.mark.parametrize(("verdict", "shown"), [(Verdict.RELATED, 1), (Verdict.NONE, 0), (Verdict.UNCALIBRATED, 2)])
def test_a_verdict_decides_how_much_is_quoted(verdict, shown):
    lines = list(text_lines(answer(verdict, "oldest pier", QUOTE, QUOTE), Terminal(), HERE))
    assert sum(line.startswith("1. ") for line in lines) == shown


# Markdown


def test_markdown_shows_the_quote_word_for_word_with_its_answer_bold():
    tokens = MarkdownIt().parse("\n".join(markdown_lines(answer(), HERE)))
    kinds = [token.type for token in tokens]
    quoted = tokens[kinds.index("blockquote_open") : kinds.index("blockquote_close")]
    (inline,) = [token for token in quoted if token.type == "inline"]
    shown = "".join("\n" if each.type == "hardbreak" else each.content for each in inline.children)
    assert shown == TEXT
    strong = [place for place, each in enumerate(inline.children) if each.type == "strong_open"]
    assert [inline.children[place + 1].content for place in strong] == [TEXT[HIGHLIGHT.start : HIGHLIGHT.end]]
    (cited,) = [token for token in tokens[kinds.index("blockquote_close") :] if token.type == "inline"]
    links = [each.attrs["href"] for each in cited.children if each.type == "link_open"]
    assert links == ["http://127.0.0.1:8000/documents/harbour#c0-40"]
    assert "The *Harbour*" in "".join(each.content for each in cited.children)


def test_markdown_is_printed_on_request(shop, capsys):
    status, out, _ = asked(capsys, "--markdown", "-k", "1", "who built the oldest pier")
    assert status == 0
    assert out.startswith("## who built the oldest pier\n")
    assert "\n> The harbour of Elden" in out


# Targets of links


class Service(BaseHTTPRequestHandler):
    """Reports its snapshot."""

    snapshot = ""
    asked = 0

    def do_GET(self) -> None:
        Service.asked += 1
        found = self.path == "/api/index"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(json.dumps({"snapshot": self.snapshot}).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port():
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_quote_opens_on_a_service_that_has_the_same_snapshot_and_else_in_its_file(shop, port, monkeypatch):
    settings = Settings(seeds_dir=shop.seeds, port=port)
    in_file = (shop.seeds / "harbour.txt").as_uri()
    monkeypatch.setattr(Service, "snapshot", "snap")
    assert quote_addresses(settings, "snap").of(CITATION) == f"http://127.0.0.1:{port}/documents/harbour#c0-40"
    assert quote_addresses(settings, "other").of(CITATION) == in_file
    (shop.seeds / "harbour.txt").unlink()
    assert quote_addresses(settings, "other").of(CITATION) is None


@pytest.mark.parametrize(
    ("host", "address"),
    [("127.0.0.1", "http://127.0.0.1:80"), ("0.0.0.0", "http://127.0.0.1:80"), ("::1", "http://[::1]:80"),
     ("::", "http://[::1]:80"), ("qa.example", "http://qa.example:80")],
)  # fmt: skip
def test_the_address_of_a_service_is_one_that_a_browser_can_open(host, address):
    assert base_url(host, 80) == address


def test_a_file_of_pages_opens_at_the_page(tmp_path):
    (tmp_path / "a b.pdf").write_bytes(b"%PDF")
    cited = Citation("a", "A", None, None, None, "a b.pdf", 7, 0, 4, "/documents/a#c0-4")
    address = QuoteAddresses(None, tmp_path).of(cited)
    assert address.startswith("file:///")
    assert address.endswith("/a%20b.pdf#page=7")


def test_a_quote_is_opened_in_the_browser(shop, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    status, out, _ = asked(capsys, "--open", "2", "-k", "2", "who built the oldest pier")
    source = out[out.index("\n2. ") :].partition("[")[2].partition(":")[0]
    assert (status, opened) == (0, [(shop.seeds / source).as_uri()])


def test_the_service_is_asked_once_for_the_addresses_that_are_printed_and_opened(shop, port, capsys, monkeypatch):
    monkeypatch.setenv("QA_PORT", str(port))
    monkeypatch.setattr(Service, "asked", 0)
    monkeypatch.setattr(Service, "snapshot", current_id(shop.index))
    monkeypatch.setattr("webbrowser.open", lambda _: True)
    assert asked(capsys, "--open", "1", "who built the oldest pier")[0] == 0
    assert Service.asked == 1
    assert asked(capsys, "--json", "who built the oldest pier")[0] == 0
    assert Service.asked == 1, "JSON has no addresses"


def test_what_cannot_be_opened_is_told_in_one_line_after_the_answer(shop, capsys, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    status, out, err = asked(capsys, "--open", "1", "who built the oldest pier")
    assert (status, err.count("\n")) == (1, 1)
    assert "The harbour of Elden" in out
    assert err.startswith("qa: cannot_open: No browser could be started; open file:///")
    assert asked(capsys, "--open", "9", "-k", "2", "oldest pier")[2] == (
        "qa: invalid_request: There is no quote 9 to open; the answer has 2.\n"
    )
    for path in shop.seeds.iterdir():
        path.unlink()
    assert "start `qa serve`" in asked(capsys, "--open", "1", "oldest pier")[2]


def test_an_explanation_is_json_also_without_the_option(shop, capsys):
    status, out, _ = asked(capsys, "--explain", "who built the oldest pier")
    assert status == 0
    assert json.loads(out)["passages"][0]["signals"]


# Input


def test_a_question_is_read_from_standard_input(shop, capsys, monkeypatch):
    with_input(monkeypatch, b"\n  who built\n the oldest pier \n")
    status, out, err = asked(capsys, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["question"] == "who built the oldest pier"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "invalid_question"), (b"caf\xe9 pier", "invalid_question"), (b"x" * 50_000, "question_too_long")],
)
def test_what_cannot_be_asked_is_told_in_one_line(shop, capsys, monkeypatch, data, code):
    with_input(monkeypatch, data)
    status, out, err = asked(capsys)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"qa: {code}: ")


@pytest.mark.parametrize(
    ("arguments", "sources"),
    [
        (["--from", "2019-01-01", "--to", "2019-12-31"], {"old.md"}),
        (["--date-from", "2019-01-01", "--date-to", "2019-12-31"], {"old.md"}),
        (["--publisher", "port"], {"old.md"}),
        (["--document", "mill", "--document", "ferry.md"], {"mill.txt", "ferry.md"}),
        (["--k", "1", "--document", "mill"], {"mill.txt"}),
    ],
)
def test_filters_choose_the_documents(shop, capsys, arguments, sources):
    _, out, _ = asked(capsys, "--json", *arguments, "pier and mill and ferry")
    assert {quote["citation"]["source"] for quote in json.loads(out)["passages"]} == sources


# Errors and interruption


def in_a_process(*arguments: str) -> tuple[int, str, str]:
    """`qa ask` with a separate log, which a test's process does not have."""
    code = (
        "import sys, qa.cli.open_service\n"
        "from fakes import FakeEncoder\n"
        "from qa.cli.main import main\n"
        "qa.cli.open_service.open_question_encoder = lambda _: FakeEncoder()\n"
        "sys.exit(main(['ask', *sys.argv[1:]]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_missing_index_is_told_once(shop, monkeypatch, tmp_path):
    monkeypatch.setenv("QA_INDEX_DIR", str(tmp_path / "none"))
    status, out, err = in_a_process("oldest pier")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("qa: no_index: ")


def test_that_an_older_snapshot_answers_is_told_once(shop):
    older = current_id(shop.index)
    shop.put("new.txt", "New words.")
    shop.build()
    (shop.new_folder() / "tokens.u8").write_bytes(b"")
    status, out, err = in_a_process("who built the oldest pier")
    assert status == 0
    assert "The harbour of Elden" in out
    assert err.count("\n") == 1
    assert f"Snapshot {older} serves instead." in err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_while_a_question_is_waited_for_is_one_calm_line(shop):
    code = (
        "import runpy, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.argv = ['qa', 'ask']\n"
        "real = sys.stdin\n"
        "class Input:\n"
        "    def isatty(self): return False\n"
        "    def read(self, _):\n"
        "        print('waiting', flush=True)\n"
        "        return real.read()\n"
        "sys.stdin = Input()\n"
        "runpy.run_module('qa', run_name='__main__')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
        assert (process.returncode, process.stderr.read()) == (130, "qa: interrupted\n")
