"""A cluster of three machines with two servers, and one process with the same index to compare them with."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from trial.load import PORT, Asked, load, reply, snapshot_of
from trial.machines import BRIDGE, Machine, connect

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 600  # longest time of a command or a start, on a busy machine
FORMS = ("{}", "please tell me: {}", "{} (please)")  # for more questions than two servers keep answers of
END_S = 60  # for processes that were told to end
HEAD, STORE = "10.0.0.1:6379", f"{BRIDGE}:6390"


class Trial:
    """The machines and their servers; one process on this side of the bridge."""

    def __init__(self, work: Path, clients: int, seconds: float, *, store: bool) -> None:
        """Build the index, and start the machines, the cluster and the servers.

        Args:
            work: The folder for everything.
            clients: The number of clients that ask at once.
            seconds: How long they ask before and after something is done.
            store: Whether the head keeps its state in a Redis.
        """
        self.work, self.clients, self.seconds, self.store = work, clients, seconds, store
        self.faults: list[str] = []
        self.seeds = work / "seeds"
        lines = (ROOT / "tests/golden/verdicts.jsonl").read_text(encoding="utf-8").splitlines()
        asked = dict.fromkeys(json.loads(line)["question"] for line in lines)
        self.questions = [form.format(question) for form in FORMS for question in asked]
        self.expected: dict[tuple[str, bytes], bytes] = {}
        addresses = [BRIDGE, *(f"10.0.0.{number}" for number in (1, 2, 3))]
        self._alone = {"QA_INDEX_DIR": str(work / "index"), "QA_SEEDS_DIR": str(self.seeds), "PYTHONPATH": str(ROOT)}
        self._alone |= {"QA_HOST": "0.0.0.0", "QA_ALLOWED_HOSTS": ",".join(addresses)}  # noqa: S104 - of a namespace
        self._together = self._alone | {
            "QA_CLUSTER": HEAD,
            "QA_CLUSTER_SHARDS": "2",
            "QA_CLUSTER_REPLICAS": "2",
            "QA_CLUSTER_COPIES": str(work / "disk/copies"),
            "QA_CLUSTER_TOKEN_PATH": str(self._token()),
            "QA_CLUSTER_PREPARE_SECONDS": str(LIMIT_S),
        }
        connect()
        self._begin_alone()
        if store:
            self._begin_store()
        self.machines = {number: Machine(number, work) for number in (1, 2, 3)}
        self.qa(1, "cluster", "head", "--address", "10.0.0.1")
        self.join(2)
        self.qa(1, "cluster", "up")
        for number in (1, 2):
            self.serve(number)

    def _token(self) -> Path:
        token = self.work / "token"
        token.write_text(secrets.token_hex(32))
        token.chmod(0o600)
        return token

    def _begin_alone(self) -> None:
        """Build an index of three segments, serve it by one process, and ask that all questions."""
        self.seeds.mkdir(exist_ok=True)
        for names in ("000*", "00[1-2]*", "*"):
            for source in sorted((ROOT / "seeds").glob(names)):
                shutil.copy(source, self.seeds)
            self.build()
        self._start_here([sys.executable, "-m", "qa", "serve"], self._alone)
        self._wait_for(BRIDGE)
        self._remember()

    def _begin_store(self) -> None:
        password = secrets.token_hex(8)
        self._together |= {"RAY_REDIS_ADDRESS": STORE, "RAY_REDIS_PASSWORD": password}
        host, _, port = STORE.partition(":")
        files = ("--dir", str(self.work), "--appendonly", "yes", "--appenddirname", "redis")
        shutil.rmtree(self.work / "redis", ignore_errors=True)
        reached = ("--bind", host, "--port", port, "--requirepass", password, "--protected-mode", "no")
        self._start_here(["redis-server", *reached, *files], {})

    def _start_here(self, command: list[str], environment: Mapping[str, str]) -> None:
        with (self.work / "here.log").open("ab") as log:
            subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log)

    def build(self) -> None:
        """Publish the documents."""
        command = [sys.executable, "-m", "qa", "build", "--quiet"]
        subprocess.run(command, env=os.environ | self._alone, check=True, stdout=subprocess.DEVNULL)

    def run(self, number: int, module: str, *arguments: str, **settings: str) -> None:
        """Run a module on a machine with some other settings, and record if it fails."""
        log = self.work / "command.log"
        log.unlink(missing_ok=True)
        began = time.monotonic()
        command = [sys.executable, "-m", module, *arguments]
        ended = self.machines[number].start(command, self._together | settings, log).wait(LIMIT_S)
        print(f"{time.monotonic() - began:.1f} s on machine {number}: {module} {' '.join(arguments)}", flush=True)
        if ended:
            self.fault(f"{module} {' '.join(arguments)} ended with {ended}: {log.read_text(errors='replace').strip()}")

    def qa(self, number: int, *arguments: str, **settings: str) -> None:
        """Run a command of this project on a machine."""
        self.run(number, "qa", *arguments, **settings)

    def join(self, number: int) -> None:
        """Have a machine join."""
        self.qa(number, "cluster", "join", HEAD, "--address", f"10.0.0.{number}")

    def serve(self, number: int, **settings: str) -> float:
        """Start a server on a machine; returns the seconds until it answers."""
        command, log = [sys.executable, "-m", "qa", "serve"], self.work / f"server{number}.log"
        self.machines[number].start(command, self._together | settings, log)
        return self._wait_for(f"10.0.0.{number}")

    def files(self) -> list[Path]:
        """The files of the index, of the copies and of the documents."""
        folders = [self.work / "index", self.seeds, *self.work.glob("machine*/disk")]
        return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())

    def fault(self, what: str) -> None:
        """Record something that must not happen."""
        self.faults.append(what)
        print(f"FAULT: {what}", flush=True)

    def wait_for_hosts(self) -> None:
        """Wait until the servers report that every host has the current snapshot open."""
        began = time.monotonic()
        while not all(host["current"] for host in self._hosts()):
            if time.monotonic() - began > LIMIT_S:
                return self.fault("some hosts have not come back")
            time.sleep(0.5)
        return print(f"all hosts are current after another {time.monotonic() - began:.1f} s", flush=True)

    def wait_for_the_end(self) -> None:
        """Wait until no machine has a process, and record those that do not end."""
        began = time.monotonic()
        while left := [f"{each.name}: {one}" for each in self.machines.values() for one in each.processes().values()]:
            if time.monotonic() - began > END_S:
                return self.fault(f"still running: {left}")
            time.sleep(0.5)
        return print(f"no process is left after another {time.monotonic() - began:.1f} s", flush=True)

    def _hosts(self) -> list[dict[str, Any]]:
        for number in (2, 1):
            try:
                with urlopen(f"http://10.0.0.{number}:{PORT}/api/index", timeout=LIMIT_S) as got:
                    return [host for shard in json.load(got)["shards"] for host in shard["hosts"]]
            except (OSError, HTTPException):
                continue
        return [{"current": False}]

    def _wait_for(self, address: str) -> float:
        began = time.monotonic()
        while time.monotonic() - began < LIMIT_S:
            try:
                if reply(address, "who")[0] == 200:
                    return time.monotonic() - began
            except (OSError, HTTPException):
                time.sleep(0.1)
        raise TimeoutError(f"no answer from {address}")

    def _remember(self) -> None:
        """Ask one process all questions about its current snapshot."""
        for question in self.questions:
            _, body = reply(BRIDGE, question)
            self.expected[question, snapshot_of(body)] = body

    def under_load(self, name: str, *actions: Callable[[], object], may_fail: bool = False) -> None:
        """Do something while clients ask both servers, and print what they got; `may_fail` as of `compare`."""
        with load(["10.0.0.1", "10.0.0.2"], self.questions, self.clients) as asked:
            time.sleep(self.seconds)
            for act in actions:
                act()
                time.sleep(self.seconds)
        self.compare(name, asked, may_fail=may_fail)

    def compare(self, name: str, asked: Asked, *, may_fail: bool = False) -> None:
        """Compare the answers with those of one process, and print the row of a step.

        Args:
            name: What was done.
            asked: The answers.
            may_fail: Whether questions without an answer are no fault.
        """
        if any((question, snapshot_of(body)) not in self.expected for question, body in asked.replies):
            self._remember()
        wrong = sum(self.expected.get((question, snapshot_of(body))) != body for question, body in asked.replies)
        print(asked.row(name, wrong), flush=True)
        if wrong or (asked.failures and not may_fail):
            self.fault(f"{name}: {wrong} wrong, {sum(asked.failures.values())} failed")
