"""The commands and their arguments. It does not import the commands' modules, since those import large libraries."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from qa.cli.output import say
from qa.cli.packages import ASSISTANTS, BUILDING, CLUSTER, MEASURING
from qa.cli.usage import Parser, number

_DESCRIPTION = """\
Answers questions with exact quotations from a folder of documents.

`qa COMMAND --help` describes a command. Settings are environment variables
whose names begin with QA_; README.md lists them."""

_EPILOG = """\
examples:
  qa build                                  read the documents in seeds/
  qa ask "who owns the hospitals"           ask a question
  qa serve --open                           serve the pages, and open them
  qa documents                              list the documents
  qa show annual-report:812-1410            print what a citation names

exit status:
  0 done, 1 error, 2 wrong usage, 3 built but some files unread,
  4 not answered, 130 interrupted"""

_ASK_EXAMPLES = """\
qa ask "who is the COO of the medical foundation"
qa ask --publisher "Becker's" --from 2022-01-01 "who was named COO"
qa ask --open 1 "how many members are there"
qa ask --markdown -k 5 "what does capitation mean" > answer.md
echo "who owns the hospitals" | qa ask --json"""

_COMPLETION_EXAMPLES = """\
qa completion bash > ~/.local/share/bash-completion/completions/qa
qa completion zsh > "${fpath[1]}/_qa"
qa completion fish > ~/.config/fish/completions/qa.fish"""

_CLUSTER_EXAMPLES = """\
qa cluster head --address 10.0.0.1
qa cluster join 10.0.0.1:6379 --address 10.0.0.2
QA_CLUSTER=10.0.0.1:6379 QA_CLUSTER_SHARDS=2 qa cluster up
QA_CLUSTER=10.0.0.1:6379 QA_CLUSTER_SHARDS=2 qa cluster status
QA_CLUSTER=10.0.0.1:6379 qa cluster down --nodes"""

_SORTS = ("source", "title", "date", "-date", "size", "-size")
_SHELLS = ("bash", "zsh", "fish")


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version  # noqa: PLC0415 - other commands need not wait for it

        say(f"qa {version('qa')}")
        parser.exit()


def command_parser() -> Parser:
    """The parser of the command line.

    The parsed arguments have `run`, the command's function as MODULE:NAME, and `packages`, the packages that the
    command needs beyond those of serving.
    """
    parser = Parser(
        prog="qa",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action=_Version, nargs=0, help="print the version and exit")
    parser.set_defaults(packages=())
    commands = parser.add_subparsers(metavar="command", dest="command")
    parser.commands = commands.choices
    _add_index_commands(commands)
    _add_serve(commands)
    _add_ask(commands)
    _add_documents(commands)
    _add_eval(commands)
    _add_status(commands)
    _add_cluster(commands)
    _add_completion(commands)
    _add_gaps(commands)
    return parser


def _command(commands: Any, name: str, purpose: str, examples: str) -> Any:
    """Add a command whose help ends with examples, one per line."""
    listed = "\n".join(f"  {line}" for line in examples.splitlines())
    return commands.add_parser(
        name,
        help=purpose,
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog=f"examples:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_index_commands(commands: Any) -> None:
    build = _command(
        commands,
        "build",
        "bring the index up to date with the documents",
        "qa build\nqa build --verify --quiet\nQA_SEEDS_DIR=reports QA_INDEX_DIR=/tmp/index qa build",
    )
    build.add_argument("--quiet", action="store_true", help="no progress bar, and only files with trouble")
    build.add_argument("--fresh", action="store_true", help="read and encode everything anew")
    build.add_argument(
        "--verify", action="store_true", help="compare every byte of the index first, and fail if one differs"
    )
    build.add_argument("--repair", action="store_true", help="the same, but make damaged parts anew from the documents")
    build.add_argument("--cluster", action="store_true", help="have the machines of QA_CLUSTER read and encode")
    build.set_defaults(run="qa.cli.index_commands:run_build", packages=(BUILDING,))

    watch = _command(commands, "watch", "build now and after every change, until interrupted", "qa watch")
    watch.add_argument("--beside-server", action="store_true", help=argparse.SUPPRESS)
    watch.set_defaults(run="qa.cli.index_commands:run_watch", packages=(BUILDING,))

    doctor = _command(
        commands,
        "doctor",
        "check everything that can be wrong, with a remedy for each",
        "qa doctor\nqa doctor --json",
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run="qa.cli.index_commands:run_doctor", packages=(BUILDING,))

    rollback = _command(
        commands,
        "rollback",
        "serve an older snapshot again, until the documents change",
        "qa rollback --list\nqa rollback\nqa rollback 7300dda9f32c6cff",
    )
    rollback.add_argument("snapshot", nargs="?", help="its id; without, the newest other one that is whole")
    rollback.add_argument("--list", action="store_true", help="list the snapshots and change nothing")
    rollback.set_defaults(run="qa.cli.index_commands:run_rollback")


def _add_serve(commands: Any) -> None:
    serve = _command(
        commands,
        "serve",
        "serve the pages and the API",
        "qa serve --open\nqa serve --watch --port 8080\nqa serve --host 0.0.0.0 --port 80",
    )
    serve.add_argument("--host", metavar="ADDRESS", help="address to serve on, instead of QA_HOST")
    serve.add_argument("--port", metavar="N", help="port to serve on, instead of QA_PORT; 0 takes a free one")
    serve.add_argument("--open", action="store_true", help="also open the search page in the browser")
    serve.add_argument("--watch", action="store_true", help="also build, now and whenever the documents change")
    serve.set_defaults(run="qa.cli.serve:run_serve")

    mcp = _command(commands, "mcp", "serve an assistant that started this, over standard input and output", "qa mcp")
    mcp.set_defaults(run="qa.cli.mcp:run_mcp", packages=(ASSISTANTS,))


def _add_ask(commands: Any) -> None:
    ask = _command(commands, "ask", "ask a question", _ASK_EXAMPLES)
    ask.add_argument("question", nargs="*", help="the question; without one, it is read from standard input")
    ask.add_argument("-k", "--k", type=int, default=3, metavar="N", help="passages at most (default 3)")
    ask.add_argument("--document", metavar="ID", action="append", default=[], help="only in this document; repeatable")
    ask.add_argument(
        "--publisher", metavar="NAME", action="append", default=[], help="only from this publisher; repeatable"
    )
    ask.add_argument(
        "--from", "--date-from", metavar="DAY", dest="date_from", help="not older than this day, as 2022-04-18"
    )
    ask.add_argument("--to", "--date-to", metavar="DAY", dest="date_to", help="not newer than this day")
    ask.add_argument("--undated", action="store_true", help="keep undated documents where days are given")
    ask.add_argument("--exactly", action="store_true", help="search for exactly what is typed; nothing is corrected")
    form = ask.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print what the API would return")
    form.add_argument("--markdown", action="store_true", help="print Markdown, with a link to each quote")
    ask.add_argument("--explain", action="store_true", help="print JSON, with every signal and which words matched")
    ask.add_argument("--open", type=int, metavar="N", help="open the quote with this number in the browser")
    ask.set_defaults(run="qa.cli.ask:run_ask")


def _add_documents(commands: Any) -> None:
    documents = _command(
        commands,
        "documents",
        "list the documents of the index",
        "qa documents\nqa documents becker --sort=-date\nqa documents --json",
    )
    documents.add_argument("words", nargs="*", help="only those whose title, names or path hold these words")
    documents.add_argument("--query", metavar="WORDS", default="", help="the same")
    documents.add_argument("--sort", choices=_SORTS, default="source", help="the order; - begins at the end")
    documents.add_argument("--json", action="store_true", help="print what the API would return")
    documents.set_defaults(run="qa.cli.index_contents:run_documents")

    show = _command(
        commands,
        "show",
        "print the text of a document, or the part that a citation names",
        "qa show annual-report\nqa show annual-report:812-1410\nqa show annual-report:812-1410 --json",
    )
    show.add_argument("document", metavar="ID[:START-END]", help="its id or path, and offsets as citations have them")
    show.add_argument("--json", action="store_true", help="print JSON, which holds every character as it is")
    show.set_defaults(run="qa.cli.index_contents:run_show")


def _add_eval(commands: Any) -> None:
    parser = _command(
        commands,
        "eval",
        "measure ranking, highlights, abstention and speed",
        "qa eval kp questions.jsonl\nqa eval beir scifact --json\nqa eval fit questions.jsonl --out confidence.json",
    )
    kinds = parser.add_subparsers(required=True)

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
    status = _command(commands, "status", "show what the index holds", "qa status\nqa status --json")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(run="qa.cli.index_contents:run_status")


def _add_cluster(commands: Any) -> None:
    cluster = _command(commands, "cluster", "spread the index over several machines", _CLUSTER_EXAMPLES)
    cluster.description = (
        "Spreads the index over the machines of a Ray cluster. Anyone who reaches Ray's ports\n"
        "can run code on these machines: read docs/cluster.md first."
    )
    actions = cluster.add_subparsers(required=True)
    examples = _CLUSTER_EXAMPLES.splitlines()
    head = _command(actions, "head", "make this machine the first of a cluster, which the others join", examples[0])
    head.add_argument("--port", type=number(1, 65535), default=6379, help="port at which others join (6379)")
    join = _command(actions, "join", "have this machine join a cluster, also while it serves", examples[1])
    join.add_argument("head", help="address and port of the first machine, as 10.0.0.1:6379")
    join.add_argument("--no-shards", action="store_true", help="run no hosts here: for a machine that only serves")
    for machine in (head, join):
        machine.add_argument("--address", default="127.0.0.1", help="its address in the private network (127.0.0.1)")
        places = "the most hosts that run on this machine (4)"
        machine.add_argument("--places", type=number(0, 1000), default=4, help=places)
        machine.add_argument(
            "--i-have-a-firewall", action="store_true", help="accept a public --address, which a firewall protects"
        )
        machine.add_argument("--stay", action="store_true", help="run until Ray ends, as a service of systemd does")
    _command(
        actions,
        "up",
        "start the missing hosts: QA_CLUSTER_REPLICAS processes for each of QA_CLUSTER_SHARDS parts of the index",
        examples[2],
    )
    status = _command(actions, "status", "list every host: machine, process, memory, open snapshots", examples[3])
    status.add_argument("--json", action="store_true", help="print JSON")
    down = _command(actions, "down", "stop the hosts of QA_CLUSTER_SHARDS shards", examples[4])
    down.add_argument("--nodes", action="store_true", help="stop all hosts, and Ray on every machine of the cluster")
    for name, action in actions.choices.items():
        action.set_defaults(run=f"qa.cli.cluster:run_{name}", packages=(CLUSTER,))


def _add_completion(commands: Any) -> None:
    completion = _command(
        commands, "completion", "print the script by which a shell completes commands", _COMPLETION_EXAMPLES
    )
    completion.add_argument("shell", choices=_SHELLS)
    completion.set_defaults(run="qa.cli.completion:run_completion")


def _add_gaps(commands: Any) -> None:
    gaps = _command(
        commands,
        "gaps",
        "show what was asked and not answered, from the log of questions",
        "qa gaps\nqa gaps --gold asked.jsonl",
    )
    form = gaps.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON, of all groups, questions and days")
    gold = "write the questions that a reader confirmed, with their quotations, as a gold file for `qa eval`"
    form.add_argument("--gold", type=Path, metavar="FILE", help=gold)
    gaps.set_defaults(run="qa.cli.gaps:run_gaps")
