"""Tests of the rules for leads."""
