"""A cluster of three machines fails, grows and publishes under load; every answer is compared with one process.

    .venv/bin/python scripts/cluster_trial.py WORK [--steps NAMES] [--without-redis] [--clients N] [--seconds N]

The machines are namespaces of this one (`trial/machines.py`), and the cluster is started as docs/cluster.md says, with
two shards on two hosts each, copies on each machine's disk, and a server on each of the first two machines. WORK gets
an index of `seeds/` in three segments. Prints a table with a row for each step; `--steps` selects some of them by name,
separated by commas, in this order:

    equal    every question once
    host     three hosts are killed, one after another
    join     a third machine joins
    machine  all processes of the second machine are killed; it joins again
    publish  a build publishes a snapshot
    server   a server is killed, and started again
    head     all processes of the first machine are killed, and the head started again
    leave    Ray is stopped on the third machine
    cost     answers a second and CPU time a question, for 1, 2 and 3 shards and for one process
    down     the hosts are stopped, and then Ray on all machines; nothing may be left

Needs Linux, root, `unshare`, `nsenter`, `ip` and, unless `--without-redis` is given, `redis-server`. Exit status 1: an
answer was wrong or missing, a command failed, or something was left.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trial.cluster import Trial
from trial.load import HEAD, load
from trial.machines import BRIDGE, cpu_seconds, in_own_namespaces

MEASURED = 300  # questions in a row, more than a server keeps answers of


def equal(trial: Trial) -> None:
    """Ask every question once."""
    for number in (1, 2):
        with load([f"10.0.0.{number}"], trial.questions, 1, len(trial.questions)) as asked:
            pass
        trial.compare(f"nothing, machine {number} asked", asked)


def host(trial: Trial) -> None:
    """Kill hosts."""
    kills = [lambda number=number: trial.machines[number].kill("ray::_Host", most=1) for number in (1, 2, 1)]
    trial.under_load("three hosts killed, one after another", *kills)
    trial.wait_for_hosts()


def join(trial: Trial) -> None:
    """Have a machine join."""
    trial.under_load("a third machine joined", lambda: trial.join(3))


def machine(trial: Trial) -> None:
    """Kill a machine."""
    trial.under_load("all processes of a machine killed, its server too", trial.machines[2].kill)
    trial.wait_for_hosts()
    trial.under_load("the machine joined again, and its server started", lambda: trial.join(2), lambda: trial.serve(2))


def publish(trial: Trial) -> None:
    """Publish a snapshot."""
    (trial.seeds / "mill.txt").write_text("The Mill\n\nThe mill of Dunholm grinds rye for the hospital.\n")
    trial.under_load("a build published", trial.build)
    trial.wait_for_hosts()


def server(trial: Trial) -> None:
    """Kill a server and start it again."""
    trial.under_load(
        "a server killed and started again",
        lambda: trial.machines[1].kill("-m qa serve"),
        lambda: print(f"a server answers {trial.serve(1):.1f} s after its start"),
    )


def head(trial: Trial) -> None:
    """Kill the head's machine, and start the head again."""
    trial.under_load(
        "all processes of the head's machine killed, and the head started again",
        trial.machines[1].kill,
        lambda: trial.qa(1, "cluster", "head", "--address", "10.0.0.1"),
        may_fail=not trial.store,  # a head without its state ends the machines that it does not know
    )
    if not trial.store:
        trial.machines[2].kill("-m qa serve")
        for number in (2, 3):
            trial.join(number)
    trial.qa(1, "cluster", "up")
    for number in (1,) if trial.store else (1, 2):
        trial.serve(number)
    trial.wait_for_hosts()


def leave(trial: Trial) -> None:
    """Stop Ray on a machine."""
    trial.under_load("Ray stopped on the third machine", lambda: trial.run(3, "ray.scripts.scripts", "stop"))
    trial.wait_for_hosts()


def cost(trial: Trial) -> None:
    """Measure each number of shards in turn with one process."""
    settings = {"QA_CLUSTER_SHARDS": "2"}  # of the hosts that run
    for shards in (1, 2, 3):
        trial.machines[1].kill("-m qa serve")
        trial.qa(1, "cluster", "down", **settings)
        settings = {"QA_CLUSTER_SHARDS": str(shards)}
        trial.qa(1, "cluster", "up", **settings)
        trial.serve(1, **settings)
        for clients in (1, 8):
            for name, address in (("one process", BRIDGE), (f"{shards} shards", "10.0.0.1")) * 2:
                before = cpu_seconds()
                with load([address], trial.questions, clients, MEASURED) as asked:
                    pass
                after, count = cpu_seconds(), len(asked.seconds)
                used = ", ".join(f"{kind} {1000 * (after[kind] - before[kind]) / count:.1f}" for kind in after)
                trial.compare(f"{name}, {clients} clients, CPU ms a question: {used}", asked)


def down(trial: Trial) -> None:
    """Stop everything."""
    for each in trial.machines.values():
        each.kill("-m qa serve")
    files = trial.files()
    trial.qa(1, "cluster", "down")
    trial.qa(2, "cluster", "down", "--nodes")  # not on the head's machine, which is harder
    trial.wait_for_the_end()
    if trial.files() != files:
        trial.fault("files of the index or of the copies have changed")


STEPS = {step.__name__: step for step in (equal, host, join, machine, publish, server, head, leave, cost, down)}


def main() -> int:
    """Read the arguments, and run the steps."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", default=",".join(STEPS), help="names, separated by commas; all by default")
    parser.add_argument("--without-redis", action="store_true", help="the head keeps its state in memory only")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10, help="of load before and after what is done")
    arguments = parser.parse_args()
    in_own_namespaces()
    arguments.work.mkdir(parents=True, exist_ok=True)
    trial = Trial(arguments.work.resolve(), arguments.clients, arguments.seconds, store=not arguments.without_redis)
    print(HEAD, flush=True)
    for name in arguments.steps.split(","):
        STEPS[name](trial)
    print(f"{len(trial.faults)} faults", *trial.faults, sep="\n")
    return 1 if trial.faults else 0


if __name__ == "__main__":
    sys.exit(main())
