"""Lets a builder in a process of its own encode as a server does, without sentence-transformers and PyTorch.

Importing these takes nine seconds of CPU time. The vectors are the same, as `test_encode.py` shows, so tests of
builders that are killed, hang or build again put this folder on PYTHONPATH.
"""

import sys

if {"build", "watch"} & set(sys.orig_argv):
    from qa.cli.openmp import limit_threads

    limit_threads()  # as the command line does, before NumPy is imported

    import qa.encode

    qa.encode.open_encoder = qa.encode.open_question_encoder
