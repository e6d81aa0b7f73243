"""What a database says of its tables, as plain values: two schemas are the same if these are."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa


def described(connection: sa.Connection, prefix: str) -> dict[str, Any]:
    """The tables whose names begin with a prefix, without it, in an order that does not depend on how they came."""
    look = sa.inspect(connection)
    return {
        name.removeprefix(prefix): _plain(connection, look, name, prefix)
        for name in look.get_table_names()
        if name.startswith(prefix)
    }


def _plain(connection: sa.Connection, look: sa.Inspector, name: str, prefix: str) -> dict[str, Any]:
    def bare(value: Any) -> str:
        return re.sub(rf"\b((?:ix|uq|fk|pk|ck)_)?{prefix}", r"\1", str(value))

    checks = look.get_check_constraints(name)
    return {
        "columns": sorted(
            (c["name"], str(c["type"]), bool(c["nullable"]), bare(c.get("default"))) for c in look.get_columns(name)
        ),
        "key": [bare(each) for each in sorted(look.get_pk_constraint(name).items(), key=str) if each[0] != "comment"],
        "unique": sorted((bare(u["name"]), *u["column_names"]) for u in look.get_unique_constraints(name)),
        "indexes": sorted((bare(i["name"]), bool(i["unique"]), *i["column_names"]) for i in look.get_indexes(name)),
        "references": sorted(
            (bare(f["name"]), *f["constrained_columns"], bare(f["referred_table"])) for f in look.get_foreign_keys(name)
        ),
        "checks": sorted((bare(c["name"]), re.sub(r'["`]', "", str(c["sqltext"]))) for c in checks),
        "kind": _kind(connection, name),
    }


def _kind(connection: sa.Connection, name: str) -> str:
    """What SQLite says after the columns: STRICT, WITHOUT ROWID."""
    if connection.dialect.name != "sqlite":
        return ""
    asked = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
    made = str(connection.execute(asked, {"name": name}).scalar_one())
    return " ".join(sorted(re.split(r"[\s,]+", made[made.rindex(")") + 1 :].strip())))
