"""The storage on SQLite, PostgreSQL (psycopg) and MariaDB (PyMySQL)."""

from crmcore.adapters.sql.engine import own_engine, prepare
from crmcore.adapters.sql.source import SqlSource
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.adapters.sql.tables import include_object

__all__ = ["SqlSource", "SqlStorage", "include_object", "own_engine", "prepare"]
