"""The public vocabulary: adding a name is a decision, removing one breaks somebody."""

from __future__ import annotations

import os
import subprocess
import sys

import qa


def test_the_public_names_are_these() -> None:
    assert qa.__all__ == [
        "Answer",
        "Citation",
        "Document",
        "Filters",
        "Passage",
        "QAError",
        "Quote",
        "Settings",
        "Span",
        "Verdict",
        "load_settings",
    ]


def test_every_public_name_is_there() -> None:
    assert [name for name in qa.__all__ if not hasattr(qa, name)] == []


def test_threads_are_settled_before_a_library_that_counts_them_is_imported() -> None:
    code = "import os, sys, qa; print(os.environ['OMP_NUM_THREADS'], 'numpy' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False"]
