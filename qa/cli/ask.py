"""The command `qa ask`: quotes with their citations as text, or what the API would return as JSON."""

from __future__ import annotations

import argparse

from qa.answering.wording import verdict_words
from qa.cli.open_service import open_service
from qa.cli.output import say, say_json
from qa.records import Answer, Citation, Filters, Quote, Verdict
from qa.settings import Settings
from qa.text.places import place_words, range_words

EXIT_NOT_ANSWERED = 4


def run_ask(settings: Settings, arguments: argparse.Namespace) -> int:
    """Ask one question; the exit status says whether it was answered."""
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
    return EXIT_NOT_ANSWERED if answer.verdict in (Verdict.RELATED, Verdict.NONE) else 0


def _print_answer(answer: Answer) -> None:
    if answer.searched != answer.question:
        say(f"Searched for: {answer.searched} (--exactly searches for what was typed)")
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
    place = f"{where.source}:{where.start}-{where.end}"
    if where.page:
        place += f", {place_words(where.source, where.page, next(iter(quote.headings), None))}"
        place += _whole_place(where)
    lines = [f"{quote.rank}. {' > '.join((source, *quote.headings))}", f"   [{place}]"]
    for text in (quote.text, *(note.text for note in quote.footnotes)):
        lines += [f"   | {line.expandtabs()}" for line in text.split("\n")]
    lines += [f"   also in {other.source}:{other.start}-{other.end}" for other in quote.also_in]
    return lines


def _whole_place(where: Citation) -> str:
    """All pages of the quote, if it stands on several."""
    if where.pages is None or where.pages[0] == where.pages[1]:
        return ""
    return f" (of {range_words(where.source, *where.pages)})"
