"""Ranking measures, computed by ir_measures (MacAvaney et al. 2022) over every stage of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG

from qa.retrieval.search import Ranking

MEASURES = {"hit@1": Success @ 1, "hit@3": Success @ 3, "MRR@10": RR @ 10, "nDCG@10": nDCG @ 10, "recall@100": R @ 100}
_NOWHERE = "nowhere"  # an id that no run has: a question without relevant passages scores 0 and is not dropped


def stages(ranking: Ranking) -> dict[str, list[int]]:
    """The passage rows in the ranking of each stage of a search, best first."""
    late = np.argsort(-ranking.signals["late_interaction"], kind="stable")
    return {
        "BM25": [int(row) for row in ranking.bm25_rows],
        "dense": [int(row) for row in ranking.dense_rows],
        "late interaction": [int(row) for row in (*ranking.rows[late], *ranking.rest)],
        "fused": [int(row) for row in (*ranking.rows, *ranking.rest)],
    }


def score(
    runs: Mapping[str, Mapping[str, Sequence[str]]], relevant: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, float]]:
    """Average the measures over questions.

    Args:
        runs: For each stage, each question's ranked ids, best first.
        relevant: For each question, the grades of the ids that answer it; one without any scores 0.

    Returns:
        For each stage, each measure's mean.
    """
    judged = {question: dict(grades) or {_NOWHERE: 1} for question, grades in relevant.items()}
    scored = {}
    for stage, run in runs.items():
        ranked = {
            question: {each: float(-place) for place, each in enumerate(run.get(question, ()))} for question in judged
        }
        means = ir_measures.calc_aggregate(list(MEASURES.values()), judged, ranked)
        scored[stage] = {name: round(means[measure], 4) for name, measure in MEASURES.items()}
    return scored
