"""Output and logs of real commands: foreign names and titles, on outputs of all encodings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from contextlib import redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import PATIENCE_S
from workshop import Workshop

from qa.cli.output import say, say_json
from qa.text.safe_text import one_line, printable, web_address

ROOT = Path(__file__).parent.parent
TITLE_SETTER = "\x1b]0;PWNED\x07x.txt"
FORGED = "a\nSnapshot deadbeef now serves: fake.txt"
CHINESE = "年報.txt"
TURNED = "\u202egpj.txt"
UNREADABLE = "\x9b31m\u2028empty.txt"  # C1, and a line separator
RUN = """
import sys
import qa.building.build, qa.cli.main, qa.building.doctor, qa.cli.open_service
from fakes import FakeEncoder
qa.building.build.open_encoder = qa.cli.open_service.open_question_encoder = lambda _: FakeEncoder()
for module in (qa.building.build, qa.building.doctor):
    module.model_fingerprint = lambda _: FakeEncoder().fingerprint
sys.exit(qa.cli.main.main(sys.argv[1:]))
"""
LOG = r"""
import logging
from qa.cli.output import start_log
start_log()
log = logging.getLogger("qa")
log.error("%s; what serves is untouched", "no a\nINFO Serving snapshot deadbeef\x1b[31m\u5e74")
try:
    raise ValueError("x\nINFO Serving snapshot deadbeef")
except ValueError:
    log.exception("failed")
"""
ENCODINGS = ["utf-8", "latin-1", "ascii"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its file names hold no such characters")


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workshop:
    names = (TITLE_SETTER, FORGED, CHINESE, TURNED)
    shop = Workshop(tmp_path_factory.mktemp("hostile"), dict.fromkeys(names, "The harbour has three piers."))
    shop.put(UNREADABLE, b"")
    shop.put(
        "sources.toml",
        f'[{json.dumps(CHINESE)}]\ntitle = "Title\\u001b[31m \\u202eturned"\nauthor = "A\\nSnapshot deadbeef serves"\n'
        '["gone\\nok    forged: x.txt"]\ntitle = "Gone"\n',
    )
    return shop


def run(shop: Workshop, encoding: str, *arguments: str, code: str = RUN) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command whose output has an encoding."""
    environment = {
        **os.environ,
        "PYTHONIOENCODING": encoding,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "QA_SEEDS_DIR": str(shop.seeds),
        "QA_INDEX_DIR": str(shop.index),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, env=environment, timeout=PATIENCE_S, check=False
    )
    return done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding)


def steering(text: str) -> list[str]:
    """The characters of a text that control a terminal or the direction of writing, without line ends."""
    return [char for char in text if char != "\n" and unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp", "Cf")]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_name_or_title_steers_a_terminal_or_forges_a_line_in_any_encoding(shop, encoding):
    for arguments, status in (
        (("build", "--fresh"), 3),
        (("status",), 0),
        (("doctor",), 0),
        (("ask", "harbour piers"), None),
        (("rollback", "--list"), 0),
    ):
        code, out, err = run(shop, encoding, *arguments)
        assert status in (code, None), (arguments, err)
        assert "Traceback" not in err
        assert steering(out + err) == [], arguments
        lines = (out + err).splitlines()
        assert not [line for line in lines if re.match(r"Snapshot deadbeef|ok    forged", line)], arguments
        if arguments[0] in ("build", "status"):
            assert r"\x1b]0;PWNED\x07x.txt" in out
            assert (CHINESE if encoding == "utf-8" else r"\u5e74\u5831.txt") in out


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_whole_in_any_encoding(shop, encoding):
    shop.build()
    code, out, err = run(shop, encoding, "status", "--json")
    assert (code, err) == (0, "")
    assert steering(out) == []
    sources = [document["source"] for document in json.loads(out)["documents"]]
    assert sources == sorted([TITLE_SETTER, FORGED, CHINESE, TURNED])
    code, out, _ = run(shop, encoding, "ask", "--json", "harbour piers")
    assert json.loads(out)["passages"]
    _, out, _ = run(shop, encoding, "doctor", "--json")
    assert any("gone\nok" in finding["detail"] for finding in json.loads(out))


@pytest.mark.parametrize("arguments", [("ask", "a", "--document", "\x1b]0;x\x07\nqa: ok"), ("\x1b[31m\nqa: ok",),
                                       ("rollback", "\x1b[31m\nqa: ok")])  # fmt: skip
def test_errors_and_wrong_usage_are_shown_safely(shop, arguments):
    shop.build()
    code, out, err = run(shop, "ascii", *arguments)
    assert code in (1, 2)
    assert steering(out + err) == []
    assert "qa: ok" not in err.splitlines()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_record_of_the_log_is_one_line_and_a_traceback_is_set_in(shop, encoding):
    _, _, err = run(shop, encoding, code=LOG)
    shown = "年" if encoding == "utf-8" else r"\u5e74"
    first, second, *traceback = err.splitlines()
    assert first == rf"ERROR no a\nINFO Serving snapshot deadbeef\x1b[31m{shown}; what serves is untouched"
    assert second == "ERROR failed"
    assert traceback[-1] == "  INFO Serving snapshot deadbeef"
    assert all(line.startswith("  ") for line in traceback)


def test_a_warning_of_any_command_is_one_safe_line(tmp_path):
    shop = Workshop(tmp_path / "a\x1b[31m\nqa: ok")
    shop.put("sources.toml/x.txt", "Words.")
    for arguments in (("build",), ("doctor",)):
        _, out, err = run(shop, "ascii", *arguments)
        assert re.fullmatch(
            r"WARNING .*a\\x1b\[31m\\nqa: ok/seeds/sources\.toml is a folder, not a sidecar.*", err.strip()
        )
        assert steering(out + err) == []


@given(st.lists(st.text(), min_size=1, max_size=3))
def test_nothing_that_is_said_holds_a_control_character(lines):
    out = StringIO()
    say(*lines, to=out)
    assert steering(out.getvalue()) == [char for char in "".join(lines) if char in "\u200c\u200d"]
    assert out.getvalue().count("\n") == len(lines)


@given(data=st.recursive(st.text() | st.none() | st.integers(), lambda each: st.dictionaries(st.text(), each)))
def test_json_says_the_same_data_without_a_control_character(data):
    for encoding in ENCODINGS:
        written = BytesIO()
        out = TextIOWrapper(written, encoding=encoding, newline="\n")
        with redirect_stdout(out):
            say_json(data)
        text = written.getvalue().decode(encoding)
        assert json.loads(text) == data
        assert not [char for char in steering(text) if char not in "\u200c\u200d"]


@given(st.text())
def test_a_title_is_one_line_of_words_for_good(text):
    line = one_line(text)
    assert line == " ".join(line.split()) == one_line(line)
    assert printable(line) == line


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        ("http://localhost:8000/", "http://localhost:8000/"),
        ("HTTPS://example.org/Ü", "HTTPS://example.org/Ü"),
        *((text, None) for text in (
            "", "javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "ftp://example.org/", "//e.org/",
            "/report", "report.html", "https://", "https:///report", "http://:80/", "https://exa mple.org/",
            "https://example.org/a\nb", "java\nscript:alert(1)", "https://example.org/\x1b[31m", "https://[::1/",
            "https://example.org:port/", "https://good.example\\@evil.example/", "https://example.org/\u202egpj",
            "https://example.org/\u2028", "vbscript:x", "file:///etc/passwd", "http:example.org", "https:/example.org",
        )),
    ],
)  # fmt: skip
def test_only_addresses_that_a_link_may_lead_to_are_kept(text, address):
    assert web_address(text) == address
