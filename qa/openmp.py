"""Limits OpenMP to one thread, and lets several OpenMP runtimes stand side by side.

PyTorch, FAISS and scikit-learn each carry an OpenMP runtime of their own. On macOS and Windows the second one to load
ends the process ("OMP: Error #15") unless it is allowed to stay; and where two do work in teams, they may deadlock or
fight over the cores. So the second is allowed to stay, and none of them gets a team: questions and texts run side by
side instead, each on its own thread, which is also the faster way here. onnxruntime has threads of its own kind, and
gets them by number (`qa.encode`).
"""

from __future__ import annotations

import os


def limit_threads() -> None:
    """Set the variables that OpenMP runtimes read, unless they are set; processes started from here inherit them.

    To be called before NumPy or any library with an OpenMP runtime is imported: they read the variables only once. The
    command line does so first of all; a program that uses the package as a library has to do so itself.
    """
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # OpenBLAS, which NumPy carries, goes by it too
