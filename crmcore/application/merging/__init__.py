"""Merging customers that are one, and taking that back."""
