"""Documents to index and questions to ask.

A server gets no question twice, so none is answered from a cache: there are more than any run uses.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import product
from pathlib import Path

_WORDS_A_PASSAGE = 100  # of textbooks, approximate; estimates the number of documents
_SEED = 20261122
_OPENINGS = (
    *("", "Please tell me: ", "Can you tell me: ", "I would like to know: ", "Quick question: ", "Do you know: "),
    *("Help me with this: ", "I am wondering: ", "For a report: ", "In short: ", "One more thing: ", "Hello, "),
    *("My colleague asks: ", "To be exact: ", "A reader asks: "),
)
_ENDINGS = (
    *("", ", please", " and where does it say so", " according to the documents", " as far as the texts say"),
    " in a few words",
)


@dataclass(frozen=True, slots=True)
class Index:
    """An index to serve: its folder, its documents, and whether its passages are real."""

    folder: Path
    seeds: Path
    real: bool
    documents: int
    passages: int

    @property
    def version(self) -> str:
        """The name of the current version."""
        return (self.folder / "CURRENT").read_text().strip()

    @property
    def exported(self) -> Path:
        """The file of its passages, lines of JSON with `id` and `text`."""
        return self.folder.with_name(f"{self.version}.jsonl")

    def disk(self) -> dict[str, int]:
        """Bytes of its segments, by the names of their files."""
        version = json.loads((self.folder / "versions" / f"{self.version}.json").read_bytes())
        sizes: Counter[str] = Counter()
        for segment in version["segments"]:
            for path in (self.folder / "segments" / segment["id"]).iterdir():
                sizes[path.name] += path.stat().st_size
        return dict(sorted(sizes.items()))


def real_documents(texts: Path) -> list[tuple[str, str]]:
    """File names and contents of the documents of a bench file, shuffled so that the first few cover all subjects."""
    parts: dict[str, list[dict[str, str]]] = {}
    with gzip.open(texts, "rt", encoding="utf-8") as lines:
        for line in lines:
            part = json.loads(line)
            parts.setdefault(part["_id"].split("#")[0], []).append(part)
    documents = [
        (f"{name.replace('/', '_')}.txt", "\n\n".join([these[0]["title"], *(part["text"] for part in these)]))
        for name, these in sorted(parts.items())
    ]
    random.Random(_SEED).shuffle(documents)  # noqa: S311 - the same order every time is wanted
    return documents


def expected_passages(documents: list[tuple[str, str]]) -> int:
    """The approximate number of passages of documents."""
    return sum(len(text.split()) for _, text in documents) // _WORDS_A_PASSAGE


def real_index(work: Path, documents: list[tuple[str, str]], passages: int) -> Index:
    """An index of about so many real passages, which reuses the vectors of smaller ones."""
    folder, seeds = work / f"real-{passages}", work / f"documents-{passages}"
    if not folder.exists():
        smaller = [path for path in work.glob("real-*[0-9]") if int(path.name[5:]) < passages and path.is_dir()]
        if smaller:  # segments never change, so links are safe
            nearest = max(smaller, key=lambda path: int(path.name[5:]))
            shutil.copytree(
                nearest,
                folder,
                copy_function=os.link,
                ignore=shutil.ignore_patterns("build.lock", "journal*", "files.sqlite*"),
            )
    seeds.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, text in documents:
        if count >= passages * _WORDS_A_PASSAGE:
            break
        count += len(text.split())
        if not (seeds / name).exists():
            (seeds / name).write_text(text, encoding="utf-8")
    return built(folder, seeds)


def built(folder: Path, seeds: Path) -> Index:
    """The index that `qa build` makes of a folder of documents."""
    environment = {"QA_INDEX_DIR": str(folder), "QA_SEEDS_DIR": str(seeds), "QA_KEEP_SNAPSHOTS": "1"}
    subprocess.run([sys.executable, "-m", "qa", "build"], env={**os.environ, **environment}, check=True)
    report = json.loads((folder / "report.json").read_bytes())
    return Index(folder, seeds, real=True, documents=report["documents"], passages=report["passages"])


def questions(files: list[Path], passages: Path | None) -> list[str]:
    """Very many distinct questions: those of the files, and short sentences of passages, in several phrasings.

    Args:
        files: Lines of JSON with a `question`.
        passages: Lines of JSON with a `text`; None for only the files' questions.
    """
    asked = [json.loads(line)["question"] for file in files for line in file.read_text().splitlines()]
    if passages:
        texts = [json.loads(line)["text"] for line in passages.read_text().splitlines()]
        firsts = (text.partition(". ")[0].rstrip(".") for text in random.Random(_SEED).sample(texts, len(texts)))  # noqa: S311
        fitting = (first for first in firsts if 6 <= len(first.split()) <= 14 and first[-1].isalnum())
        asked += [
            f"Is it true that {first[0].lower()}{first[1:]}?" for first, _ in zip(fitting, range(1000), strict=False)
        ]
    asked = list(dict.fromkeys(asked))
    random.Random(_SEED).shuffle(asked)  # noqa: S311
    turns = list(product(_OPENINGS, _ENDINGS))
    # In the k-th round every question gets another phrasing than its neighbours, and none that it had before.
    return [
        f"{opening}{question.rstrip('?')}{ending}?"
        for k in range(len(turns))
        for place, question in enumerate(asked)
        for opening, ending in [turns[(k + place) % len(turns)]]
    ]
