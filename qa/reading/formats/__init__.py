"""Parsers of file formats, one or more modules for each."""
