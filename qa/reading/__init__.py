"""Reads a file as a Document and its passages."""
