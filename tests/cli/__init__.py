"""Tests of the command line: as people and programs run it."""
