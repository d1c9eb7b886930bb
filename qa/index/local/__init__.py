"""The index of one machine, on disk."""
