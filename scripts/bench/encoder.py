"""The encoder's network alone: the lower bound of a service's time.

Run these in a separate process (`apart`), so that the measuring process stays small and loads no library.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import cache
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

CORES = os.cpu_count() or 1
_BATCH = 16  # texts in a padded batch; 8 and 32 were no quicker


def apart() -> ProcessPoolExecutor:
    """One new process to run functions in."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_limit_threads)


def _limit_threads() -> None:
    from qa.cli.openmp import limit_threads  # noqa: PLC0415

    limit_threads()


def called(name: str, *arguments: Any) -> Any:
    """Call a function by its full name, so that the caller need not import its dependencies."""
    module, _, function = name.rpartition(".")
    return getattr(import_module(module), function)(*arguments)


def pass_ms(questions: list[str]) -> float:
    """The median time of tokenising a question with its prompt and running the network on one thread."""
    prompted = _prompted(questions)
    _run(prompted[:1])
    times = []
    for question in prompted:
        started = time.perf_counter()
        _run([question])
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def passes_a_second(questions: list[str]) -> float:
    """Questions a second, encoded singly, with one thread for each core."""
    return len(questions) / _one_by_one(_prompted(questions))


def service_build(seeds_dir: Path, index_dir: Path) -> dict[str, float]:
    """Build a new index.

    Returns:
        `seconds` of the whole build, and `encoding` from the first encoded passage to the last, including all writes.
    """
    from qa.building.build import build  # noqa: PLC0415
    from qa.index.build_notes import Step  # noqa: PLC0415
    from qa.settings import Settings  # noqa: PLC0415

    marks: list[tuple[float, int]] = []  # time and number of encoded characters

    def note(progress: Any) -> None:
        if progress.step is Step.ENCODING:
            marks.append((time.perf_counter(), progress.done))

    report = build(Settings(seeds_dir=seeds_dir, index_dir=index_dir), note, fresh=True)
    (began, first), (ended, last) = marks[0], marks[-1]
    return {"seconds": report.seconds, "encoding": (ended - began) * last / (last - first)}


def bare_builds(texts: list[str]) -> dict[str, float]:
    """Seconds of the bare network for texts, by the way it is run."""
    by_length = sorted(texts, key=len)
    batches = [by_length[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
    return {
        f"one by one on {CORES} threads": _one_by_one(texts),
        f"sorted batches of {_BATCH} on {CORES} threads": _on_threads(_run, batches),
    }


def count_tokens(texts: list[str]) -> int:
    """The number of tokens of texts, special tokens included."""
    return sum(len(_tokenizer().encode(text).ids) for text in texts)


def _one_by_one(texts: list[str]) -> float:
    return _on_threads(lambda text: _run([text]), texts)


def _on_threads(work: Callable[[Any], None], pieces: list[Any]) -> float:
    _run(["once before it counts"])
    started = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        for _ in pool.map(work, pieces):
            pass
    return time.perf_counter() - started


def _run(texts: list[str]) -> None:
    import numpy as np  # noqa: PLC0415

    encoded = _tokenizer().encode_batch(texts)
    feed = {
        "input_ids": np.array([each.ids for each in encoded]),
        "attention_mask": np.array([each.attention_mask for each in encoded]),
        "token_type_ids": np.array([each.type_ids for each in encoded]),
    }
    _session().run(None, feed)


def _prompted(questions: list[str]) -> list[str]:
    from qa.encode.packaged_model import packaged_model  # noqa: PLC0415

    return [packaged_model().query_prompt + question for question in questions]


@cache
def _session() -> Any:
    import onnxruntime  # noqa: PLC0415

    from qa.encode.packaged_model import packaged_model  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(packaged_model().network), options)


@cache
def _tokenizer() -> Any:
    from tokenizers import Tokenizer  # noqa: PLC0415

    from qa.encode.packaged_model import packaged_model  # noqa: PLC0415

    packaged = packaged_model()
    tokenizer = Tokenizer.from_file(str(packaged.tokenizer))
    tokenizer.enable_truncation(packaged.max_tokens)
    tokenizer.enable_padding()
    return tokenizer
