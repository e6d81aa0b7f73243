"""Tests of reports as documents."""
