"""The command `qa serve`: one or several serving processes, and with `--watch` a builder process.

Every process opens the snapshot and changes to a new one by itself. The builder is a separate process, so reading,
encoding and its errors delay no answer. It is started again when it ends; until then the servers refuse requests that
need it. They check its lock to know whether it runs (`qa.index.builder_lock`).
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from math import ceil
from types import FrameType
from typing import TYPE_CHECKING, Any

from qa.cli.log_form import LineFormatter, as_json_line
from qa.cli.output import log_as, prepare_output, start_log
from qa.cli.packages import ASSISTANTS, BUILDING, COUNTING, check_packages
from qa.cli.quote_address import base_url, open_in_browser
from qa.cli.supervision import Pace, Supervised
from qa.cli.unblocked_output import UnblockedOutput
from qa.errors import CannotOpen, InvalidSettings
from qa.index.builder_lock import STALLED_AFTER_S, builder_trouble, last_beat
from qa.index.upload_files import sweep_uploads
from qa.settings import Settings, load_settings
from qa.text.child_processes import python_path
from qa.web.limits import file_descriptors
from qa.web.request_ids import current_ids

if TYPE_CHECKING:
    from qa.answering.service import Service
    from qa.web.metrics import Metrics

_BUILDER_STARTS_WITHIN_S = 10  # then the server starts without it and reports that
_LOOK_EVERY_S = 0.05
_LOG_PATIENCE_S = 0.05  # to wait for space in the log's pipe; nothing is answered meanwhile
_BUILDER_PATIENCE_S = 1.0  # the builder's output waits in a separate thread


def application(*, with_builder: bool) -> Any:
    """The application of one of several serving processes; it opens and closes its own service."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C and ends this process
    settings = load_settings()
    prepare_output()
    _log(settings)
    return _application(settings, with_builder=with_builder)


def _application(settings: Settings, *, with_builder: bool) -> Any:
    from qa.cli.open_service import open_service  # noqa: PLC0415 - with the model, seconds that others need not wait
    from qa.web.app import create_app  # noqa: PLC0415
    from qa.web.lifespan import close_at_end  # noqa: PLC0415

    service = open_service(settings)
    _make_ready(service)
    app = create_app(service, settings, _builder_trouble(settings, with_builder=with_builder))
    close_at_end(app, service.close)
    return app


def run_serve(settings: Settings, arguments: argparse.Namespace) -> int:
    """Serve until a signal stops the server."""
    settings = _with_address(settings, arguments)
    with_builder = arguments.watch or bool(settings.admin_token)
    if with_builder:
        check_packages("The builder beside the server", BUILDING)
    if settings.mcp:
        check_packages("QA_MCP", ASSISTANTS)
    if settings.metrics:
        check_packages("QA_METRICS", COUNTING)
    _log(settings)
    file_descriptors.raise_limit()
    sweep_uploads(settings.seeds_dir)
    listener = _listener(settings)
    try:
        with _builder(settings) if with_builder else nullcontext():
            if settings.workers > 1:
                _serve_from_many(settings, listener, with_builder=with_builder, open_page=arguments.open)
            else:
                _serve_here(settings, listener, with_builder=with_builder, open_page=arguments.open)
    finally:
        listener.close()
    return 0


def _with_address(settings: Settings, arguments: argparse.Namespace) -> Settings:
    """The settings with the command's host and port, which are also put into the environment for all serving processes.

    Raises:
        InvalidSettings: the host or the port is not valid.
    """
    given = {"QA_HOST": arguments.host, "QA_PORT": arguments.port}
    os.environ.update({name: value for name, value in given.items() if value is not None})
    return load_settings() if any(value is not None for value in given.values()) else settings


def _serve_here(settings: Settings, listener: socket.socket, *, with_builder: bool, open_page: bool) -> None:
    import uvicorn  # noqa: PLC0415

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if not self.should_exit or sig != signal.SIGINT:
                super().handle_exit(sig, frame)
                return
            self.force_exit = True
            logging.getLogger("uvicorn.error").disabled = True  # requests that this ends would log tracebacks

    app = _application(settings, with_builder=with_builder)
    config = uvicorn.Config(app, **_options(settings))
    _wait_for_builder(settings, with_builder=with_builder)
    with _metrics(settings, app.state.metrics):
        _announce(listener, open_page=open_page)
        Server(config).run(sockets=[listener])


