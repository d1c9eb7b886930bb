"""Processes for tests, without the threads that other tests have started: their locks would stay held in a copy."""

from __future__ import annotations

import multiprocessing

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["qa.building.build"])  # once, rather than in every process
