"""Merging records that are one: which values survive, and what is remembered of it."""
