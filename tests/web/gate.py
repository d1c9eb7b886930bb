"""A service that answers when a test allows it; run as a program, `qa serve` with this service."""

from __future__ import annotations

import sys
import threading

import samples_for_tests
from waiting import PATIENCE_S

from qa.web.limits.workers import THREADS


class Gate:
    """The service of the samples, whose `ask` waits until the gate is opened."""

    def __init__(self):
        self._service = samples_for_tests.service()
        self._open = threading.Event()
        self.begun = threading.Semaphore(0)
        self.asked = []

    def ask(self, question, *arguments, **options):
        self.asked.append(question)
        self.begun.release()
        assert self._open.wait(PATIENCE_S)
        return self._service.ask(question, *arguments, **options)

    def open(self):
        self._open.set()

    def wait_until_every_thread_is_taken(self):
        for _ in range(THREADS):
            assert self.begun.acquire(timeout=PATIENCE_S)

    def __getattr__(self, name):
        return getattr(self._service, name)

    def warm_up(self):
        """No warm-up."""


def main():
    """Serve; print a line when every thread waits at the gate, and open it when a line is read."""
    import qa.cli.main
    import qa.cli.open_service

    gate = Gate()
    qa.cli.open_service.open_service = lambda _: gate

    def porter():
        gate.wait_until_every_thread_is_taken()
        print("every thread waits", flush=True)
        sys.stdin.readline()
        gate.open()

    threading.Thread(target=porter, daemon=True).start()
    qa.cli.main.main(["serve"])


if __name__ == "__main__":
    main()