def _make_ready(service: Service) -> None:
    """Answer a few questions, so that the first client waits no longer than later ones, and free unneeded memory."""
    service.warm_up()
    gc.collect()
    gc.freeze()  # keep the garbage collector from visiting the libraries' million objects again and again
    if sys.platform == "linux":
        with suppress(AttributeError):  # other C libraries than glibc have no such call
            ctypes.CDLL(None).malloc_trim(0)  # a tenth of the process's memory, used to read the weights


def _serve_from_many(settings: Settings, listener: socket.socket, *, with_builder: bool, open_page: bool) -> None:
    import uvicorn  # noqa: PLC0415
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    class Processes(Multiprocess):
        def terminate_all(self) -> None:
            listener.close()  # otherwise new clients are accepted and wait while earlier ones are answered
            super().terminate_all()

    app = partial(application, with_builder=with_builder)
    config = uvicorn.Config(app, factory=True, workers=settings.workers, **_options(settings))
    _wait_for_builder(settings, with_builder=with_builder)
    with _metrics(settings):
        _announce(listener, open_page=open_page)
        Processes(config, [listener]).run()


@contextmanager
def _metrics(settings: Settings, here: Metrics | None = None) -> Iterator[None]:
    """Serve the metrics of this process, or of those that it starts, if QA_METRICS is set."""
    if not settings.metrics:
        yield
        return
    from qa.cli.metrics_port import metrics_port, together  # noqa: PLC0415 - an extra

    with metrics_port(settings, here.registry if here else together()) as address:
        print(f"Metrics on {address}", flush=True)
        yield


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "http": "qa.web.limits.connection:Connection",
        "ws": "none",
        "log_config": None,  # its messages go to the program's log
        "log_level": "error",  # warnings about malformed requests would fill the log
        "access_log": False,
        "server_header": False,
        "backlog": file_descriptors.backlog(),
        "timeout_worker_healthcheck": 30,  # loading the model takes long on a busy machine
        # Every accepted request is answered, or fails, within its time limit; one more second to send the reply.
        "timeout_graceful_shutdown": ceil(settings.answer_seconds) + 1,
    }


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        # Python appends the attempted operation to the system's message.
        why = (error.strerror or str(error)).partition(" (while ")[0]
        raise InvalidSettings(
            f"Cannot serve on {settings.host} port {settings.port} ({why}). Choose another by --host or --port,"
            " or by QA_HOST or QA_PORT."
        ) from None
    # Connections inherit it. asyncio sets it only on sockets created with an explicit TCP protocol number, which
    # create_server does not give; without it, a reply's body waits 40 ms for the client to acknowledge its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _announce(listener: socket.socket, *, open_page: bool) -> None:
    """Print the service's address and open it if asked; it already accepts the browser's connection."""
    host, port = listener.getsockname()[:2]
    print(f"Serving on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    if open_page:
        threading.Thread(target=_open_page, args=(base_url(host, port),), daemon=True).start()


def _open_page(address: str) -> None:
    try:
        open_in_browser(f"{address}/")
    except CannotOpen as error:
        logging.getLogger(__name__).warning("%s", error)


def _builder(settings: Settings) -> AbstractContextManager[object]:
    """A context in which a watching builder is kept running; its output goes to standard error."""
    command = [sys.executable, "-m", "qa", "watch", "--beside-server"]
    write = UnblockedOutput(sys.stderr, _BUILDER_PATIENCE_S).write
    return Supervised(
        "builder beside the server",
        command,
        {**os.environ, "PYTHONPATH": python_path(), "PYTHONIOENCODING": "utf-8"},
        (lambda line: write(as_json_line(line, "qa.builder"))) if settings.log == "json" else write,
        partial(last_beat, settings.index_dir),
        Pace(stalled_after_s=STALLED_AFTER_S),
    )


def _builder_trouble(settings: Settings, *, with_builder: bool) -> Callable[[], str | None]:
    """Return a function that says why the wanted builder is not running, or None if nothing is wrong."""
    return partial(builder_trouble, settings.index_dir) if with_builder else lambda: None


def _wait_for_builder(settings: Settings, *, with_builder: bool) -> None:
    """Wait until the builder is running, so that uploads work when the address is announced; at most a fixed time."""
    trouble = _builder_trouble(settings, with_builder=with_builder)
    until = time.monotonic() + _BUILDER_STARTS_WITHIN_S
    while trouble() and time.monotonic() < until:
        time.sleep(_LOOK_EVERY_S)


def _log(settings: Settings) -> None:
    log_as(LineFormatter(settings.log, current_ids))
    start_log(to=UnblockedOutput(sys.stderr, _LOG_PATIENCE_S))
    logging.getLogger("asyncio").addFilter(file_descriptors.ShortageFilter())
