"""Builds a new version of the index from the documents' folder; `build` is the entry."""
