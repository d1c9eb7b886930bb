"""Turns ranked passages into quotations: one for each distinct passage, with answering words and citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial

from qa.answering.answer_type import answer_test
from qa.answering.citations import cite
from qa.answering.quoted_tables import in_cells, tables_in
from qa.index.contract import Index
from qa.records import Citation, DocumentInfo, Footnote, Passage, Quote, Span
from qa.retrieval.evidence import Match, match, placed_word_matches
from qa.retrieval.search import Hit, Ranking

_SHINGLE_WORDS = 5
_SAME_SHARE = 0.6  # share of the shorter passage's shingles in the longer one from which both are one result
_LOOKED_THROUGH = 4  # copies are searched among this many times the requested results

_Shingles = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """A passage compared with the question, and other hits with nearly the same words."""

    best: Match
    copies: tuple[Hit, ...]


def distinct(ranking: Ranking, count: int) -> list[Group]:
    """The best `count` distinct passages."""
    groups: list[tuple[Match, list[Hit], _Shingles]] = []
    held: set[tuple[str, ...]] = set()  # by any of them
    holds = answer_test(ranking.searched)
    for place, hit in enumerate(ranking.hits(count * _LOOKED_THROUGH)):
        own = _shingles(hit.passage.text)
        alike = () if own.isdisjoint(held) else groups
        copies = next((copies for _, copies, other in alike if _are_same(own, other)), None)
        if copies is not None:
            copies.append(hit)
        elif len(groups) < count:
            groups.append((match(ranking, place, hit, holds), [], own))
            held |= own
    return [Group(best, tuple(copies)) for best, copies, _ in groups]


def quotes(index: Index, groups: Sequence[Group], *, explain: bool = False) -> tuple[Quote, ...]:
    """Quotations for the groups, in order; with `explain`, also the matched words."""
    words = placed_word_matches([group.best for group in groups]) if explain else [()] * len(groups)
    made = []
    read = cache(index.document)  # of documents whose footnotes or tables are quoted
    for rank, group in enumerate(groups, 1):
        hit = group.best.hit
        passage = hit.passage
        notes = tuple(
            Footnote(read(passage.document_id).text[span.start : span.end], span.start, span.end)
            for span in passage.footnotes
        )
        info = index.info(passage.document_id)
        tables = tables_in(passage.text, passage.start, info.source, partial(read, passage.document_id))
        made.append(
            Quote(
                rank=rank,
                score=round(hit.score, 4),
                text=passage.text,
                headings=passage.headings,
                highlights=in_cells(group.best.highlights, tables),
                citation=_citation(info, passage, passage.sentences[group.best.best_sentence].start),
                also_in=tuple(_citation(index.info(each.passage.document_id), each.passage) for each in group.copies),
                footnotes=notes,
                signals={name: round(value, 4) for name, value in hit.signals.items()},
                words=words[rank - 1],
                tables=tables,
            )
        )
    return tuple(made)


@lru_cache(maxsize=1024)  # passages, of a few kB each
def _citation(info: DocumentInfo, passage: Passage, marked: int = 0) -> Citation:
    """The citation of a passage; its page is that of the offset `marked` into the passage."""
    place = Span(passage.start, passage.end)
    if passage.page is None:
        return cite(info, place, None, passage.text)
    later = [(start, page) for start, page in passage.breaks if start <= marked]
    last = passage.breaks[-1][1] if passage.breaks else passage.page
    return cite(info, place, later[-1][1] if later else passage.page, passage.text, (passage.page, last))


@lru_cache(maxsize=1024)  # of about 20 kB each
def _shingles(text: str) -> _Shingles:
    """A text's shingles: its runs of words (Broder, "On the resemblance and containment of documents", 1997)."""
    words = re.findall(r"\w+", text.casefold())
    return frozenset(zip(*(words[at:] for at in range(_SHINGLE_WORDS)), strict=False)) or frozenset([tuple(words)])


def _are_same(one: _Shingles, two: _Shingles) -> bool:
    return len(one & two) >= _SAME_SHARE * min(len(one), len(two))
