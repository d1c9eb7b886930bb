"""Makes an Answer of ranked passages."""
