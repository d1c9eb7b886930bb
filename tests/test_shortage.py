"""If a parser is killed, lacks memory or is too slow, the document is read again and meanwhile still served.

Workers are real processes that really end; `stand_in` makes their faults.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from stand_in import StandIn
from waiting import PATIENCE_S
from workshop import TEXTS, Workshop, fates, reason

import qa.building.build
import qa.building.upgrade
import qa.building.watch
import qa.cli.main
from qa.building.folder_watch import FolderWatch
from qa.building.watch import Watch
from qa.errors import BuildFailed, UnreadableFile, UnreadableForNow
from qa.index.build_notes import BuildReport, read_report
from qa.reading.parser_process import Parser

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals and limits")

KILLED = "os.kill(os.getpid(), signal.SIGKILL)"
NEW = "The Lighthouse\n\nThe lighthouse of Elden shows two white flashes every ten seconds."
SHORTAGES = {
    "killed": (KILLED, "was killed (SIGKILL)"),
    "crashed": ("os.kill(os.getpid(), signal.SIGSEGV)", "stopped its parser (SIGSEGV)"),
    "ended": ("os._exit(3)", "stopped its parser (exit status 3)"),
    "cut off in its reply": ("os.write(3, b'{\"text'); os._exit(0)", "stopped its parser (exit status 0)"),
    "too slow": ("signal.pause()", "took longer than 2 s to read (QA_PARSE_SECONDS)"),
    "out of memory": ("bytearray(1 << 30)", "needs more than 512 MB of memory to read (QA_PARSE_MEMORY_MB)"),
    "aborted for memory": (
        "kept = bytearray(300 << 20); os.abort()",
        "needs more than 512 MB of memory to read (QA_PARSE_MEMORY_MB): its parser gave up at",
    ),
    "memory refused to a library": (
        "kept = bytearray(300 << 20); raise ValueError('Memory allocation failed')",
        "needs more than 512 MB of memory to read (QA_PARSE_MEMORY_MB)",
    ),
    "out of files": ("raise OSError(24, 'Too many open files')", "its parser could not work"),
    "a library missing": ("import not_installed_here", "its parser cannot be loaded"),
}  # fmt: skip


BROKEN = "its parser failed on it, so it is broken or unusual; open and save it again"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path, parse_seconds=PATIENCE_S, parse_memory_mb=512)


def hurry(shop: Workshop) -> None:
    """Set a short time limit for each file, for tests that wait for its end."""
    shop.settings = shop.settings.model_copy(update={"parse_seconds": 2})


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    return StandIn(tmp_path, monkeypatch)


def documents(shop: Workshop) -> dict[str, str]:
    """The current version: every document's text by its source."""
    with closing(shop.open_index()) as index:
        return {info.source: index.document(info.id).text for info in index.documents}


def stored(shop: Workshop) -> set[str]:
    """The files of the versions and segments."""
    return {str(path) for folder in ("versions", "segments") for path in (shop.index / folder).rglob("*")}


@pytest.mark.parametrize("deed", [deed for deed, _ in SHORTAGES.values()], ids=SHORTAGES)
def test_a_shortage_that_passes_is_not_noticed(shop: Workshop, stand_in: StandIn, deed: str) -> None:
    hurry(shop)
    stand_in.meeting("mill.txt", deed, once=True)
    report = shop.build()
    assert set(fates(report).values()) == {"added"}
    assert stand_in.workers == 1
    assert "rye" in documents(shop)["mill.txt"]


