"""The commands and their arguments. The modules of the commands are not imported here: each brings libraries."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from qa.cli.packages import ASSISTANTS, BUILDING, MEASURING
from qa.text.safe_text import printable


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def command_parser() -> argparse.ArgumentParser:
    """The parser of the command line.

    What it gives has `run`, the command's function as MODULE:NAME, and `packages`, what the command needs beyond what
    serving does.
    """
    parser = _Parser(
        prog="qa",
        description="Answers questions with exact quotations from a folder of documents.",
        epilog="Exit status: 0 done, 1 error, 2 wrong usage, 3 built but some files unread, 4 not answered.",
    )
    parser.set_defaults(packages=())
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    _add_upkeep(commands)
    _add_serve(commands)
    _add_ask(commands)
    _add_eval(commands)
    _add_status(commands)
    _add_gaps(commands)
    return parser


def _add_upkeep(commands: Any) -> None:
    build = commands.add_parser("build", help="bring the index up to date with the documents")
    build.add_argument("--quiet", action="store_true", help="no progress bar, and only files with trouble")
    build.add_argument("--fresh", action="store_true", help="read and encode everything anew")
    build.add_argument(
        "--verify", action="store_true", help="compare every byte of the index first, and fail if one differs"
    )
    build.add_argument("--repair", action="store_true", help="the same, but make damaged parts anew from the documents")
    build.set_defaults(run="qa.cli.upkeep:run_build", packages=(BUILDING,))

    watch = commands.add_parser("watch", help="build now and after every change, until interrupted")
    watch.add_argument("--beside-server", action="store_true", help=argparse.SUPPRESS)
    watch.set_defaults(run="qa.cli.upkeep:run_watch", packages=(BUILDING,))

    doctor = commands.add_parser("doctor", help="check everything that can be wrong, with a remedy for each")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run="qa.cli.upkeep:run_doctor", packages=(BUILDING,))

    rollback = commands.add_parser("rollback", help="serve an older snapshot again, until the documents change")
    rollback.add_argument("snapshot", nargs="?", help="its id; without, the newest other one that is whole")
    rollback.add_argument("--list", action="store_true", help="list the snapshots and change nothing")
    rollback.set_defaults(run="qa.cli.upkeep:run_rollback")


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="serve the search page and the API")
    serve.add_argument("--watch", action="store_true", help="also build, now and whenever the documents change")
    serve.set_defaults(run="qa.cli.serve:run_serve")

    mcp = commands.add_parser("mcp", help="serve an assistant that started this, over standard input and output")
    mcp.set_defaults(run="qa.cli.mcp:run_mcp", packages=(ASSISTANTS,))


def _add_ask(commands: Any) -> None:
    ask = commands.add_parser("ask", help="ask a question")
    ask.add_argument("question", nargs="+")
    ask.add_argument("-k", type=int, default=3, help="passages at most (default 3)")
    ask.add_argument("--document", action="append", default=[], help="only in the document of this id; repeatable")
    ask.add_argument("--publisher", action="append", default=[], help="only from this publisher; repeatable")
    ask.add_argument("--date-from", metavar="DAY", help="not older than this day, as 2022-04-18")
    ask.add_argument("--date-to", metavar="DAY", help="not newer than this day")
    ask.add_argument("--undated", action="store_true", help="keep undated documents where days are given")
    ask.add_argument("--exactly", action="store_true", help="search for exactly what is typed; nothing is corrected")
    ask.add_argument("--json", action="store_true", help="print what the API would return")
    ask.add_argument("--explain", action="store_true", help="with --json: every signal, and which words matched")
    ask.set_defaults(run="qa.cli.ask:run_ask")


def _add_eval(commands: Any) -> None:
    parser = commands.add_parser("eval", help="measure ranking, highlights, abstention and speed")
    kinds = parser.add_subparsers(required=True, metavar="what")

    kp = kinds.add_parser("kp", help="questions with known answers, on the current index")
    kp.add_argument("file", type=Path, help="questions in the gold format")
    kp.add_argument("--json", action="store_true", help="print JSON")
    kp.add_argument("--dump", type=Path, metavar="FILE", help="write every question's outcome, a JSON object a line")
    kp.set_defaults(run="qa.cli.evaluate:run_kp", packages=(MEASURING,))

    beir = kinds.add_parser("beir", help="a collection in BEIR's layout, on an index of its own")
    beir.add_argument("folder", type=Path)
    beir.add_argument("--json", action="store_true", help="print JSON")
    beir.set_defaults(run="qa.cli.evaluate:run_beir", packages=(BUILDING, MEASURING))

    forms = kinds.add_parser("forms", help="whether a question has one verdict however it is typed")
    forms.add_argument("forms", type=Path, help="a JSON object a line: `question`, and `of`, the id of the same one")
    forms.add_argument("files", type=Path, nargs="+", help="questions in the gold format, with their ids")
    forms.set_defaults(run="qa.cli.evaluate:run_forms", packages=(MEASURING,))

    fit = kinds.add_parser("fit", help="fit the confidence for the model in use")
    fit.add_argument("files", type=Path, nargs="+", help="questions in the gold format, or with `answerable` alone")
    collection = "also fit on a collection in BEIR's layout that has unanswerable.jsonl; repeatable"
    fit.add_argument("--collection", type=Path, action="append", default=[], help=collection)
    fit.add_argument("--out", type=Path, help="the file to write; without it confidence.json in the index folder")
    fit.set_defaults(run="qa.cli.evaluate:run_fit", packages=(BUILDING, MEASURING))


def _add_status(commands: Any) -> None:
    status = commands.add_parser("status", help="show what the index holds")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run="qa.cli.status:run_status")


def _add_gaps(commands: Any) -> None:
    gaps = commands.add_parser("gaps", help="show what was asked and not answered, from the log of questions")
    form = gaps.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, of all groups, questions and days")
    gold = "write the questions that a reader confirmed, with their quotations, as a gold file for `qa eval`"
    form.add_argument("--gold", type=Path, metavar="FILE", help=gold)
    gaps.set_defaults(run="qa.cli.gaps:run_gaps")
