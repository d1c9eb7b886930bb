"""Scores a retrieval collection in BEIR's layout (Thakur et al. 2021) on a separate index.

The corpus is written as text files and built like any folder of documents, so the serving pipeline is measured. A
document has the rank of its best passage. Indexes are stored by the corpus's digest, so a second run only searches.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from hashlib import file_digest
from pathlib import Path
from typing import Any

from qa.answering.names import NameClassifier
from qa.answering.ranked import rank
from qa.encode import Encoder
from qa.errors import UnreadableFile
from qa.evaluate.fitting import Sample, samples
from qa.evaluate.ranking import score, stages
from qa.index.contract import Index
from qa.text.document_names import SIDECAR
from qa.text.json_reading import parse_json

_SPLIT = "test"

Built = Callable[[Path, Path], AbstractContextManager[Index]]
"""Builds an index from a folder of documents, the first one, in another folder, and opens it."""


def report(folder: Path, work: Path, encoder: Encoder, built: Built) -> dict[str, Any]:
    """Build the collection's index, ask its judged queries, and score them.

    Args:
        folder: The collection.
        work: The folder for indexes of collections.
        encoder: The model.
        built: Builds the index of a folder of documents and opens it.

    Raises:
        UnreadableFile: the folder is not in BEIR's layout.
    """
    judged = _judgements(folder / "qrels" / f"{_SPLIT}.tsv")
    own, ids = _prepared(folder, work)
    with built(*own) as index:
        runs = _runs(index, encoder, _queries(folder, judged), ids)
        return {"documents": len(index.documents), "passages": index.size, "ranking": score(runs, judged)}


def corpus_texts(folder: Path) -> Iterator[str]:
    """The texts of a collection.

    Raises:
        UnreadableFile: the folder is not in BEIR's layout.
    """
    return (entry["text"] for entry in _lines(_file(folder, "corpus.jsonl")))


def answerable_or_not(
    folder: Path, work: Path, encoder: Encoder, names: NameClassifier | None, built: Built
) -> list[Sample]:
    """Measure the confidence's features on a collection with `unanswerable.jsonl`.

    Its lines have `text` and `about`, the corpus text for which the question was written. The part of an id before the
    last underscore is the article, which cross-validation leaves out as a whole.

    Raises:
        UnreadableFile: the folder is not in BEIR's layout, or has no such file.
    """
    judged = _judgements(folder / "qrels" / f"{_SPLIT}.tsv")
    questions = [(text, True, _article(next(iter(judged[query])))) for query, text in _queries(folder, judged).items()]
    others = _lines(_file(folder, "unanswerable.jsonl"))
    questions += [(entry["text"], False, _article(str(entry["about"]))) for entry in others]
    own, _ = _prepared(folder, work)
    with built(*own) as index:
        return samples(index, encoder, names, questions)


def _article(text_id: str) -> str:
    return text_id.rpartition("_")[0] or text_id


def _prepared(folder: Path, work: Path) -> tuple[tuple[Path, Path], dict[str, str]]:
    """Write a collection's corpus; return its folder, the folder of its index, and the corpus ids by file name."""
    corpus = _file(folder, "corpus.jsonl")
    with corpus.open("rb") as file:
        own = work / file_digest(file, "sha256").hexdigest()[:16]
    ids = _write_corpus(corpus, own / "seeds")
    return (own / "seeds", own / "index"), ids


def _runs(
    index: Index, encoder: Encoder, queries: dict[str, str], ids: dict[str, str]
) -> dict[str, dict[str, list[str]]]:
    runs: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for query, text in queries.items():
        for stage, rows in stages(rank(index, encoder, text)).items():
            documents = dict.fromkeys(passage.document_id for passage in index.passages(rows))
            runs[stage][query] = [ids[index.info(document).source] for document in documents]
    return runs


def _file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            return path
    raise UnreadableFile(f"{folder} is not in BEIR's layout: there is no {name}, nor {name}.gz.")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from (parse_json(line) for line in file if line.strip())


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                judged[row["query-id"]][row["corpus-id"]] = int(row["score"])
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UnreadableFile(f"{path} holds no judgements in BEIR's layout: {error}") from None
    return dict(judged)


def _queries(folder: Path, judged: dict[str, dict[str, int]]) -> dict[str, str]:
    queries = {str(entry["_id"]): entry["text"] for entry in _lines(_file(folder, "queries.jsonl"))}
    return {query: queries[query] for query in judged if query in queries}


def _write_corpus(corpus: Path, seeds: Path) -> dict[str, str]:
    """Write a corpus as documents; return its ids by file name."""
    ids: dict[str, str] = {}
    details = []
    fresh = not (seeds / SIDECAR).exists()  # written last
    seeds.mkdir(parents=True, exist_ok=True)
    for number, entry in enumerate(_lines(corpus)):
        name = f"{number:07d}.txt"
        ids[name] = str(entry["_id"])
        if fresh:
            title = " ".join((entry.get("title") or "").split())
            (seeds / name).write_text(entry["text"] or title or "empty", encoding="utf-8")
            if title:
                details.append(f'["{name}"]\ntitle = {json.dumps(title)}\n')
    if fresh:
        (seeds / SIDECAR).write_text("\n".join(details), encoding="utf-8")
    return ids
