"""Files to a new version of the index."""
