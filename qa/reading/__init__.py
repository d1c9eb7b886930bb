"""Parses a file into a Document and its passages; `documents` selects the format, `parser_process` runs the parser."""
