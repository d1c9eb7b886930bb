"""`qa eval kp | beir | fit`: measures as a table for people, or as JSON for machines.

The measures themselves are imported when a command runs: they bring the model and scikit-learn, and every other
command parses its arguments here.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.cli.output import say, say_json
from qa.index.local.local_index import LocalIndex, open_index
from qa.settings import Settings

if TYPE_CHECKING:
    from qa.encode import Encoder
    from qa.evaluate.gold import GoldQuestion


_COLLECTION = "also fit on a collection in BEIR's layout that has unanswerable.jsonl; repeatable"


def add_parser(commands: Any) -> None:
    """Add `eval` with its own subcommands to the command line."""
    parser = commands.add_parser("eval", help="measure ranking, highlights, abstention and speed")
    kinds = parser.add_subparsers(required=True, metavar="what")

    kp = kinds.add_parser("kp", help="questions with known answers, on the current index")
    kp.add_argument("file", type=Path, help="questions in the gold format")
    kp.add_argument("--json", action="store_true", help="print JSON")
    kp.add_argument("--dump", type=Path, metavar="FILE", help="write every question's outcome, a JSON object a line")
    kp.set_defaults(command=_kp)

    beir = kinds.add_parser("beir", help="a collection in BEIR's layout, on an index of its own")
    beir.add_argument("folder", type=Path)
    beir.add_argument("--json", action="store_true", help="print JSON")
    beir.set_defaults(command=_beir)

    forms = kinds.add_parser("forms", help="whether a question has one verdict however it is typed")
    forms.add_argument("forms", type=Path, help="a JSON object a line: `question`, and `of`, the id of the same one")
    forms.add_argument("files", type=Path, nargs="+", help="questions in the gold format, with their ids")
    forms.set_defaults(command=_forms)

    fit = kinds.add_parser("fit", help="fit the confidence for the model in use")
    fit.add_argument("files", type=Path, nargs="+", help="questions in the gold format, or with `answerable` alone")
    fit.add_argument("--collection", type=Path, action="append", default=[], help=_COLLECTION)
    fit.add_argument("--out", type=Path, help="the file to write; without it confidence.json in the index folder")
    fit.set_defaults(command=_fit)


def _kp(settings: Settings, arguments: argparse.Namespace) -> int:
    from qa.evaluate.questions import ask_all, dump, report  # noqa: PLC0415

    with _opened(settings) as (index, encoder):
        asked = ask_all(index, encoder, _read(index, [arguments.file]))
        measured = report(index, asked)
        if arguments.dump:
            lines = (json.dumps(each, ensure_ascii=False) for each in dump(asked))
            arguments.dump.write_text("\n".join(lines) + "\n", encoding="utf-8")
    _print(measured, as_json=arguments.json)
    return 0


def _beir(settings: Settings, arguments: argparse.Namespace) -> int:
    from qa.encode import open_encoder  # noqa: PLC0415
    from qa.evaluate.beir import report  # noqa: PLC0415

    encoder = open_encoder(settings)
    with _builder(encoder) as built:
        measured = report(arguments.folder, settings, encoder, built)
    _print(measured, as_json=arguments.json)
    return 0


@contextmanager
def _builder(encoder: Encoder) -> Iterator[Callable[[Settings], closing[LocalIndex]]]:
    """What builds the index of some settings, with a progress bar, and opens it."""
    from qa.building.build import build  # noqa: PLC0415
    from qa.cli.progress_bars import Bars  # noqa: PLC0415

    with closing(Bars(quiet=False)) as bars:

        def built(own: Settings) -> closing[LocalIndex]:
            build(own, bars, encoder=encoder)
            return closing(open_index(own.index_dir))

        yield built


def _forms(settings: Settings, arguments: argparse.Namespace) -> int:
    from qa.answering.confidence_model import model_for  # noqa: PLC0415
    from qa.evaluate.questions import forms_report  # noqa: PLC0415

    with _opened(settings) as (index, encoder):
        model = model_for(encoder.fingerprint, settings.index_dir)
        questions = {each.id: each.question for each in _read(index, arguments.files)}
        lines = arguments.forms.read_text(encoding="utf-8").splitlines()
        pairs = [(questions[entry["of"]], entry["question"]) for entry in map(json.loads, filter(None, lines))]
        _print(forms_report(index, encoder, model, pairs), as_json=False)
    return 0


def _fit(settings: Settings, arguments: argparse.Namespace) -> int:
    from qa.answering.confidence import FEATURES  # noqa: PLC0415
    from qa.answering.confidence_model import FILE, write_model  # noqa: PLC0415
    from qa.evaluate.beir import answerable_or_not  # noqa: PLC0415
    from qa.evaluate.fitting import fit, samples  # noqa: PLC0415

    sets = {}
    with _opened(settings) as (index, encoder):
        for file in arguments.files:
            questions = ((gold.question, gold.answerable, gold.id) for gold in _read(index, [file]))
            sets[file.stem] = samples(index, encoder, questions)
        with _builder(encoder) as built:
            for folder in arguments.collection:
                sets[folder.name] = answerable_or_not(folder, settings, encoder, built)
        fitted = fit(sets, encoder.fingerprint)
        counts = {"encoder": encoder.id, **{name: len(each) for name, each in sets.items()}}
    write_model(arguments.out or settings.index_dir / FILE, fitted.model, FEATURES, counts)
    _print(fitted.report, as_json=False)
    return 0


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[LocalIndex, Encoder]]:
    from qa.encode import open_encoder  # noqa: PLC0415

    encoder = open_encoder(settings)
    with closing(open_index(settings.index_dir, weights=encoder.fingerprint)) as index:
        yield index, encoder


def _read(index: LocalIndex, files: list[Path]) -> list[GoldQuestion]:
    from qa.evaluate.gold import read_gold  # noqa: PLC0415

    documents = [index.document(info.id) for info in index.documents]
    return [question for file in files for question in read_gold(file, documents)]


def _print(measured: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(measured, indent=1)
    else:
        say(*_table(measured))


def _table(values: dict[str, Any], indent: str = "") -> Iterator[str]:
    """Nested measures as aligned lines; a dictionary of dictionaries with the same names is one table."""
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
