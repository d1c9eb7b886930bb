"""Fuzzing of a server over sockets, shared by the tests (short form) and by `scripts/fuzz.py` (long form)."""
