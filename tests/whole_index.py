"""All results of an index, as plain values, so that two indexes can be compared bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from qa.answering.service import Service
from qa.encode import Encoder
from qa.index.contract import Index
from qa.text.words import terms
from qa.web.api.json_form import answer_data

QUESTIONS = (
    "who built the oldest pier of the harbour",
    "what does the mill grind on Tuesdays",
    "ferry cars dogs",
    "zzz",
)


def contents(index: Index) -> dict[str, object]:
    """The documents and passages of an index."""
    return {
        "id": index.id,
        "documents": [index.document(info.id) for info in index.documents],
        "infos": list(index.documents),
        "passages": list(index.passages(range(index.size))),
    }


def signals(index: Index, encoder: Encoder, questions: Sequence[str] = QUESTIONS) -> list[object]:
    """The results of an index for some questions, floats as bytes."""
    found: list[object] = []
    for question in questions:
        encoding = encoder.encode_question(question)
        query_terms = list(dict.fromkeys(terms(question)))
        for count in (1, 3, 100):
            candidates = index.candidates(encoding.vector, query_terms, count)
            found.append([np.asarray(value).tobytes() for value in _values(candidates)])
        rows = np.arange(index.size, dtype=np.int64)
        found += [[np.asarray(value).tobytes() for value in _values(index.compare(encoding.tokens, rows))]]
        found.append(list(index.frequencies(query_terms)))
        found.append(sorted((form.folded, form.usual, form.count) for form in index.forms_near(question[:5], 2)))
    return found


def answers(service: Service, questions: Sequence[str] = QUESTIONS) -> list[object]:
    """The whole replies to some questions, without the times."""
    replies = [answer_data(service.ask(question, 5, explain=True), explain=True) for question in questions]
    return [{name: value for name, value in reply.items() if name not in ("took_ms", "stages_ms")} for reply in replies]


def _values(record: object) -> list[object]:
    return list(asdict(record).values())  # type: ignore[call-overload]
