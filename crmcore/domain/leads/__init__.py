"""Leads: scoring, qualification, prediction and assignment, as pure functions."""
