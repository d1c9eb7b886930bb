"""Starts the services to measure as their users would: time to the first answer, and memory."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from bench.load import HOST

RESULTS = 5  # passages requested from every service
_START_S = 900  # time limit of a start
_STOP_S = 30


@dataclass(frozen=True, slots=True)
class Service:
    """The command and the request of a service; `{port}` in the command is replaced by the port."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    request: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Running:
    """A service that has answered: its address, its process, and the seconds until the first answer."""

    service: Service
    port: int
    process: psutil.Process
    started_s: float

    def memory(self) -> dict[str, float]:
        """Resident megabytes of all its processes, and the shares of anonymous memory and of files."""
        kilobytes = {"Rss": 0, "Anonymous": 0}
        for each in (self.process, *self.process.children(recursive=True)):
            for line in Path(f"/proc/{each.pid}/smaps_rollup").read_text().splitlines():
                name = line.partition(":")[0]
                if name in kilobytes:
                    kilobytes[name] += int(line.split()[1])
        resident, anonymous = (kilobytes[name] * 1024 / 1e6 for name in ("Rss", "Anonymous"))
        return {"resident": resident, "anonymous": anonymous, "files": resident - anonymous}


def own(index_dir: Path, seeds_dir: Path) -> Service:
    """The service of this repository, on an index."""
    environment = {"QA_INDEX_DIR": str(index_dir), "QA_SEEDS_DIR": str(seeds_dir), "QA_PORT": "{port}"}
    command = (sys.executable, "-m", "qa", "serve")
    return Service("qa", command, environment, lambda question: get(f"/api/ask?k={RESULTS}&q={quote(question)}"))


def stages_ms(server: Running, questions: list[str]) -> dict[str, float]:
    """The median time of each stage of this repository's service over some questions."""
    connection = http.client.HTTPConnection(HOST, server.port)
    laps: dict[str, list[float]] = {}
    for question in questions:
        connection.request("GET", f"/api/ask?explain=1&k={RESULTS}&q={quote(question)}")
        for stage, lap in json.load(connection.getresponse())["stages_ms"].items():
            laps.setdefault(stage, []).append(lap)
    connection.close()
    return {stage: statistics.median(each) for stage, each in laps.items()}


def get(target: str) -> str:
    """A GET request."""
    return f"GET {target} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n\r\n"


def post(target: str, data: object) -> str:
    """A POST request of JSON."""
    body = json.dumps(data)  # ASCII, so characters are bytes
    return (
        f"POST {target} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


@contextmanager
def running(service: Service, question: str) -> Iterator[Running]:
    """Start a service on a free port, and repeat one question until it is answered.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    port = _free_port()
    environment = {name: value.replace("{port}", str(port)) for name, value in service.environment.items()}
    began = time.monotonic()
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in service.command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _answers(port, service.request(question)):
            if process.poll() is not None or time.monotonic() - began > _START_S:
                raise RuntimeError(f"{service.name} does not serve; try it by hand: {' '.join(service.command)}")
            time.sleep(0.02)
        yield Running(service, port, psutil.Process(process.pid), time.monotonic() - began)
    finally:
        stop(process, _STOP_S)


def stop(process: subprocess.Popen[Any], patience_s: float) -> None:
    """Ask a server to end, and kill it if it does not."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _answers(port: int, request: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(request.encode())
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            return reply.status == http.HTTPStatus.OK and bool(reply.read())
    except (OSError, http.client.HTTPException):
        return False


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def drop_page_cache(folders: list[Path]) -> str:
    """Drop cached files, so that the next read uses the disk: all files if permitted, else those of the folders.

    Returns:
        Which of the two was done.
    """
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("1")
    except OSError:
        for path in (path for folder in folders for path in folder.rglob("*") if path.is_file()):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return "index and environment dropped from the page cache, file by file"
    return "the whole page cache dropped"
