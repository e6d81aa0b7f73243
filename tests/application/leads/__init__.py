"""Leads, on every storage."""
