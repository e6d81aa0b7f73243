"""Tests of hooks in a unit of work."""
