"""A file to a Document and its passages."""
