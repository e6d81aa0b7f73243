"""Storages that tests share."""

from tests.shared import shared, shared_mariadb, shared_memory, shared_postgres, shared_sqlite

__all__ = ["shared", "shared_mariadb", "shared_memory", "shared_postgres", "shared_sqlite"]
