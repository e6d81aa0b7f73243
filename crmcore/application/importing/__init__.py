"""Importing files: rows into records, each row with one outcome. Use the names of this module."""
