"""The core's own tables: the change log, the match keys, the settings of the database, and what workers keep."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from crmcore.adapters.sql import types
from crmcore.domain.keys import MAX_KEY_LENGTH

LOG_COLUMNS: Final = (
    "at",
    "actor",
    "source",
    "work",
    "record",
    "id",
    "subject",
    "version",
    "operation",
    "changes",
    "digest",
    "seq",
    "position",
)
"""The columns of the log in the order of the fields of `LogEntry`."""

MARIADB: Final[dict[str, Any]] = {
    f"{name}_{option}": value
    for name in ("mysql", "mariadb")
    for option, value in (("engine", "InnoDB"), ("charset", "utf8mb4"), ("collate", types.EXACT))
}
"""What every table of ours says to MariaDB."""

_LONGTEXT: Final = types.text_type(10_000_000)


def change_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The change log. `position` is null until the pump numbers the row; the index with `seq` finds those too."""
    name = f"{prefix}change"
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Table(
        name,
        metadata,
        sa.Column("seq", whole, primary_key=True, autoincrement=True),
        sa.Column("position", whole),
        sa.Column("at", types.datetime_type(), nullable=False),
        sa.Column("actor", types.text_type(500), nullable=False),
        sa.Column("source", types.text_type(100)),
        sa.Column("work", types.id_type(), nullable=False),
        sa.Column("record", types.ascii_type(100), nullable=False),
        sa.Column("id", types.id_type(), nullable=False),
        sa.Column("subject", types.id_type()),
        sa.Column("version", types.integer_type(), nullable=False),
        sa.Column("operation", types.ascii_type(20), nullable=False),
        sa.Column("changes", _LONGTEXT, nullable=False),
        sa.Column("digest", types.ascii_type(100), nullable=False),
        sa.Index(f"ix_{name}_record", "record", "id", "seq"),
        sa.Index(f"uq_{name}_position", "position", "seq", unique=True),
        sa.Index(f"ix_{name}_subject", "subject"),
        sqlite_strict=True,
        sqlite_autoincrement=True,
        **MARIADB,
    )


def key_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The match keys, found by kind and key."""
    name = f"{prefix}match_key"
    return sa.Table(
        name,
        metadata,
        sa.Column("kind", types.ascii_type(20), nullable=False),
        sa.Column("key", types.text_type(max(MAX_KEY_LENGTH, 400)), nullable=False),
        sa.Column("record", types.ascii_type(100), nullable=False),
        sa.Column("id", types.id_type(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "record", "id", name=f"pk_{name}"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def consumer_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The consumers of the feed and the jobs: how far they are, and who is at them until when."""
    whole = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Table(
        f"{prefix}consumer",
        metadata,
        sa.Column("name", types.ascii_type(200), primary_key=True),
        sa.Column("position", whole, nullable=False),
        sa.Column("turn", whole, nullable=False),
        sa.Column("holder", types.ascii_type(100)),
        sa.Column("until", types.datetime_type()),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def backlog_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """What consumers have put aside: entries of the log by position, with what went wrong."""
    name = f"{prefix}backlog"
    return sa.Table(
        name,
        metadata,
        sa.Column("consumer", types.ascii_type(200), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("record", types.ascii_type(100), nullable=False),
        sa.Column("id", types.id_type(), nullable=False),
        *_tried(),
        sa.PrimaryKeyConstraint("consumer", "position", name=f"pk_{name}"),
        sa.Index(f"ix_{name}_record", "consumer", "record", "id", "position"),
        sa.Index(f"ix_{name}_due", "consumer", "state", "due"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def run_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The runs of jobs, one for each period."""
    name = f"{prefix}run"
    return sa.Table(
        name,
        metadata,
        sa.Column("job", types.ascii_type(200), nullable=False),
        sa.Column("key", types.ascii_type(100), nullable=False),
        sa.Column("start", types.datetime_type(), nullable=False),
        sa.Column("at", types.datetime_type(), nullable=False),
        *_tried(),
        sa.PrimaryKeyConstraint("job", "key", name=f"pk_{name}"),
        sa.Index(f"ix_{name}_start", "job", "start"),
        sa.Index(f"ix_{name}_state", "state", "job"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def _tried() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("state", types.ascii_type(20), nullable=False),
        sa.Column("attempts", types.integer_type(), nullable=False),
        sa.Column("due", types.datetime_type()),
        sa.Column("error", _LONGTEXT, nullable=False),
        sa.Column("traceback", _LONGTEXT, nullable=False),
    )


def move_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The references that merges repointed, each with what it pointed at before."""
    name = f"{prefix}move"
    return sa.Table(
        name,
        metadata,
        sa.Column("merge", types.id_type(), nullable=False),
        sa.Column("record", types.ascii_type(100), nullable=False),
        sa.Column("field", types.ascii_type(100), nullable=False),
        sa.Column("id", types.id_type(), nullable=False),
        sa.Column("no", types.integer_type(), nullable=False),
        sa.Column("before", types.id_type(), nullable=False),
        sa.PrimaryKeyConstraint("merge", "record", "field", "id", "no", name=f"pk_{name}"),
        sa.Index(f"ix_{name}_id", "id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def chain_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """The chain over the numbered log: one digest for each position."""
    return sa.Table(
        f"{prefix}chain",
        metadata,
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("digest", types.ascii_type(64), nullable=False),
        sqlite_strict=True,
        **MARIADB,
    )


def setting_table(metadata: sa.MetaData, prefix: str) -> sa.Table:
    """What the core keeps about the database."""
    return sa.Table(
        f"{prefix}setting",
        metadata,
        sa.Column("key", types.text_type(200), primary_key=True),
        sa.Column("value", _LONGTEXT, nullable=False),
        sqlite_strict=True,
        sqlite_with_rowid=False,
        **MARIADB,
    )


def version_table(metadata: sa.MetaData, name: str) -> sa.Table:
    """A table in which Alembic keeps the revision of one distribution, in Alembic's own form."""
    revision = sa.Column("version_num", sa.String(32).with_variant(mysql.VARCHAR(32), "mysql", "mariadb"))
    return sa.Table(name, metadata, revision, sa.PrimaryKeyConstraint("version_num", name=f"{name}_pkc"))
