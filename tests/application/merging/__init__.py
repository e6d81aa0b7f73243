"""Merges, on every storage."""
