"""The command `qa mcp`: the Model Context Protocol over standard input and output.

Standard output carries only the protocol; the log goes to standard error. The first message is answered at once: a
thread opens the model and the index, and calls wait for it.
"""

from __future__ import annotations

import argparse
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from qa.answering.service import Service
from qa.cli.open_service import open_service
from qa.cli.output import start_log
from qa.cli.quote_address import base_url
from qa.errors import QAError
from qa.settings import Settings
from qa.web.limits.workers import Workers
from qa.web.mcp.server import create_server


def run_mcp(settings: Settings, _: argparse.Namespace) -> int:
    """Serve one assistant until it closes standard input."""
    start_log()
    address = settings.public_url or base_url(settings.host, settings.port)
    with ThreadPoolExecutor(1, thread_name_prefix="opening") as opening:
        opened: Future[Service] = opening.submit(open_service, settings)
        workers = Workers(queue=settings.queue, seconds=settings.answer_seconds)
        try:
            create_server(opened.result, workers, lambda _: address).run("stdio")
        finally:
            with suppress(QAError):  # each call has returned this error to its client
                opened.result().close()
    return 0
