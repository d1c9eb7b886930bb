"""A collection in BEIR's layout is evaluated with the pipeline that serves, on a separate index."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeEncoder

from qa.building.build import build
from qa.errors import UnreadableFile
from qa.evaluate.beir import report
from qa.evaluate.ranking import score
from qa.index.local.open_version import OpenVersion, open_index
from qa.settings import Settings

CORPUS = {
    "a/1": ("Salt", "Salt keeps fish through the winter."),
    "b": ("", "Ferries cross the sound twice a day in summer."),
    "c": ("Barley", "Barley is milled on Fridays."),
}
QUERIES = {"q1": "what keeps fish through winter", "q2": "when is barley milled", "q3": "nobody judged this"}
QRELS = "query-id\tcorpus-id\tscore\nq1\ta/1\t1\nq2\tc\t1\n"


def collection(folder: Path, *, packed: bool) -> Path:
    lines = [json.dumps({"_id": name, "title": title, "text": text}) for name, (title, text) in CORPUS.items()]
    corpus = "\n".join(lines).encode()
    folder.mkdir()
    (folder / ("corpus.jsonl.gz" if packed else "corpus.jsonl")).write_bytes(
        gzip.compress(corpus) if packed else corpus
    )
    queries = [json.dumps({"_id": name, "text": text}) for name, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(queries), encoding="utf-8")
    (folder / "qrels").mkdir()
    (folder / "qrels" / "test.tsv").write_text(QRELS, encoding="utf-8")
    return folder


def built_by(encoder: FakeEncoder) -> Callable[[Path, Path], closing[OpenVersion]]:
    def built(seeds_dir: Path, index_dir: Path) -> closing[OpenVersion]:
        build(Settings(seeds_dir=seeds_dir, index_dir=index_dir), encoder=encoder)
        return closing(open_index(index_dir))

    return built


@pytest.mark.parametrize("packed", [False, True])
def test_judged_queries_are_scored_and_a_second_run_encodes_nothing(tmp_path: Path, packed: bool) -> None:
    folder, work = collection(tmp_path / "beir", packed=packed), tmp_path / "work"
    encoder = FakeEncoder()
    first = report(folder, work, encoder, built_by(encoder))
    assert (first["documents"], first["passages"]) == (3, 3)
    assert first["ranking"]["fused"] == {"hit@1": 1, "hit@3": 1, "MRR@10": 1, "nDCG@10": 1, "recall@100": 1}
    encoded = encoder.encoded
    assert report(folder, work, encoder, built_by(encoder)) == first
    assert encoder.encoded == encoded


@pytest.mark.parametrize("missing", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_another_layout_is_refused_by_name(tmp_path: Path, missing: str) -> None:
    folder = collection(tmp_path / "beir", packed=False)
    (folder / missing).unlink()
    with pytest.raises(UnreadableFile, match=Path(missing).name):
        report(folder, tmp_path / "work", FakeEncoder(), built_by(FakeEncoder()))


def test_measures_by_hand() -> None:
    """The answer at rank 2: reciprocal rank 1/2, discounted gain 1/log2(3); a question without an answer scores 0."""
    scored = score({"stage": {"q": ["x", "y"], "r": []}}, {"q": {"y": 1}, "r": {"z": 1}})["stage"]
    assert scored["MRR@10"] == pytest.approx((1 / 2 + 0) / 2)
    assert scored["nDCG@10"] == pytest.approx((0.6309 + 0) / 2, abs=1e-4)
    assert (scored["hit@1"], scored["hit@3"], scored["recall@100"]) == (0, 0.5, 0.5)


def test_a_question_that_nothing_answers_does_not_drop_out() -> None:
    scored = score({"stage": {"q": ["x"], "r": ["x"]}}, {"q": {"x": 1}, "r": {}})["stage"]
    assert scored["hit@1"] == 0.5
