"""Processes for tests, without the threads of other tests: a forked copy would keep their locks held."""

from __future__ import annotations

import multiprocessing

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["qa.building.build"])  # imported once instead of in every process
