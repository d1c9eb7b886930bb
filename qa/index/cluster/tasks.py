"""Runs a function on the machines of a cluster, once for each argument.

Ray repeats a task whose process or machine is lost. An error raised by the function ends all tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from qa.errors import BuildFailed
from qa.index.cluster.actors import engine

_RETRIES = 3  # repetitions of a task whose process or machine is lost
_LOOK_EVERY_S = 10.0  # interval between checks that a machine is available

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def run_tasks(work: Callable[[_Given], _Made], tasks: Sequence[_Given]) -> Iterator[tuple[int, _Made]]:
    """Run all tasks, each on one core of some machine.

    Args:
        work: A function of a module that every machine has.
        tasks: Its arguments.

    Yields:
        The number of a task and its result, in the order of completion.

    Raises:
        BuildFailed: no machine is available, or a task was lost too often.
        Exception: any error of `work`.
    """
    remote = engine.remote(num_cpus=1, max_retries=_RETRIES)(work)
    waiting = {remote.remote(task): number for number, task in enumerate(tasks)}
    try:
        while waiting:
            done, _ = engine.wait(list(waiting), timeout=_LOOK_EVERY_S)
            if not done and not engine.cluster_resources().get("CPU"):
                raise BuildFailed("No machine of the cluster is available for the build.", for_now=True)
            for reference in done:
                number = waiting.pop(reference)
                yield number, _result(reference)
    finally:
        for reference in waiting:
            with suppress(engine.exceptions.RayError):
                engine.cancel(reference, force=True)


def _result(reference: Any) -> Any:
    try:
        return engine.get(reference)
    except engine.exceptions.RayTaskError as error:
        raise error.cause from None
    except engine.exceptions.RayError as error:
        told = str(error).strip().partition("\n")[0]
        raise BuildFailed(f"A part of the build was lost too often ({told}).", for_now=True) from None
