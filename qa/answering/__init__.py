"""Ranked passages to an Answer."""
