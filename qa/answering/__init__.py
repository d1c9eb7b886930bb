"""Turns ranked passages into an Answer: quotes, citations, a confidence and a verdict."""
