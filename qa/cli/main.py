"""The command line: `qa build | watch | serve | ask | eval | status | doctor | rollback`.

Exit status: 0 done; 1 an error, told in one line, or something that `doctor` found wrong; 2 wrong usage; 3 built, but
some files could not be read, or were kept as read before; 4 asked, but the documents do not seem to say; 130
interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import NoReturn

from qa.answering.wording import verdict_words
from qa.cli import evaluate as evaluation
from qa.cli import serve as serving
from qa.cli import upkeep
from qa.cli.output import prepare_output, say, say_json
from qa.errors import QAError
from qa.index.build_notes import read_report
from qa.index.local.local_index import open_index
from qa.records import Answer, Filters, Quote, Verdict
from qa.settings import Settings, load_settings
from qa.text.safe_text import printable

EXIT_ERROR = 1
EXIT_NOT_ANSWERED = 4
EXIT_INTERRUPTED = 130

_NO_THREAD = "can't start new thread"  # what Python says where memory for a thread's stack is refused


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    prepare_output()
    arguments = _parser().parse_args(argv)
    command: Callable[[Settings, argparse.Namespace], int] = arguments.command
    try:
        return command(load_settings(), arguments)
    except QAError as error:
        say(f"qa: {error.code}: {error}", to=sys.stderr)
        return EXIT_ERROR
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and _NO_THREAD not in str(error):
            raise
        said = f"this process may take no more ({str(error) or 'out of memory'})"
        say(f"qa: no_memory: There is too little memory: {said}. Free some, or raise its limits.", to=sys.stderr)
        return EXIT_ERROR
    except BrokenPipeError:
        # The reader went away, as `qa ask … | head -1` does; what Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except KeyboardInterrupt:
        say("qa: interrupted; the index that serves is untouched", to=sys.stderr)
        return EXIT_INTERRUPTED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="qa",
        description="Answers questions with exact quotations from a folder of documents.",
        epilog="Exit status: 0 done, 1 error, 2 wrong usage, 3 built but some files unread, 4 not answered.",
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    upkeep.add_parsers(commands)
    serving.add_parser(commands)

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
    ask.set_defaults(command=_ask)

    evaluation.add_parser(commands)

    status = commands.add_parser("status", help="show what the index holds")
    status.add_argument("--json", action="store_true")
    status.set_defaults(command=_status)
    return parser


def _ask(settings: Settings, arguments: argparse.Namespace) -> int:
    from qa.cli.open_service import open_service  # noqa: PLC0415 - loads the model

    service = open_service(settings)
    try:
        answer = service.ask(
            " ".join(arguments.question),
            arguments.k,
            Filters(
                tuple(arguments.document),
                tuple(arguments.publisher),
                arguments.date_from,
                arguments.date_to,
                arguments.undated,
            ),
            explain=arguments.explain,
            exactly=arguments.exactly,
        )
    finally:
        service.close()
    if arguments.json:
        from qa.web.api.json_form import answer_data  # noqa: PLC0415

        say_json(answer_data(answer, explain=arguments.explain))
    else:
        _print_answer(answer)
    return 0 if answer.verdict is Verdict.ANSWERED else EXIT_NOT_ANSWERED


def _print_answer(answer: Answer) -> None:
    if answer.searched != answer.question:
        say(f"Searched for: {answer.searched}", "(--exactly searches for what was typed)")
    say(verdict_words(answer))
    shown = {Verdict.RELATED: answer.passages[:1], Verdict.NONE: ()}.get(answer.verdict, answer.passages)
    if answer.unmet and shown:
        say(f"Not mentioned: {', '.join(answer.unmet)}")
    if answer.disagreement:
        stated = (
            f"{each.value} ({each.citation.title}, {each.citation.date or 'undated'})" for each in answer.disagreement
        )
        say(f"The documents differ: {'; '.join(stated)}")
    if answer.undated_left_out:
        say(f"Undated documents left out by the dates: {answer.undated_left_out} (--undated keeps them)")
    say("")
    for quote in shown:
        say(*_quote_lines(quote), "")


def _quote_lines(quote: Quote) -> list[str]:
    where = quote.citation
    source = ", ".join(filter(None, (where.title, where.publisher, where.author, where.date or "undated")))
    place = f"{where.source}:{where.start}-{where.end}" + (f", page {where.page}" if where.page else "")
    lines = [f"{quote.rank}. {' > '.join((source, *quote.headings))}", f"   [{place}]"]
    for text in (quote.text, *(note.text for note in quote.footnotes)):
        lines += [f"   | {line.expandtabs()}" for line in text.split("\n")]
    lines += [f"   also in {other.source}:{other.start}-{other.end}" for other in quote.also_in]
    return lines


def _status(settings: Settings, arguments: argparse.Namespace) -> int:
    index = open_index(settings.index_dir)
    try:
        if arguments.json:
            data = {
                "snapshot": index.id,
                "built_at": index.built_at,
                "passages": index.size,
                "documents": [asdict(info) for info in index.documents],
                "last_build": read_report(settings.index_dir),
            }
            say_json(data)
            return 0
        say(f"Snapshot {index.id}, built {index.built_at}, whole; {index.size} passages")
        for info in index.documents:
            say(f"{info.passages:6} passages  {info.date or 'undated':10}  {info.source}  {info.title}")
    finally:
        index.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
