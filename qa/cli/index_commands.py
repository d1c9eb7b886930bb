"""The commands that keep an index: `qa build | watch | doctor | rollback`.

Each command imports the packages that it needs, so `qa rollback` needs neither parsers nor an encoder.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from contextlib import closing, suppress
from dataclasses import asdict

from qa.building.build_lock import build_lock
from qa.cli.interrupts import Stop
from qa.cli.output import say, say_json, start_log
from qa.errors import DamagedSnapshot, MismatchedSnapshot
from qa.index.build_notes import BuildReport
from qa.index.local.index_folder import current_name, rolled_back, versions
from qa.index.local.rollback import roll_back
from qa.settings import Settings
from qa.text.site import Example
from qa.web.limits.file_descriptors import raise_limit

EXIT_WRONG = 1
EXIT_SOME_FAILED = 3


def run_build(settings: Settings, arguments: argparse.Namespace) -> int:
    """Build once, with a progress bar, and print the report."""
    from qa.building.background_merge import merge  # noqa: PLC0415
    from qa.building.build import build  # noqa: PLC0415
    from qa.cli.progress_bars import Bars  # noqa: PLC0415

    raise_limit()
    checks = {"verify": arguments.verify, "repair": arguments.repair}
    workers = None
    if arguments.cluster:
        from qa.cli.cluster import machines_to_build  # noqa: PLC0415

        folders = {name: getattr(settings, name).resolve() for name in ("seeds_dir", "index_dir")}
        settings = settings.model_copy(update=folders)
        workers = machines_to_build(settings)
    with closing(Bars(quiet=arguments.quiet)) as bars:
        report = build(settings, bars, fresh=arguments.fresh, workers=workers, **checks)
    print_report(report, quiet=arguments.quiet)
    if not report.documents:
        say(f"qa: No document could be read from {settings.seeds_dir}; put some in and build again.", to=sys.stderr)
    _note_site(settings, report)
    merge(settings)
    return EXIT_SOME_FAILED if report.failed or report.kept else 0


def print_report(report: BuildReport, *, quiet: bool) -> None:
    """Print the result for every file, or with `quiet` only for files with faults, and the snapshot that now serves."""
    for file in report.files:
        if not quiet or file.reason:
            say(f"{file.fate.value:9} {file.source}" + (f": {file.reason}" if file.reason else ""))
    if report.held_back:
        say(
            f"Snapshot {report.snapshot} goes on serving: these documents give {report.held_back}, which was rolled"
            f" back. Change a document and build, or take it back with `qa rollback {report.held_back}`."
        )
        return
    outcome = "now serves" if report.published else "is as wanted"
    say(
        f"Snapshot {report.snapshot} {outcome}: {report.documents} documents, {report.passages} passages"
        f" ({report.encoded} encoded, {report.reused} reused) in {report.seconds:.1f} s."
    )


def run_watch(settings: Settings, arguments: argparse.Namespace) -> int:
    """Build at every change, until interrupted or until the server that started it ends."""
    from qa.building.watch import Watch  # noqa: PLC0415

    start_log()
    raise_limit()
    stop = Stop()
    if arguments.beside_server:
        threading.Thread(target=_stop_with_parent, args=(stop,), daemon=True).start()
    else:
        say(f"Watching {settings.seeds_dir}; Ctrl-C ends it.")

    def told(report: BuildReport) -> None:
        if report.published or report.held_back:
            print_report(report, quiet=True)
        _note_site(settings, report)

    with stop.set_by_ctrl_c():
        Watch(settings, told).run(stop)
    return 0


def _note_site(settings: Settings, report: BuildReport) -> None:
    """Write the site's name and example questions beside the index; questions are tried only on the local index."""
    from qa.answering.example_questions import example_questions  # noqa: PLC0415
    from qa.building.site import note_site  # noqa: PLC0415
    from qa.cli.open_service import open_service  # noqa: PLC0415

    def tried() -> tuple[Example, ...]:
        with closing(open_service(settings.model_copy(update={"cluster": ""}))) as service:
            return example_questions(service)

    note_site(settings, report.snapshot, tried)


def _stop_with_parent(stop: threading.Event) -> None:
    """Set `stop` when the server ends, for whatever reason: then its end of the pipe closes."""
    # Not through sys.stdin: this thread would hold its lock when the interpreter ends, which then aborts.
    with suppress(OSError, ValueError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    stop.set()


def run_doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    """Print each finding; return 1 if one is a fault."""
    from qa.building.doctor import Health, examine  # noqa: PLC0415

    wrong = False
    found = []
    for finding in examine(settings):
        wrong |= finding.health is Health.WRONG
        found.append(asdict(finding))
        if not arguments.json:
            say(f"{finding.health.value:5} {finding.what}: {finding.detail}")
            if finding.remedy:
                say(f"      -> {finding.remedy}")
    if arguments.json:
        say_json(found)
    return EXIT_WRONG if wrong else 0


def run_rollback(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve an older snapshot again, or list the snapshots."""
    index = settings.index_dir
    if arguments.list:
        _list(settings)
        return 0
    with build_lock(index):
        chosen = roll_back(index, arguments.snapshot)
    say(f"Snapshot {chosen} now serves. `qa build` leaves it so until the documents or the configuration change.")
    return 0


def _list(settings: Settings) -> None:
    try:
        current = current_name(settings.index_dir)
    except (DamagedSnapshot, MismatchedSnapshot):
        current = ""
    refused = rolled_back(settings.index_dir)
    listed: set[str] = set()
    for version in versions(settings.index_dir):
        if version.id in listed:
            continue  # the same documents in other segments
        listed.add(version.id)
        state = "current" if version.name == current else "rolled back" if version.id in refused else ""
        counts = version.counts
        say(
            f"{version.id}  {version.built_at}  {counts.documents} documents, {counts.passages} passages"
            f"  {state}".rstrip()
        )
