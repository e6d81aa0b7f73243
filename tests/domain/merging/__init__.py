"""Tests of what survives a merge."""
