"""Backups of SQLite files, and how those of servers are taken by their own tools."""
