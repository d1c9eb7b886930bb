"""An answer as text for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from qa.answering.wording import verdict_words
from qa.cli.quote_address import QuoteAddresses
from qa.cli.table_text import quote_lines
from qa.cli.terminal import Terminal
from qa.records import Answer, Citation, Quote, Span, Verdict
from qa.text.page_units import place_words, range_words
from qa.web.pages.citation_formats import escape_markdown, markdown


def shown_quotes(answer: Answer) -> tuple[Quote, ...]:
    """The quotes to print: all of them, only the first if the verdict is `related`, none if it is `none`."""
    return {Verdict.RELATED: answer.passages[:1], Verdict.NONE: ()}.get(answer.verdict, answer.passages)


def text_lines(answer: Answer, terminal: Terminal, addresses: QuoteAddresses) -> Iterator[str]:
    """Lines of text: the question, the verdict, and the quotes with their citations."""
    for line in _summary(answer):
        yield from terminal.wrapped(line)
    yield ""
    for quote in shown_quotes(answer):
        yield from _quote_lines(quote, terminal, addresses)
        yield ""


def markdown_lines(answer: Answer, addresses: QuoteAddresses) -> Iterator[str]:
    """Lines of Markdown: a heading, the verdict, and each quote as a block quote above its citation."""
    yield f"## {escape_markdown(answer.question)}"
    for line in _summary(answer):
        yield from ("", escape_markdown(line))
    for quote in shown_quotes(answer):
        yield ""
        yield from _block_quote(quote.text, quote.highlights)
        for note in quote.footnotes:
            yield ">"
            yield from _block_quote(note.text, ())
        for citation in (quote.citation, *quote.also_in):
            yield from ("", markdown(citation, addresses.of(citation) or citation.url))


def _summary(answer: Answer) -> Iterator[str]:
    """The verdict and the notes on an answer, one per line."""
    if answer.searched != answer.question:
        yield f"Searched for: {answer.searched} (--exactly searches for what was typed)"
    yield verdict_words(answer)
    if answer.unmet and shown_quotes(answer):
        yield f"Not mentioned: {', '.join(answer.unmet)}"
    if answer.disagreement:
        stated = (
            f"{each.value} ({each.citation.title}, {each.citation.date or 'undated'})" for each in answer.disagreement
        )
        yield f"The documents differ: {'; '.join(stated)}"
    if answer.undated_left_out:
        yield f"Undated documents left out by the dates: {answer.undated_left_out} (--undated keeps them)"


def _quote_lines(quote: Quote, terminal: Terminal, addresses: QuoteAddresses) -> Iterator[str]:
    where = quote.citation
    source = ", ".join(filter(None, (where.title, where.publisher, where.author, where.date or "undated")))
    number = f"{quote.rank}. "
    margin = " " * len(number)
    heading = terminal.wrapped(" > ".join((source, *quote.headings)), margin=margin)
    yield number + next(heading)[len(margin) :]
    yield from heading
    place = f"{where.source}:{where.start}-{where.end}"
    if where.page:
        place += f", {place_words(where.source, where.page, next(iter(quote.headings), None))}"
        place += _whole_place(where)
        place += ", read by OCR" if where.recognised else ""
    yield from _linked(f"[{place}]", where, terminal, addresses, margin)
    yield from quote_lines(quote, terminal, f"{margin}| ")
    for note in quote.footnotes:
        yield from terminal.wrapped(note.text, margin=f"{margin}| ")
    for other in quote.also_in:
        yield from _linked(f"also in {other.source}:{other.start}-{other.end}", other, terminal, addresses, margin)


def _linked(text: str, where: Citation, terminal: Terminal, addresses: QuoteAddresses, margin: str) -> Iterator[str]:
    """A line that links to an address; for a terminal without links, the address follows on its own line."""
    address = addresses.of(where)
    yield margin + terminal.link(text, address)
    if address and not terminal.links:
        yield margin + terminal.shown(address)


def _whole_place(where: Citation) -> str:
    """The page range of a quote that is on several pages; else empty."""
    if where.pages is None or where.pages[0] == where.pages[1]:
        return ""
    return f" (of {range_words(where.source, *where.pages)})"


def _block_quote(text: str, marks: tuple[Span, ...]) -> Iterator[str]:
    """A text as a Markdown block quote that keeps its lines, with the marked words bold."""
    lines = text.split("\n")
    start = 0
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        pieces, done = [], start
        for mark in marks:
            first, last = max(mark.start, done), min(mark.end, start + len(line))
            if first < last:
                pieces += [escape_markdown(text[done:first]), _bold(text[first:last])]
                done = last
        pieces.append(escape_markdown(text[done : start + len(line)]))
        broken = "\\" if line.strip() and following.strip() else ""
        yield f"> {''.join(pieces).strip()}{broken}".rstrip()
        start += len(line) + 1


def _bold(text: str) -> str:
    """Bold in Markdown, with blanks at either end moved outside the marks."""
    core = text.strip()
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}**{escape_markdown(core)}**{after}" if core else text
