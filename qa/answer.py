"""Ranked passages to quotations: one result for each distinct passage, with the words that answer and the citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from qa.evidence import Match, highlights, match, word_matches
from qa.links import quote_url
from qa.records import Citation, Footnote, Hit, Passage, Quote
from qa.search import Ranking
from qa.snapshot import Snapshot

_SHINGLE_WORDS = 5
_SAME_SHARE = 0.6  # of the shorter passage's shingles that the longer one holds, for both to be one result
_LOOKED_THROUGH = 4  # times the results wanted: how far down copies are looked for


@dataclass(frozen=True, slots=True)
class Group:
    """A passage held against the question, and the other hits that say the same in the same words."""

    best: Match
    copies: tuple[Hit, ...]


def distinct(ranking: Ranking, count: int) -> list[Group]:
    """The best `count` distinct passages."""
    folded: list[tuple[int, Hit, list[Hit], frozenset[tuple[str, ...]]]] = []
    for place, hit in enumerate(ranking.hits(count * _LOOKED_THROUGH)):
        own = _shingles(hit.passage.text)
        for _, _, copies, others in folded:
            if len(own & others) >= _SAME_SHARE * min(len(own), len(others)):
                copies.append(hit)
                break
        else:
            if len(folded) < count:
                folded.append((place, hit, [], own))
    return [Group(match(ranking, place, hit), tuple(copies)) for place, hit, copies, _ in folded]


def quotes(snapshot: Snapshot, groups: Sequence[Group], *, explain: bool = False) -> tuple[Quote, ...]:
    """Quotations for the groups, in their order."""
    made = []
    for rank, group in enumerate(groups, 1):
        hit = group.best.hit
        passage = hit.passage
        notes = _footnotes(snapshot, passage)
        made.append(
            Quote(
                rank=rank,
                score=round(hit.score, 4),
                text=passage.text,
                headings=passage.headings,
                highlights=highlights(group.best),
                citation=_citation(snapshot, hit),
                also_in=tuple(_citation(snapshot, copy) for copy in group.copies),
                footnotes=notes,
                signals={name: round(value, 4) for name, value in hit.signals.items()},
                words=word_matches(group.best) if explain else (),
            )
        )
    return tuple(made)


def _citation(snapshot: Snapshot, hit: Hit) -> Citation:
    info = snapshot.documents[int(snapshot.document_rows[hit.row])]
    passage = hit.passage
    return Citation(
        document_id=info.id,
        title=info.title,
        publisher=info.publisher,
        author=info.author,
        date=info.date,
        source=info.source,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        url=quote_url(info.id, passage.start, passage.end, passage.text),
    )


def _footnotes(snapshot: Snapshot, passage: Passage) -> tuple[Footnote, ...]:
    if not passage.footnotes:
        return ()
    text = snapshot.document(passage.document_id).text
    return tuple(Footnote(text[span.start : span.end], span.start, span.end) for span in passage.footnotes)


@lru_cache(maxsize=1024)
def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(tuple(words[at : at + _SHINGLE_WORDS]) for at in range(max(1, len(words) - _SHINGLE_WORDS + 1)))
