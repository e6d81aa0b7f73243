"""Tests of how the code is built: rooms, sizes, names, and what may not be in it."""
