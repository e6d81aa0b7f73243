"""Tests of plain forms and of rows read."""
