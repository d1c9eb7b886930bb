"""Lower bounds of the measured quality, on the real model, a little below the figures in docs/quality.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from qa.answering.confidence import FEATURES, assess
from qa.answering.confidence_model import shipped_model
from qa.answering.quotes import distinct
from qa.encode import Encoder
from qa.evaluate.calibration import auroc, calibration_error
from qa.evaluate.fitting import Sample, fit, samples
from qa.evaluate.gold import read_gold
from qa.evaluate.questions import ask_all, report
from qa.index.contract import Index
from qa.index.local.open_version import open_index
from qa.records import Verdict
from qa.retrieval.search import search
from qa.settings import Settings

pytestmark = pytest.mark.model
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def index(seeds_index: Settings) -> Iterator[Index]:
    opened = open_index(seeds_index.index_dir)
    yield opened
    opened.close()


def test_the_passage_that_answers_comes_first_and_the_right_words_are_marked(index: Index, encoder: Encoder) -> None:
    documents = [index.document(info.id) for info in index.documents]
    measured = report(index, ask_all(index, encoder, read_gold(GOLDEN / "questions.jsonl", documents)))
    served, marked = measured["ranking"]["served"], measured["highlights"]
    assert served["hit@1"] >= 0.80
    assert served["hit@3"] >= 0.95
    assert served["MRR@10"] >= 0.88
    assert marked["hit"] >= 0.85
    assert marked["share"] <= 0.40


def test_confidence_tells_answers_from_near_misses_better_than_the_question_alone(
    index: Index, encoder: Encoder
) -> None:
    questions = [(gold.question, gold.answerable, gold.id) for gold in read_gold(GOLDEN / "verdicts.jsonl", [])]
    measured = samples(index, encoder, shipped_model().names, questions)
    unseen = fit({"verdicts": measured}, encoder.fingerprint, None).report["cross-validated"]["verdicts"]
    assert unseen["AUROC"] >= 0.85
    assert unseen["AUROC"] >= unseen["by question only"] + 0.15
    assert unseen["calib. error"] <= 0.12


@pytest.mark.parametrize(
    ("file", "separated", "answerable", "unanswerable"),
    [("unseen.jsonl", 0.90, 0.85, 0.35), ("unseen_general.jsonl", 0.84, 0.65, 0.25)],
)
def test_questions_that_nothing_was_fitted_on_get_the_right_verdict(
    index: Index, encoder: Encoder, file: str, separated: float, answerable: float, unanswerable: float
) -> None:
    """The AUROC, and the shares of the answerable and of the unanswerable questions that are called answered."""
    model = shipped_model()
    labels, confidences, answered = [], [], []
    for gold in read_gold(GOLDEN / file, []):
        ranking = search(index, encoder, gold.question)
        confidence, verdict, _ = assess(model, ranking, distinct(ranking, 1)[0].best)
        assert confidence is not None
        labels.append(gold.answerable)
        confidences.append(confidence)
        answered.append(verdict is Verdict.ANSWERED)
    truth = np.array(labels)
    reached = auroc(truth, np.array(confidences))
    assert reached is not None
    assert reached >= separated
    assert np.mean(np.array(answered)[truth]) >= answerable
    assert np.mean(np.array(answered)[~truth]) <= unanswerable


def test_who_does_what_to_whom_decides_the_verdict(index: Index, encoder: Encoder) -> None:
    model = shipped_model()
    answered: dict[bool, list[bool]] = {True: [], False: []}
    for gold in read_gold(GOLDEN / "relations.jsonl", []):  # not fitted on
        ranking = search(index, encoder, gold.question)
        _, verdict, _ = assess(model, ranking, distinct(ranking, 1)[0].best)
        answered[gold.answerable].append(verdict is Verdict.ANSWERED)
    assert np.mean(answered[True]) >= 0.85
    assert np.mean(answered[False]) <= 0.25


def test_sure_answers_are_right_in_sets_that_the_model_was_not_fitted_on() -> None:
    """In each set another feature tells the answerable questions, so a model of one set knows nothing of the other."""

    def asked(telling: str) -> list[Sample]:
        rest = dict.fromkeys(FEATURES, 0.0)
        labels = [number % 2 == 0 for number in range(40)]
        features = [{**rest, telling: float(label)} for label in labels]
        rows = zip(labels, features, strict=True)
        return [Sample("why", label, str(number), each, np.zeros(2)) for number, (label, each) in enumerate(rows)]

    one, other = asked("gap"), asked("sentence")
    assert fit({"one": one}, "", None).model.sure_from < 0.99
    assert fit({"one": one, "other": other}, "", None).model.sure_from == 0.99


def test_measures_by_hand() -> None:
    answerable = np.array([True, True, False, False])
    # Of the four pairs of one answerable and one not, three are in the right order.
    assert auroc(answerable, np.array([0.9, 0.4, 0.5, 0.1])) == 0.75
    assert auroc(np.array([True, True]), np.array([0.1, 0.2])) is None
    # Two bins with half of the questions each: confidence .85, all answerable, and .15, none answerable.
    assert calibration_error(answerable, np.array([0.85, 0.85, 0.15, 0.15])) == pytest.approx(0.15)
