"""The commands `qa eval kp | beir | forms | fit`: print measures as a table or as JSON.

Each command imports its own measures: fitting needs scikit-learn, ranking needs ir-measures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli.output import say, say_json
from qa.index.local.open_version import OpenVersion, open_index
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.encode import Encoder
    from qa.evaluate.gold import GoldQuestion

COLLECTIONS = "evaluation"  # in the index folder: the indexes of evaluated collections


def run_kp(settings: Settings, arguments: argparse.Namespace) -> int:
    """Measure questions with known answers on the current index."""
    from qa.evaluate.questions import ask_all, dump, report  # noqa: PLC0415

    with _opened(settings) as (index, encoder):
        asked = ask_all(index, encoder, _read(index, [arguments.file]))
        measured = report(index, asked)
        if arguments.dump:
            lines = (json.dumps(each, ensure_ascii=False) for each in dump(asked))
            arguments.dump.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _print(measured, as_json=arguments.json)
    return 0


def run_beir(settings: Settings, arguments: argparse.Namespace) -> int:
    """Measure a collection in BEIR's layout on an index of its own."""
    from qa.encode import open_encoder  # noqa: PLC0415
    from qa.evaluate.beir import report  # noqa: PLC0415

    encoder = open_encoder(settings)
    with _builder(settings, encoder) as built:
        measured = report(arguments.folder, settings.index_dir / COLLECTIONS, encoder, built)
    _print(measured, as_json=arguments.json)
    return 0


@contextmanager
def _builder(settings: Settings, encoder: Encoder) -> Iterator[Callable[[Path, Path], closing[OpenVersion]]]:
    """Return a function that builds an index from a folder of documents, with a progress bar, and opens it."""
    from qa.building.build import build  # noqa: PLC0415
    from qa.cli.progress_bars import Bars  # noqa: PLC0415

    with closing(Bars(quiet=False)) as bars:

        def built(seeds_dir: Path, index_dir: Path) -> closing[OpenVersion]:
            build(settings.model_copy(update={"seeds_dir": seeds_dir, "index_dir": index_dir}), bars, encoder=encoder)
            return closing(open_index(index_dir))

        yield built


def run_forms(settings: Settings, arguments: argparse.Namespace) -> int:
    """Measure whether different spellings of a question get the same verdict."""
    from qa.answering.confidence_model import model_for  # noqa: PLC0415
    from qa.evaluate.gold import read_forms  # noqa: PLC0415
    from qa.evaluate.questions import forms_report  # noqa: PLC0415

    with _opened(settings) as (index, encoder):
        model = model_for(encoder.fingerprint, settings.index_dir)
        questions = {each.id: each.question for each in _read(index, arguments.files)}
        _print(forms_report(index, encoder, model, read_forms(arguments.forms, questions)), as_json=False)
    return 0


def run_fit(settings: Settings, arguments: argparse.Namespace) -> int:
    """Fit the confidence for the model in use and write its numbers."""
    from qa.answering.confidence import FEATURES  # noqa: PLC0415
    from qa.answering.confidence_model import FILE, write_model  # noqa: PLC0415
    from qa.evaluate.beir import answerable_or_not, corpus_texts  # noqa: PLC0415
    from qa.evaluate.fitting import fit, samples  # noqa: PLC0415
    from qa.evaluate.name_fitting import fit_names  # noqa: PLC0415

    sets = {}
    with _opened(settings) as (index, encoder):
        texts = [text for folder in arguments.collection for text in corpus_texts(folder)]
        names = fit_names(encoder, texts or [index.document(info.id).text for info in index.documents])
        for file in arguments.files:
            questions = ((gold.question, gold.answerable, gold.id) for gold in _read(index, [file]))
            sets[file.stem] = samples(index, encoder, names, questions)
        with _builder(settings, encoder) as built:
            for folder in arguments.collection:
                sets[folder.name] = answerable_or_not(folder, settings.index_dir / COLLECTIONS, encoder, names, built)
        fitted = fit(sets, encoder.fingerprint, names)
        counts = {"encoder": encoder.id, **{name: len(each) for name, each in sets.items()}}
    write_model(arguments.out or settings.index_dir / FILE, fitted.model, FEATURES, counts)
    _print(fitted.report, as_json=False)
    return 0


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[OpenVersion, Encoder]]:
    from qa.encode import open_question_encoder  # noqa: PLC0415

    encoder = open_question_encoder(settings)
    with closing(open_index(settings.index_dir, weights=encoder.fingerprint)) as index:
        yield index, encoder


def _read(index: OpenVersion, files: list[Path]) -> list[GoldQuestion]:
    from qa.evaluate.gold import read_gold  # noqa: PLC0415

    documents = [index.document(info.id) for info in index.documents]
    return [question for file in files for question in read_gold(file, documents)]


def _print(measured: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(measured, indent=1)
    else:
        say(*_table(measured))


def _table(values: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Nested measures as aligned lines; a dictionary of dictionaries with equal keys becomes one table."""
    for name, value in values.items():
        if isinstance(value, list):
            value = {str(number): row for number, row in enumerate(value, 1)}  # noqa: PLW2901
        if not isinstance(value, dict):
            yield f"{indent}{name:28} {_shown(value)}"
            continue
        yield f"{indent}{name}"
        rows = list(value.items())
        if rows and all(isinstance(row, dict) and row.keys() == rows[0][1].keys() for _, row in rows):
            yield f"{indent}  {'':26}" + "".join(f"{column:>15}" for column in rows[0][1])
            for label, row in rows:
                yield f"{indent}  {label:26}" + "".join(f"{_shown(cell):>15}" for cell in row.values())
        else:
            yield from _table(value, indent + "  ")


def _shown(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else "-" if value is None else str(value)
