"""Tests of the storage in memory."""
