"""One thread for each piece of work, and OpenMP beside OpenMP. Imported before any library that brings an OpenMP.

PyTorch, FAISS and scikit-learn each carry an OpenMP runtime of their own. On macOS and Windows the second one to load
ends the process ("OMP: Error #15") unless it is allowed to stay; and where two do work in teams, they may deadlock or
fight over the cores. So the second is allowed to stay, and none of them gets a team: questions and texts run side by
side instead, each on its own thread, which is also the faster way here. What an operator has set in the environment
is left as it is; onnxruntime has threads of its own kind, and gets them by number (`qa.encode`).
"""

from __future__ import annotations

import os

os.environ.setdefault("KMP_DUPLICATE_LIB_OK", "TRUE")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # OpenBLAS, which NumPy carries, goes by it too
