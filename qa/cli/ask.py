"""The command `qa ask`: quotes with their citations as text, Markdown, or the API's JSON."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

from qa.cli.open_service import asking
from qa.cli.output import say, say_json, show
from qa.errors import InvalidRequest
from qa.records import Answer, Filters, Verdict
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.cli.quote_address import QuoteAddresses

EXIT_NOT_ANSWERED = 4

_MOST_BLANKS_CHARS = 4096  # characters read beyond the longest question, for surrounding blanks


def run_ask(settings: Settings, arguments: argparse.Namespace) -> int:
    """Ask one question; return the exit status, which depends on the verdict."""
    question = " ".join(arguments.question) or _from_standard_input(settings.max_question_chars)
    filters = Filters(
        tuple(arguments.document),
        tuple(arguments.publisher),
        arguments.date_from,
        arguments.date_to,
        arguments.undated,
    )
    with asking(settings) as service:
        answer = service.ask(question, arguments.k, filters, explain=arguments.explain, exactly=arguments.exactly)
    addresses = cache(partial(_addresses, settings, answer))
    if arguments.json or arguments.explain:
        from qa.web.api.json_form import answer_data  # noqa: PLC0415

        say_json(answer_data(answer, explain=arguments.explain, root=settings.root_path))
    else:
        _print_answer(answer, addresses(), as_markdown=arguments.markdown)
    if arguments.open is not None:
        _open(answer, arguments.open, addresses)
    return EXIT_NOT_ANSWERED if answer.verdict in (Verdict.RELATED, Verdict.NONE) else 0


def _from_standard_input(longest: int) -> str:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")  # the question's check refuses bytes that are not text
    if sys.stdin.isatty():
        print("Question: ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip()
    return sys.stdin.read(longest + _MOST_BLANKS_CHARS).strip()


def _addresses(settings: Settings, answer: Answer) -> QuoteAddresses:
    from qa.cli.quote_address import quote_addresses  # noqa: PLC0415

    return quote_addresses(settings, answer.snapshot)


def _print_answer(answer: Answer, addresses: QuoteAddresses, *, as_markdown: bool) -> None:
    from qa.cli.answer_text import markdown_lines, text_lines  # noqa: PLC0415
    from qa.cli.terminal import terminal_of  # noqa: PLC0415

    if as_markdown:
        say(*markdown_lines(answer, addresses))
    else:
        show(*text_lines(answer, terminal_of(sys.stdout), addresses))


def _open(answer: Answer, rank: int, addresses: Callable[[], QuoteAddresses]) -> None:
    """Open a quote in the browser.

    Raises:
        InvalidRequest: there is no quote with this rank.
        CannotOpen: it has no address, or no browser starts.
    """
    from qa.cli.quote_address import open_in_browser  # noqa: PLC0415

    quote = next((quote for quote in answer.passages if quote.rank == rank), None)
    if quote is None:
        raise InvalidRequest(f"There is no quote {rank} to open; the answer has {len(answer.passages)}.")
    open_in_browser(addresses().of(quote.citation))