@pytest.mark.parametrize(("deed", "why"), SHORTAGES.values(), ids=SHORTAGES)
def test_a_shortage_that_stays_is_told_and_the_next_build_tries_again(
    shop: Workshop, stand_in: StandIn, deed: str, why: str
) -> None:
    hurry(shop)
    stand_in.meeting("mill.txt", deed)
    report = shop.build()
    assert stand_in.workers == 2, "it was tried again at once, in a fresh process"
    assert fates(report) == {"ferry.md": "added", "harbour.txt": "added", "mill.txt": "failed"}
    assert why in reason(report, "mill.txt")
    assert reason(report, "mill.txt").endswith("; for now: the next build tries again")
    assert "hostile" not in reason(report, "mill.txt")
    stand_in.heal()
    report = shop.build()
    assert fates(report) == {"ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "added"}
    assert (report.failed, report.encoded) == ([], 1)


def test_what_a_parser_says_is_a_verdict_and_is_remembered(shop: Workshop, stand_in: StandIn) -> None:
    stand_in.meeting("mill.txt", "raise ValueError('odd')")
    first = shop.build()
    assert (reason(first, "mill.txt"), stand_in.workers) == (BROKEN, 1)
    stand_in.heal()
    assert shop.build().failed == first.failed


def test_while_it_stays_nothing_is_written_again(shop: Workshop, stand_in: StandIn) -> None:
    stand_in.meeting("mill.txt", KILLED)
    first = shop.build()
    there, current = stored(shop), (shop.index / "CURRENT").stat()
    second = shop.build()
    assert (second.published, second.snapshot, second.encoded) == (False, first.snapshot, 0)
    assert (second.documents, second.passages) == (first.documents, first.passages) == (2, 2)
    assert fates(second) == {"ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "failed"}
    assert (stored(shop), (shop.index / "CURRENT").stat()) == (there, current)
    # Files that have just changed are not recorded yet, so `files.sqlite` may not exist.
    assert {path.name for path in shop.index.iterdir()} - {"files.sqlite"} == {
        "CURRENT", "versions", "segments", "verified", "report.json", "build.lock",
    }  # fmt: skip


def test_a_document_that_is_always_too_slow_is_waited_for_twice_once(shop: Workshop, stand_in: StandIn) -> None:
    hurry(shop)
    stand_in.meeting("mill.txt", "signal.pause()")
    shop.build()
    assert stand_in.workers == 2
    shop.build()
    assert stand_in.workers == 3, "one more try each time"
    shop.put("lighthouse.txt", NEW)
    assert fates(shop.build())["lighthouse.txt"] == "added"
    assert stand_in.workers == 4


def test_what_served_goes_on_serving(shop: Workshop, stand_in: StandIn) -> None:
    first = shop.build()
    before = documents(shop)
    stand_in.meeting("mill.txt", KILLED)
    report = shop.build(fresh=True)
    assert fates(report) == {"ferry.md": "unchanged", "harbour.txt": "unchanged", "mill.txt": "kept"}
    assert "was killed (SIGKILL)" in reason(report, "mill.txt")
    assert "for now it is served as it was read before" in reason(report, "mill.txt")
    assert (report.failed, [file.source for file in report.kept]) == ([], ["mill.txt"])
    assert documents(shop) == before
    there = stored(shop)
    again = shop.build()
    assert (fates(again)["mill.txt"], again.published, stored(shop)) == ("kept", False, there)
    stand_in.heal()
    healed = shop.build()
    assert set(fates(healed).values()) == {"unchanged"}
    assert healed.snapshot == first.snapshot
    assert documents(shop) == before


def test_what_another_loader_read_goes_on_serving_and_is_read_anew(
    shop: Workshop, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    before = documents(shop)
    monkeypatch.setattr(qa.building.upgrade, "loader_identity", lambda: "a later one")
    stand_in.meeting("mill.txt", KILLED)
    for _ in range(2):
        report = shop.build()
        assert fates(report)["mill.txt"] == "kept"
        assert documents(shop) == before
    workers = stand_in.workers
    stand_in.heal()
    report = shop.build()
    assert fates(report)["mill.txt"] == "unchanged"
    assert report.published
    assert not shop.build().published, "it is not read again"
    assert workers == 4


def test_other_bytes_are_never_served_under_a_document_name(shop: Workshop, stand_in: StandIn) -> None:
    shop.build()
    shop.put("mill.txt", "The Mill\n\nThe mill burnt down.")
    stand_in.meeting("mill.txt", KILLED)
    assert fates(shop.build())["mill.txt"] == "failed"
    assert "mill.txt" not in documents(shop)


def test_an_interrupted_build_does_not_take_what_was_kept_for_read(shop: Workshop, stand_in: StandIn) -> None:
    first = shop.build()
    stand_in.meeting("mill.txt", KILLED)

    def stop(_: str) -> None:
        raise KeyboardInterrupt

    shop.encoder.seen = stop
    with pytest.raises(KeyboardInterrupt):
        shop.build(fresh=True)
    shop.encoder.seen = lambda _: None
    assert fates(shop.build(fresh=True))["mill.txt"] == "kept"
    stand_in.heal()
    assert shop.build().snapshot == first.snapshot


@pytest.mark.parametrize(
    "deed",
    ["sys.stderr.close(); os._exit(1)", "resource.setrlimit(resource.RLIMIT_AS, (1 << 20, 1 << 20))", KILLED],
    ids=["ends at once", "has no memory", "killed at once"],
)
def test_parsers_that_cannot_start_cost_no_document(shop: Workshop, stand_in: StandIn, deed: str) -> None:
    shop.build()
    before = documents(shop)
    shop.put("lighthouse.txt", NEW)
    stand_in.starting(deed)
    report = shop.build()
    assert fates(report)["lighthouse.txt"] == "failed"
    assert "its parser could not start" in reason(report, "lighthouse.txt")
    assert "for now" in reason(report, "lighthouse.txt")
    report = shop.build(fresh=True)
    assert list(fates(report).values()) == ["kept", "kept", "failed", "kept"]
    assert documents(shop) == before
    stand_in.heal()
    report = shop.build()
    assert fates(report)["lighthouse.txt"] == "added"
    assert report.kept == report.failed == []


def test_a_parser_that_never_says_it_is_ready_is_not_waited_for_for_ever(tmp_path: Path, stand_in: StandIn) -> None:
    stand_in.starting("signal.pause()")
    with Parser(0.02, 512) as parser, pytest.raises(UnreadableForNow, match="was not ready after"):
        parser.read("a.txt", b"A.")


def test_where_no_parser_starts_thousands_of_files_are_not_tried_one_by_one(tmp_path: Path, stand_in: StandIn) -> None:
    shop = Workshop(tmp_path, {f"{number}.txt": f"Pier {number}." for number in range(200)})
    stand_in.starting("os._exit(1)")
    with pytest.raises(BuildFailed, match="could not start"):
        shop.build()
    assert stand_in.workers == 6
    stand_in.heal()
    assert len(shop.build().files) == 200


def test_the_command_says_for_now_and_leaves_status_3(
    shop: Workshop, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(qa.building.build, "open_encoder", lambda _: shop.encoder)
    monkeypatch.setattr(qa.building.build, "model_fingerprint", lambda _: shop.encoder.fingerprint)
    monkeypatch.setenv("QA_SEEDS_DIR", str(shop.seeds))
    monkeypatch.setenv("QA_INDEX_DIR", str(shop.index))
    assert qa.cli.main.main(["build", "--quiet"]) == 0
    stand_in.meeting("mill.txt", KILLED)
    shop.put("lighthouse.txt", NEW)
    assert qa.cli.main.main(["build", "--quiet", "--fresh"]) == 3
    said = capsys.readouterr().out
    assert "kept      mill.txt: its parser was killed" in said
    stored = {file.source: file for file in read_report(shop.index).files}
    assert (stored["mill.txt"].fate, stored["mill.txt"].for_now) == ("kept", True)
    assert "ferry.md" not in stored, "it is only counted"
    assert read_report(shop.index).counts == {"unchanged": 2, "kept": 1, "added": 1}
    stand_in.heal()
    assert qa.cli.main.main(["build", "--quiet"]) == 0


@pytest.mark.parametrize("pause_s", [0.01, 3600])
def test_a_watching_builder_reads_again_after_a_pause_what_failed_for_now(
    shop: Workshop, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, pause_s: float
) -> None:
    monkeypatch.setattr(qa.building.watch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(qa.building.watch, "SETTLED_AFTER_S", 0.02)
    monkeypatch.setattr(qa.building.watch, "FIRST_PAUSE_S", pause_s)
    stand_in.meeting("mill.txt", KILLED)
    reports: list[BuildReport] = []
    stop = threading.Event()

    looks = 0
    states = FolderWatch.states

    def counted(folder: FolderWatch, *, listed: bool = False):
        nonlocal looks
        looks += bool(reports)
        if (looks > 50 and pause_s > 1) or len(reports) > 2:
            stop.set()
        return states(folder, listed=listed)

    monkeypatch.setattr(FolderWatch, "states", counted)

    def report(found: BuildReport) -> None:
        reports.append(found)
        if len(reports) == 2:
            stand_in.heal()

    Watch(shop.settings, report, encoder=shop.encoder).run(stop)
    mills = [fates(report)["mill.txt"] for report in reports]
    assert mills == (["failed", "failed", "added"] if pause_s < 1 else ["failed"])


def test_a_parser_takes_no_more_memory_than_its_parent_may(tmp_path: Path) -> None:
    """Under `ulimit -v`, files are read within that limit, though the settings allow more."""
    shop = Workshop(tmp_path)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from fakes import FakeEncoder; from qa.building.build import build\n"
        "from qa.settings import Settings; most = 1800 << 20\n"
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))\n"
        "build(Settings(seeds_dir=Path(sys.argv[1]), index_dir=Path(sys.argv[2])), encoder=FakeEncoder())"
    )
    path = os.pathsep.join(
        str(each) for each in (Path(qa.building.build.__file__).parent.parent, Path(__file__).parent)
    )
    command = [sys.executable, "-c", code, str(shop.seeds), str(shop.index)]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=True)
    assert documents(shop).keys() == TEXTS.keys()


def test_a_parser_gets_no_environment_of_ours(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_ADMIN_TOKEN", "a-token-of-ours")
    monkeypatch.setenv("CLOUD_SECRET", "a-secret-of-ours")
    stand_in.meeting("a.txt", "return real(source, repr(dict(os.environ)).encode())")
    with Parser(10, 512) as parser:
        text = parser.read("a.txt", b"A.").parsed.text
    assert "of-ours" not in text
    assert "QA_" not in text
    assert "PATH" in text


def multiplying_pdf(levels: int = 8, times: int = 10) -> bytes:
    """A PDF of a few kB whose page draws a form that draws a form ten times, and so on: 100 million words in all."""

    def stream(content: bytes, more: bytes = b"") -> bytes:
        return b"<<%s/Length %d>>stream\n%s\nendstream" % (more, len(content), content)

    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</XObject<</X 6 0 R>>>>>>",
        stream(b"/X Do " * times),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 600 800]/Resources<<%s>>"
    inner = [form % (b"/XObject<</X %d 0 R>>" % number) for number in range(7, 6 + levels)]
    objects += [stream(b"/X Do " * times, each) for each in inner]
    objects.append(stream(b"BT /F 10 Tf 50 700 Td (pier) Tj ET", form % b"/Font<</F 5 0 R>>"))
    data, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, b"".join(places))
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + table + tail


