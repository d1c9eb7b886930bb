"""The parts of `scripts/bench.py`: texts and indexes, services and peers, load, the encoder, and the page."""
