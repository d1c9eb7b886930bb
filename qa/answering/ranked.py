"""Ranks passages for a question, those with the kind of answer that it asks for before similar ones without.

"How many members are there?" is answered by a passage with a number of members, and not by one that says more about
members.
"""

from __future__ import annotations

import numpy as np

from qa.answering.answer_type import answer_test
from qa.encode import Encoder
from qa.index.contract import Index
from qa.records import Filters
from qa.retrieval.search import Ranking, search
from qa.retrieval.stage_timer import Stopwatch

_WEIGHT = 0.1  # of the kind of answer, where all other signals together weigh 1
_LOOKED_AT = 10  # passages


def rank(
    index: Index,
    encoder: Encoder,
    question: str,
    filters: Filters | None = None,
    stopwatch: Stopwatch | None = None,
    *,
    exactly: bool = False,
) -> Ranking:
    """The ranking of `qa.retrieval.search.search`, which has the same arguments, for the kind of answer asked for."""
    ranking = search(index, encoder, question, filters, stopwatch, exactly=exactly)
    holds = answer_test(ranking.searched)
    if holds is None:
        return ranking
    held = np.zeros_like(ranking.scores)
    for place, passage in enumerate(index.passages(ranking.rows[:_LOOKED_AT])):
        held[place] = holds(passage.text)
    return ranking.scored(((ranking.scores + _WEIGHT * held) / (1 + _WEIGHT)).astype(np.float32))
