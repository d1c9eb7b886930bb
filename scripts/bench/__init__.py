"""What `scripts/bench.py` is made of: texts and indexes, services and peers, load, the encoder, and the page."""
