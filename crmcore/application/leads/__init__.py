"""Leads: their rules, and the use cases around them."""
