"""An index that grew by many changes gives the same answers, byte for byte, as one built at once from the same files.

Every default run does this with a few generated documents. With real texts, which takes long: `GROW_TEXTS=FILE:FILE
GROW_PASSAGES=5000 GROW_STEPS=40 SEED=7 pytest tests/test_index_growth.py -s`, where each file has gzipped lines of JSON
with `_id`, `title` and `text`; the part of `_id` before `#` names the document. Vectors are those of the tests'
word-counting encoder, and with `GROW_MODEL=1` the packaged model's.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.corpus import real_documents
from fakes import FakeEncoder, ParserHere
from whole_index import answers, contents, signals
from workshop import Workshop

import qa.building.read_files
from qa.answering.service import Service
from qa.encode import Encoder, Encoding, open_encoder
from qa.index.local.current import CurrentIndex
from qa.index.local.index_folder import current_id, versions
from qa.index.local.rollback import roll_back
from qa.settings import Settings

TEXTS = [Path(each) for each in os.environ.get("GROW_TEXTS", "").split(os.pathsep) if each]
PASSAGES = int(os.environ.get("GROW_PASSAGES", "100"))
STEPS = int(os.environ.get("GROW_STEPS", "10"))
MODEL = bool(os.environ.get("GROW_MODEL"))
SEED = int(os.environ.get("SEED", "1"))

QUESTIONS = 300 if TEXTS else 20  # asked of both indexes
ASKED_EACH_STEP = 10 if TEXTS else 3
_WORDS_A_PASSAGE = 90
_TOUCHED = 6  # most documents that a step changes, renames or removes


class RememberingEncoder:
    """Encodes each text only once, which saves time for the index that is built at once."""

    def __init__(self, encoder: Encoder, file: Path) -> None:
        self._encoder = encoder
        self._known = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._known.execute("PRAGMA synchronous = OFF")
        self._known.execute("CREATE TABLE known (text TEXT PRIMARY KEY, encoding BLOB) WITHOUT ROWID")

    def __getattr__(self, name: str) -> object:
        return getattr(self._encoder, name)

    def encode_groups(self, groups: Iterable[Sequence[str]]) -> Iterator[list[Encoding]]:
        for group in groups:
            (found,) = self._known.execute("SELECT MAX(encoding) FROM known WHERE text = ?", ("\0".join(group),))
            if found[0] is None and group:
                (encodings,) = self._encoder.encode_groups([group])
                # Of a sentence, a build uses only the vector of the whole.
                kept = encodings[:1] + [replace(each, tokens=np.empty((0, 0))) for each in encodings[1:]]
                self._known.execute("INSERT INTO known VALUES (?, ?)", ("\0".join(group), pickle.dumps(kept)))
                yield encodings
            else:
                yield pickle.loads(found[0]) if group else []


def generated(chance: random.Random) -> list[tuple[str, str]]:
    """Documents of words that are rare or frequent, as in any text."""
    words = [f"word{number}" for number in range(400)]
    weights = [1 / (number + 1) for number in range(400)]
    documents = []
    for number in range(PASSAGES // 2):
        sentences = [
            " ".join(chance.choices(words, weights, k=chance.randrange(5, 20))).capitalize() + "."
            for _ in range(chance.randrange(1, 30))
        ]
        paragraphs = [" ".join(sentences[at : at + 4]) for at in range(0, len(sentences), 4)]
        documents.append((f"text{number}.txt", "\n\n".join([f"Text {number}", *paragraphs])))
    return documents


class Growth:
    """A folder of documents that changes step by step, and its index."""

    def __init__(self, shop: Workshop, pool: list[tuple[str, str]], chance: random.Random) -> None:
        self.shop = shop
        self.done: Counter[str] = Counter()
        self.titles: dict[str, str] = {}
        self._chance = chance
        self._pool = pool
        self._words = 0
        self.said: dict[str, bytes] = {}  # the answers of each version when it was published, by its id
        self.questions = [question_of(text, chance) for _, text in chance.choices(pool, k=QUESTIONS)]

    def step(self, share: float) -> None:
        """Change some documents, add some up to a share of the pool, and build; perhaps merge or roll back."""
        self._add(share)
        for act in (self._change, self._rename, self._remove, self._describe):
            for _ in range(self._chance.randrange(_TOUCHED)):
                act()
        self.build()
        if self._chance.random() < 0.6:
            self.done["merges"] += self.shop.merge()
            assert self.answers_now() == self.said[current_id(self.shop.index)]
        if self._chance.random() < 0.25 and len({version.id for version in versions(self.shop.index)}) > 1:
            chosen = self._chance.choice(sorted({each.id for each in versions(self.shop.index)}))
            roll_back(self.shop.index, chosen)
            self.done["rollbacks"] += 1
            assert self.answers_now() == self.said[chosen]

    def build(self) -> None:
        """Build, and store the answers of the new version."""
        report = self.shop.build()
        assert not report.failed
        self.done["builds"] += 1
        if report.held_back is None:
            now = self.answers_now()
            assert self.said.setdefault(report.snapshot, now) == now

    def answers_now(self) -> bytes:
        """The results of the index for the first few questions."""
        return replies(self.shop, self.questions[:ASKED_EACH_STEP])

    def _add(self, share: float) -> None:
        while self._pool and self._words < share * PASSAGES * _WORDS_A_PASSAGE:
            name, text = self._pool.pop()
            self.shop.put(name, text)
            self._words += len(text.split())
            self.done["added"] += 1

    def _change(self) -> None:
        """Remove a paragraph, insert one from another document, or swap two."""
        path, other = self._any(), self._any()
        title, *paragraphs = path.read_text("utf-8").split("\n\n")
        at = self._chance.randrange(len(paragraphs) + 1)
        how = self._chance.randrange(3)
        if how == 0:
            paragraphs.insert(at, other.read_text("utf-8").rpartition("\n\n")[2])
        elif how == 1:
            del paragraphs[at : at + 1]
        else:
            paragraphs[:2] = paragraphs[1::-1]
        self.shop.put(str(path.relative_to(self.shop.seeds)), "\n\n".join([title, *paragraphs]))
        self.done["changed"] += 1

    def _rename(self) -> None:
        path = self._any()
        folder = self.shop.seeds / self._chance.choice(["", "moved", "moved/Far away"])
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / f"{self._chance.choice('amz')}{path.name}"
        if not target.exists():
            path.replace(target)
            self.done["renamed"] += 1

    def _remove(self) -> None:
        self._any().unlink()
        self.done["removed"] += 1

    def _describe(self) -> None:
        self.titles[str(self._any().relative_to(self.shop.seeds))] = f"Title {self._chance.randrange(1000)}"
        tables = [f'["{name}"]\ntitle = "{title}"\n' for name, title in sorted(self.titles.items())]
        self.shop.put("sources.toml", "\n".join(tables))
        self.done["described"] += 1

    def _any(self) -> Path:
        return self._chance.choice(sorted(self.shop.seeds.rglob("*.txt")))


def question_of(text: str, chance: random.Random) -> str:
    """Some neighbouring words of a text."""
    words = text.split()
    at = chance.randrange(max(1, len(words) - 8))
    return " ".join(words[at : at + chance.randrange(3, 9)])[:200]


def replies(shop: Workshop, questions: Sequence[str]) -> bytes:
    """Whole replies to questions, as JSON."""
    service = Service(shop.settings, shop.encoder, CurrentIndex.of_this_machine(shop.index, shop.encoder.fingerprint))
    try:
        return json.dumps(answers(service, questions)).encode()
    finally:
        service.close()


@pytest.mark.parametrize("token_bits", [4, 2])
def test_an_index_that_grew_answers_like_one_built_at_once(tmp_path, monkeypatch, capsys, token_bits):
    started, chance = time.monotonic(), random.Random(SEED)
    if TEXTS:
        pool = [each for file in TEXTS for each in real_documents(file)]
        chance.shuffle(pool)
    else:
        monkeypatch.setattr(qa.building.read_files, "Parser", ParserHere)
        pool = generated(chance)
    encoder = RememberingEncoder(open_encoder(Settings()), tmp_path / "encodings") if MODEL else FakeEncoder()
    shop = Workshop(tmp_path / "grown", {}, keep_snapshots=4, token_bits=token_bits)
    shop.encoder = encoder
    growth = Growth(shop, pool, chance)
    for number in range(STEPS):
        growth.step((number + 1) / STEPS)
    growth.shop.put("last.txt", "The last\n\nA document that ends what was rolled back.")
    growth.build()
    at_once = Workshop(tmp_path / "at once", {}, token_bits=token_bits)
    at_once.encoder = encoder
    shutil.rmtree(at_once.seeds)
    shutil.copytree(shop.seeds, at_once.seeds)
    at_once.build()
    with closing(shop.open_index()) as grown, closing(at_once.open_index()) as built:
        said = f"{grown.size} passages of {len(grown.documents)} documents in {grown.segments} segments"
        assert contents(grown) == contents(built)
        for question in growth.questions:
            assert signals(grown, encoder, [question]) == signals(built, encoder, [question])
    mine, others = (replies(each, growth.questions) for each in (shop, at_once))
    assert mine == others
    with capsys.disabled():
        done = ", ".join(f"{count} {what}" for what, count in sorted(growth.done.items()))
        print(
            f"\n[{said}; {STEPS} steps, seed {SEED}, tokens of {token_bits} bits: {done};"
            f" {len(growth.questions)} questions, {len(mine):,} bytes of answers equal;"
            f" {time.monotonic() - started:.0f} s]"
        )


@pytest.mark.model
def test_what_is_remembered_is_what_was_encoded(tmp_path: Path, encoder: Encoder) -> None:
    remembering = RememberingEncoder(encoder, tmp_path / "encodings")
    group = ("The pier is old. It leans.", "The pier is old.", "It leans.")
    first, second = (next(remembering.encode_groups([group])) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.vector.tobytes() == other.vector.tobytes()
    assert first[0].tokens.tobytes() == second[0].tokens.tobytes()
    assert first[0].spans.tolist() == second[0].spans.tolist()
