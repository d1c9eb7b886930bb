from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from waiting import PATIENCE_S
from workshop import Workshop

import qa.building.build
import qa.building.doctor
from qa.answering.question_log import Kept, QuestionLog
from qa.cli.interrupts import Stop
from qa.cli.main import main
from qa.index.local.index_folder import current_id, version_names
from qa.records import Answer, Filters, Verdict

ROOT = Path(__file__).parent.parent


@pytest.fixture
def shop(tmp_path, monkeypatch):
    shop = Workshop(tmp_path)
    monkeypatch.setenv("QA_SEEDS_DIR", str(shop.seeds))
    monkeypatch.setenv("QA_INDEX_DIR", str(shop.index))
    monkeypatch.setattr(qa.building.build, "open_encoder", lambda _: shop.encoder)
    for module in (qa.building.build, qa.building.doctor):
        monkeypatch.setattr(module, "model_fingerprint", lambda _: shop.encoder.fingerprint)
    return shop


def test_build_says_what_became_of_every_file(shop, capsys):
    assert main(["build"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["added     ferry.md", "added     harbour.txt", "added     mill.txt"]
    assert lines[3].startswith(f"Snapshot {current_id(shop.index)} now serves: 3 documents, 3 passages (3 encoded,")
    assert main(["build", "--quiet"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert " is as wanted: 3 documents" in line
    assert main(["build", "--quiet", "--fresh"]) == 0
    assert "(3 encoded, 0 reused)" in capsys.readouterr().out


def test_exit_status_tells_a_file_that_failed_but_not_one_skipped(shop, capsys):
    shop.put("table.xls", "a,b")
    assert main(["build"]) == 0
    shop.put("empty.txt", b"")
    assert main(["build", "--quiet"]) == 3
    out = capsys.readouterr().out
    assert "failed    empty.txt: is empty" in out
    assert "skipped   table.xls: .xls is not read; save it as .xlsx" in out
    assert main(["build"]) == 3, "still so when nothing changed"


def test_rollback_lists_goes_back_and_is_told_by_the_next_build(shop, capsys):
    main(["build"])
    first = current_id(shop.index)
    shop.put("new.txt", "New words.")
    main(["build"])
    second = current_id(shop.index)
    capsys.readouterr()
    assert main(["rollback"]) == 0
    assert f"Snapshot {first} now serves." in capsys.readouterr().out
    assert main(["rollback", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == [first, second], "the newest version first"
    assert [line.split("  ")[-1] for line in listed] == ["current", "rolled back"]
    assert main(["build", "--quiet"]) == 0
    assert f"these documents give {second}, which was rolled back" in capsys.readouterr().out
    assert main(["rollback", second]) == 0
    assert main(["rollback", "0" * 16]) == 1
    assert "qa: unknown_snapshot: " in capsys.readouterr().err


def test_doctor_tells_by_its_exit_status(shop, capsys):
    assert main(["doctor"]) == 1
    main(["build"])
    capsys.readouterr()
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.startswith("ok    model: ")
    (shop.new_folder() / "tokens.u8").write_bytes(b"")
    assert main(["doctor", "--json"]) == 1
    wrong = [each for each in json.loads(capsys.readouterr().out) if each["health"] == "wrong"]
    assert "tokens.u8 has 0 bytes" in wrong[0]["detail"]
    assert wrong[0]["remedy"]


def test_every_byte_is_compared_and_mended_when_asked(shop, capsys):
    main(["build"])
    assert main(["build", "--verify", "--quiet"]) == 0
    path = shop.new_folder() / "tokens.u8"
    path.write_bytes(path.read_bytes()[:-1])
    capsys.readouterr()
    assert main(["build", "--verify"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("qa: damaged_snapshot: Segment ")
    assert "Run `qa build --repair`. It holds ferry.md, harbour.txt, mill.txt." in line
    assert main(["build", "--repair", "--quiet"]) == 0
    assert "now serves: 3 documents" in capsys.readouterr().out
    assert main(["build", "--verify", "--quiet"]) == 0


def test_a_build_merges_when_the_new_version_serves(shop, capsys):
    for number in range(4):
        shop.put(f"note{number}.txt", f"Note {number}\n\nA note on pier {number}.")
        assert main(["build", "--quiet"]) == 0
    assert len(shop.segments()) == 1
    capsys.readouterr()
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert ", whole; 7 passages in 1 segment\n" in out
    assert "     1 passage   undated     note0.txt" in out


@pytest.mark.parametrize("command", ["build", "rollback"])
def test_a_disk_that_cannot_be_written_is_told_in_one_line(shop, capsys, command):
    main(["build"])
    (shop.index / "build.lock").unlink()
    (shop.index / "build.lock").mkdir()  # as on a read-only disk, the lock cannot be opened for writing
    capsys.readouterr()
    assert main([command]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"qa: build_failed: The index in {shop.index} cannot be written (Is a directory); check")


def test_errors_are_one_line(shop, capsys, monkeypatch):
    assert main(["status"]) == 1
    assert main(["rollback", "--list"]) == 1
    monkeypatch.setenv("QA_TYPO", "1")
    assert main(["build"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines] == ["no_index", "no_index", "invalid_settings"]


def test_an_index_folder_that_cannot_be_written_is_told_with_what_to_do(shop, capsys, monkeypatch, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    monkeypatch.setenv("QA_INDEX_DIR", str(taken))
    assert main(["build"]) == 1
    told = f"The index in {taken} cannot be written (File exists); check the disk, or set QA_INDEX_DIR."
    assert capsys.readouterr().err == f"qa: build_failed: {told}\n"


def test_a_build_without_any_document_says_what_to_do(shop, capsys):
    for path in shop.seeds.iterdir():
        path.unlink()
    assert main(["build"]) == 0
    assert capsys.readouterr().err == f"qa: No document could be read from {shop.seeds}; put some in and build again.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_ctrl_c_leaves_everything_as_it_was_and_the_work_is_kept(tmp_path):
    shop = Workshop(tmp_path)
    before = shop.build().snapshot
    for number in range(60):
        shop.put(f"new{number:02}.txt", f"New {number}\n\nNew words number {number}.")
    # The encoder waits forever at the 41st new text. If the shell ignores Ctrl-C, a child would inherit that.
    code = (
        "import signal, sys, threading; import qa.building.build\n"
        "from fakes import FakeEncoder; from qa.cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "encoder = FakeEncoder(); qa.building.build.open_encoder = lambda _: encoder\n"
        "qa.building.build.model_fingerprint = lambda _: encoder.fingerprint\n"
        "def seen(text):\n"
        "    if 'number 40.' in text:\n"
        "        print('waiting', flush=True)\n"
        "        threading.Event().wait()\n"
        "encoder.seen = seen\n"
        "sys.exit(main(['build', '--quiet']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
            "QA_SEEDS_DIR": str(shop.seeds),
            "QA_INDEX_DIR": str(shop.index),
        },
    )
    try:
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said == "qa: interrupted; the index that serves is untouched\n"
    assert current_id(shop.index) == before
    assert [name.partition("-")[2] for name in version_names(shop.index)] == [before]
    assert [path.name for path in (shop.index / "segments").iterdir()] == [path.name for path in shop.segments()]
    assert not (shop.index / "progress.json").exists()
    report = shop.build()
    assert (report.reused, report.encoded) == (3 + 40, 20), "what was encoded before Ctrl-C is not encoded again"


def test_ctrl_c_is_not_lost_with_its_exception(monkeypatch):
    class Destroyed:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work(stop: Stop) -> None:
        with stop.set_by_ctrl_c():
            assert not stop.is_set()
            Destroyed()
            assert stop.is_set()
            assert stop.wait(0)

    ignored: list = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            work(Stop())
    finally:
        signal.signal(signal.SIGINT, before)
    assert [each.exc_type for each in ignored] == [KeyboardInterrupt]


@pytest.mark.parametrize("error", [
    MemoryError(), RuntimeError("can't start new thread"),
    ImportError("libopenblas.so: failed to map segment from shared object"),
])  # fmt: skip
def test_a_lack_of_memory_is_one_line(monkeypatch, capsys, error):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("qa.cli.index_contents.run_status", fail)
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("qa: no_memory: There is too little memory: this process may take no more (")
    assert "()" not in said
    assert said.count("\n") == 1


def test_other_faults_are_not_taken_for_a_lack_of_memory(monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr("qa.cli.index_contents.run_status", fail)
    with pytest.raises(RuntimeError, match="something else"):
        main(["status"])


@pytest.mark.parametrize(
    ("command", "missing", "remedy"),
    [
        (["build"], "torch", "requirements.lock"),
        (["watch"], "lxml", "requirements.lock"),
        (["doctor"], "pypdfium2", "requirements.lock"),
        (["serve", "--watch"], "sentence-transformers", "requirements.lock"),
        (["eval", "kp", "none.jsonl"], "ir-measures", "'.[eval]'"),
        (["eval", "fit", "none.jsonl", "--out", "none.json"], "scikit-learn", "'.[eval]'"),
        (["eval", "beir", "none"], "scikit-learn", "'.[eval]'"),
        (["mcp"], "mcp", "'.[mcp]'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_a_command_whose_packages_are_left_out_names_them(shop, capsys, monkeypatch, command, missing, remedy):
    def version_without(name: str) -> str:
        if name == missing:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("qa.cli.packages.version", version_without)
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith("qa: package_missing: ")
    assert f"not installed: {missing}." in said
    assert remedy in said
    assert said.count("\n") == 1
    assert not shop.index.exists()


@pytest.mark.parametrize(
    ("setting", "value", "missing"), [("QA_MCP", "1", "mcp"), ("QA_METRICS", "127.0.0.1:0", "prometheus-client")]
)
def test_a_server_whose_extra_is_left_out_names_it(shop, capsys, monkeypatch, setting, value, missing):
    def version_without(name: str) -> str:
        if name == missing:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setenv(setting, value)
    monkeypatch.setattr("qa.cli.packages.version", version_without)
    assert main(["serve"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"qa: package_missing: {setting} needs packages that are not installed: {missing}. Install")


def test_the_log_of_questions_is_asked_for_by_name(shop, capsys, monkeypatch, tmp_path):
    assert main(["gaps"]) == 1
    assert capsys.readouterr().err.startswith("qa: invalid_settings: QA_QUESTION_LOG is not set")
    monkeypatch.setenv("QA_QUESTION_LOG", str(tmp_path / "none.sqlite"))
    assert main(["gaps"]) == 1
    assert capsys.readouterr().err.startswith("qa: unreadable_file: There is no log of questions")


def test_gaps_are_printed_as_text_and_as_json(shop, capsys, monkeypatch, tmp_path):
    path = tmp_path / "questions.sqlite"
    kept = QuestionLog(path, Kept(90, 100))
    answer = Answer("how much is parking", "how much is parking", Verdict.NONE, 0.1, (), "snap", 1.0)
    for _ in range(2):
        kept.answered(answer, Filters())
    kept.close()
    monkeypatch.setenv("QA_QUESTION_LOG", str(path))
    monkeypatch.setattr("qa.cli.gaps.open_question_encoder", lambda _: shop.encoder)
    assert main(["gaps"]) == 0
    told = capsys.readouterr().out
    assert "     2  parking\n        2 x how much is parking\n" in told
    assert "  2, 2 not answered\n" in told
    assert main(["gaps", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["questions"] == 2
    assert data["gaps"] == [
        {"about": ["parking"], "times": 2, "questions": [{"question": "how much is parking", "times": 2}]}
    ]


def test_a_long_question_is_shortened_to_a_line_in_the_report_of_gaps(shop, capsys, monkeypatch, tmp_path):
    path = tmp_path / "questions.sqlite"
    kept = QuestionLog(path, Kept(90, 100))
    question = f"how much is {'the long and winding ' * 20}parking"
    kept.answered(Answer(question, question, Verdict.NONE, 0.1, (), "snap", 1.0), Filters())
    kept.close()
    monkeypatch.setenv("QA_QUESTION_LOG", str(path))
    monkeypatch.setattr("qa.cli.gaps.open_question_encoder", lambda _: shop.encoder)
    assert main(["gaps"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("…" in line for line in lines) == 2
    assert max(map(len, lines)) <= 100


def test_asking_needs_no_package_for_building(shop, capsys, monkeypatch):
    def version_without(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("qa.cli.packages.version", version_without)
    assert main(["status"]) == 1
    assert capsys.readouterr().err.startswith("qa: no_index: ")