def test_a_pdf_that_aborts_its_parser_for_memory_is_told_as_that(tmp_path: Path) -> None:
    shop = Workshop(tmp_path, parse_memory_mb=512)
    shop.put("pier.pdf", multiplying_pdf(levels=1))
    shop.put("piers.pdf", multiplying_pdf())
    report = shop.build()
    assert fates(report)["pier.pdf"] == "added"
    assert fates(report)["piers.pdf"] == "failed"
    told = reason(report, "piers.pdf")
    assert told.startswith("needs more than 512 MB of memory to read (QA_PARSE_MEMORY_MB): its parser gave up at ")
    assert "(SIGABRT); for now" in told


def test_a_verdict_after_much_memory_is_not_taken_for_a_shortage(stand_in: StandIn) -> None:
    """A worker that used much memory is replaced, so that it does not affect the next file."""
    stand_in.meeting("a.txt", "kept = bytearray(300 << 20)\nif data == b'die': os._exit(3)")
    with Parser(10, 512) as parser:
        assert parser.read("a.txt", b"A.").parsed.text == "A."
        stand_in.meeting("b.txt", "os._exit(3)")
        with pytest.raises(UnreadableFile, match=r"stopped its parser \(exit status 3\)"):
            parser.read("b.txt", b"B.")
