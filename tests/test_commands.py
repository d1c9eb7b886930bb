"""The list of documents, a document's text, version, help, completion, and the address of `qa serve`."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from waiting import PATIENCE_S, until
from workshop import TEXTS, Workshop

from qa.cli.arguments import command_parser
from qa.cli.main import main
from qa.text.document_ids import document_id

ROOT = Path(__file__).parent.parent
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def shop(tmp_path, monkeypatch):
    shop = Workshop(
        tmp_path, TEXTS | {"Yearly Report.md": "---\npublisher: Port\ndate: 2019-05-01\n---\n# Year\n\nOld.\n"}
    )
    shop.build()
    monkeypatch.setenv("QA_SEEDS_DIR", str(shop.seeds))
    monkeypatch.setenv("QA_INDEX_DIR", str(shop.index))
    return shop


def printed(capsys, *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


# Documents


def test_documents_are_listed_searched_and_sorted(shop, capsys):
    listed = printed(capsys, "documents").splitlines()
    assert [line.split()[0] for line in listed] == [
        document_id("Yearly Report.md"),
        "ferry.md",
        "harbour",
        "mill",
    ]
    assert "2019-05-01" in listed[0]
    assert listed[0].endswith("Year, Port")
    assert printed(capsys, "documents", "--query", "port YEAR").count("\n") == 1
    told = json.loads(printed(capsys, "documents", "--sort=-size", "--json"))
    sizes = [each["characters"] for each in told["documents"]]
    assert sizes == sorted(sizes, reverse=True)
    assert (told["matching"], told["cursor"]) == (4, None)


def test_words_alone_search_the_documents_and_finding_none_is_told(shop, capsys):
    assert printed(capsys, "documents", "port", "YEAR").count("\n") == 1
    assert main(["documents", "zebra"]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "No document has these words.\n")


def test_a_document_that_is_not_found_by_its_id_is_found_by_its_words(shop, capsys):
    assert main(["show", "year"]) == 1
    assert document_id("Yearly Report.md") in capsys.readouterr().err
    assert main(["show", "zebra"]) == 1
    assert "`qa documents` lists all" in capsys.readouterr().err


# Wrong usage


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("aks who", "there is no command 'aks'; did you mean `qa ask`?"),
        ("document", "there is no command 'document'; did you mean `qa documents`?"),
        ("zebra", "there is no command 'zebra'; `qa --help` lists them"),
        ("who owns the hospitals", "there is no command 'who'; to ask a question, write `qa ask` before it"),
        ("--versoin", "unrecognized arguments: --versoin; did you mean --version?"),
        ("ask --publishers=Port who", "unrecognized arguments: --publishers=Port; did you mean --publisher?"),
        ("serve --zebra", "unrecognized arguments: --zebra"),
        ("eval kp --jsn questions.jsonl", "unrecognized arguments: --jsn; did you mean --json?"),
        ("eval", "the following arguments are required: {kp,beir,forms,fit}"),
        ("cluster", "the following arguments are required: {head,join,up,status,down}"),
    ],
)
def test_wrong_usage_names_what_was_perhaps_meant(capsys, arguments, told):
    with pytest.raises(SystemExit, match="2"):
        main(arguments.split())
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("usage: qa ")
    assert said.err.endswith(f"error: {told}\n")


def test_without_a_command_the_help_is_printed(capsys):
    with pytest.raises(SystemExit, match="2"):
        main([])
    said = capsys.readouterr()
    assert said.out == ""
    assert "examples:\n  qa build" in said.err


def test_a_document_is_shown_by_its_id_or_its_path(shop, capsys):
    text = TEXTS["harbour.txt"]
    assert printed(capsys, "show", "harbour") == f"{text}\n"
    assert printed(capsys, "show", "harbour.txt") == f"{text}\n"
    assert "Old." in printed(capsys, "show", "Yearly Report.md")
    whole = json.loads(printed(capsys, "show", "harbour", "--json"))
    assert (whole["id"], whole["text"]) == ("harbour", text)


@pytest.mark.parametrize("name", ["harbour", "harbour.txt"])
def test_a_part_is_what_stands_at_its_offsets(shop, capsys, name):
    text = TEXTS["harbour.txt"]
    start = text.index("The oldest pier")
    assert printed(capsys, "show", f"{name}:{start}-{len(text)}") == text[start:] + "\n"
    told = json.loads(printed(capsys, "show", f"{name}:{start}-{len(text)}", "--json"))
    assert (told["text"], told["citation"]["start"], told["citation"]["end"]) == (text[start:], start, len(text))
    assert told["citation"]["url"].endswith(f"#c{start}-{len(text)}")


@pytest.mark.parametrize(
    ("name", "code"),
    [("nope", "unknown_document"), ("nope:1-2", "unknown_document"), ("harbour:5-5", "invalid_request"),
     ("harbour:0-999999", "invalid_request"), ("harbour:9-4", "invalid_request"), ("", "invalid_request"),
     ("harbour:1", "unknown_document"), ("harbour:a-b", "unknown_document")],
)  # fmt: skip
def test_what_cannot_be_shown_is_told_in_one_line(shop, capsys, name, code):
    assert main(["show", name]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"qa: {code}: ")
    assert said.err.count("\n") == 1


# Version and help


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"qa {version('qa')}\n"


def subcommands() -> list[str]:
    return re.findall(r"^    ([a-z]+)\b", command_parser().format_help(), re.MULTILINE)


@pytest.mark.parametrize("name", subcommands())
def test_help_ends_with_examples_that_can_be_parsed(name, capsys):
    with pytest.raises(SystemExit, match="0"):
        command_parser().parse_args([name, "--help"])
    told = capsys.readouterr().out
    examples = [line.strip() for line in told.partition("examples:\n")[2].splitlines()]
    assert examples
    for example in examples:
        words = words_of(example)
        assert command_parser().parse_args(words).command == name


def words_of(example: str) -> list[str]:
    """The arguments that `qa` gets from a shell line."""
    command = example.partition(" > ")[0].rpartition(" | ")[2]
    words = shlex.split(command)
    return words[words.index("qa") + 1 :]


# Completion


@pytest.fixture(scope="module")
def bash_completion(tmp_path_factory) -> Iterator[Path]:
    if not shutil.which("bash"):
        pytest.skip("bash is not installed")
    path = tmp_path_factory.mktemp("completion") / "qa.bash"
    done = subprocess.run(
        [sys.executable, "-m", "qa", "completion", "bash"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    path.write_text(done.stdout)
    return path


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["qa", "rol"], {"rollback"}),
        (["qa", "ask", "--mark"], {"--markdown"}),
        (["qa", "completion", ""], set(SHELLS)),
        (["qa", "documents", "--sort", ""], {"source", "title", "date", "-date", "size", "-size"}),
        (["qa", "eval", "k"], {"kp"}),
    ],
)
def test_bash_completes_commands_options_and_choices(bash_completion, words, found):
    script = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shtab_qa; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(bash_completion), *words], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_knows_every_command(capsys, shell):
    script = printed(capsys, "completion", shell)
    assert [name for name in subcommands() if name not in script] == []
    assert "beside-server" not in script, "an option for the program itself"
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


# The server's address

SERVE = """
import sys, qa.cli.open_service
from fakes import FakeEncoder
from qa.cli.main import main
qa.cli.open_service.open_question_encoder = lambda _: FakeEncoder()
sys.exit(main(["serve", *sys.argv[1:]]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the browser of the test is a shell script")
def test_serve_takes_host_and_port_and_opens_the_page(shop, tmp_path):
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
        "QA_HOST": "192.0.2.1",  # reserved for documentation: no machine can serve on it
        "QA_PORT": "1",
        "BROWSER": str(browser),
    }
    command = [sys.executable, "-c", SERVE, "--host", "127.0.0.1", "--port", "0", "--open"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().removeprefix("Serving on ").strip()
            until(opened.exists)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)
    assert address.startswith("http://127.0.0.1:")
    assert opened.read_text() == f"{address}/"


@pytest.mark.parametrize("value", ["70000", "-1", "http"])
def test_a_port_that_cannot_be_used_is_told_in_one_line(shop, capsys, monkeypatch, value):
    monkeypatch.setenv("QA_HOST", "127.0.0.1")
    monkeypatch.setenv("QA_PORT", "0")
    assert main(["serve", f"--port={value}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("qa: invalid_settings: ")
    assert value in said
    assert said.count("\n") == 1
