"""Ranks the passages of an index for a question; `search` is the entry."""
