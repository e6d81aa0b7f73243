"""Revisions of a plugin that has changed since."""
