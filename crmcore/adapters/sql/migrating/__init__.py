"""Changing the tables of a database that holds rows: revisions, made from declarations and run in order."""
