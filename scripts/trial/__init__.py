"""The parts of `scripts/cluster_trial.py`."""
