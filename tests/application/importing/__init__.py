"""Tests of importing, through each storage."""
