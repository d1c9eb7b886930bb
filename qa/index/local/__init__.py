"""The index of one machine, on disk: segments, versions, and their publication."""
