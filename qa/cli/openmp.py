"""Limits OpenMP to one thread, and allows several OpenMP runtimes in one process.

PyTorch, FAISS and scikit-learn each contain an OpenMP runtime. On macOS and Windows the second one to load ends the
process ("OMP: Error #15") unless a variable allows it. Two runtimes with several threads each may deadlock or compete
for the cores. So several runtimes are allowed, with one thread each. Questions and texts run in parallel instead, each
on one thread, which is also faster here. onnxruntime does not use OpenMP; `qa.encode` sets its threads.
"""

from __future__ import annotations

import os


def limit_threads() -> None:
    """Set the variables that OpenMP runtimes read, unless they are set; processes started from here inherit them.

    Call it before importing NumPy or a library with an OpenMP runtime: they read the variables only once. The command
    line calls it first; a program that imports the package must call it itself.
    """
    os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # OpenBLAS, which NumPy contains, reads it too
