"""Tests of fields that administrators add at run time."""
