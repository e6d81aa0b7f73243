"""From declarations to tables: names, keys, indexes and constraints of record types, parts, sets and facets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql import types
from crmcore.adapters.sql.ledgers import MARIADB
from crmcore.domain.catalogue import CUSTOM
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import RecordType

LONGEST_NAME: Final = 60
KEY_BYTES: Final = 2600
"""What fits into an index entry on every database: PostgreSQL takes 2,704 bytes, MariaDB 3,072."""

ROW_BYTES: Final = 50_000
"""Above this sum (MariaDB takes 65,535) only short texts and indexed ones stay VARCHAR."""

ORIGIN: Final = ("source", "external_id")

ALWAYS: Final = frozenset(("id", "version", "created_at", "changed_at"))
"""Fields of the envelope that every stored record has."""


@attrs.frozen
class Rule:
    """What a constraint says: these fields (as people name them) of a record type are unique, or refer to `target`."""

    record: str
    fields: tuple[str, ...]
    target: str = ""


def fitted(name: str) -> str:
    """A name that every database takes: a long one is cut and ends in a digest of the whole."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def unique_key(table: str, columns: Iterable[str]) -> str:
    """How a rule is known by its columns, as SQLite names no constraint."""
    return f"{table}({', '.join(sorted(columns))})"


def claim(owners: dict[str, str], name: str, distribution: str, purpose: str) -> None:
    """Take the name of a table; `InvalidDeclaration` if it is taken."""
    if name in owners:
        raise InvalidDeclaration(
            f"two tables would be called {name}: one of {owners[name]!r} and one of {distribution!r}, for {purpose}; "
            "rename the record type, part, field or plugin",
            table=name,
        )
    owners[name] = distribution


@attrs.frozen
class Builder:
    """Adds tables to a metadata and remembers what each holds."""

    metadata: sa.MetaData
    prefix: str
    records: dict[str, sa.Table] = attrs.field(factory=dict)
    parts: dict[tuple[str, str], sa.Table] = attrs.field(factory=dict)
    facets: dict[tuple[str, str], sa.Table] = attrs.field(factory=dict)
    sets: dict[tuple[str, str, str], sa.Table] = attrs.field(factory=dict)
    owners: dict[str, str] = attrs.field(factory=dict)
    rules: dict[str, Rule] = attrs.field(factory=dict)
    names: dict[str, str] = attrs.field(factory=dict)

    def record(self, record: RecordType, distribution: str) -> None:
        """The table of a record type with those of its parts and sets.

        The external id stands first in its index, so that it is found without its source too.
        """
        unique = [ORIGIN, *record.options.unique, *((f.name,) for f in record.fields if f.unique)]
        indexes = _indexes(record, unique)
        indexed = {n for group in (*unique, *indexes) for n in group}
        name = self._claim(self._stem(record), distribution, f"record type {record.name}")
        columns = _columns(record.fields, indexed, ALWAYS)
        table = self.records[record.name] = self._table(name, columns, ("id",), compact=False)
        self.rules[f"pk_{name}"] = self.rules[unique_key(name, ("id",))] = Rule(record.name, ("id",))
        for group in unique:
            ordered = group[::-1] if group == ORIGIN else group
            self._unique(table, [c for n in ordered for c in _exact(record.field(n), n)], Rule(record.name, group))
        for group in indexes:
            self._index(table, group)
        for field in record.fields:
            if field.name != "id":
                self._reference(table, field, Rule(record.name, (field.name,), field.target))
        for part in record.parts:
            self._part(record, part, distribution)
        self._sets(record.name, "", record.fields, name, distribution)

    def facet(self, facet: FacetType) -> None:
        """The side table of a facet, keyed by the record's id, with those of its sets."""
        stem = f"{self.prefix}{facet.name}_{facet.record.replace('.', '_')}"
        name = self._claim(stem, facet.name, f"its facet of {facet.record}")
        indexed = {f.name for f in facet.fields if f.index or f.unique}
        columns = [_key("id"), _count("version"), *_columns(facet.fields, indexed)]
        table = self.facets[facet.record, facet.name] = self._table(name, columns, ("id",))
        whole = Rule(facet.record, (facet.name,), facet.record)
        self._foreign(table, "id", whole, cascade=facet.name == CUSTOM)
        self.rules[f"pk_{name}"] = self.rules[unique_key(name, ("id",))] = Rule(facet.record, (facet.name,))
        for field in facet.fields:
            shown = facet.dotted(field)
            if field.unique:
                self._unique(table, [*_exact(field, field.name)], Rule(facet.record, (shown,)))
            for group in _field_indexes(field, "id"):
                self._index(table, group)
            self._reference(table, field, Rule(facet.record, (shown,), field.target))
        self._sets(facet.record, facet.name, facet.fields, name, facet.name)

    def _part(self, record: RecordType, part: PartType, distribution: str) -> None:
        name = self._claim(f"{self._stem(record)}_{part.name}", distribution, f"part {part.name} of {record.name}")
        indexed = {f.name for f in part.fields if f.index}
        columns = [_key("owner"), _count("no"), *_columns(part.fields, indexed)]
        table = self.parts[record.name, part.name] = self._table(name, columns, ("owner", "no"))
        self._owner(table, "owner", record.name)
        for field in part.fields:
            for group in _field_indexes(field, "owner"):
                self._index(table, group)
            self._reference(table, field, Rule(record.name, (f"{part.name}.{field.name}",), field.target))

    def _sets(self, record: str, facet: str, fields: Iterable[Field], stem: str, distribution: str) -> None:
        for field in fields:
            if field.kind == "choices":
                name = self._claim(f"{stem}_{field.name}", distribution, f"field {field.name} of {record}")
                value = sa.Column(
                    "value", types.text_type(field.length), nullable=False, info={"bytes": 4 * field.length}
                )
                table = self._table(name, [_key("owner"), value], ("owner", "value"))
                self.sets[record, facet, field.name] = table
                own = facet == CUSTOM  # what a removed field keeps goes with the facet, though nothing knows of it
                self._foreign(table, "owner", Rule(record, ("id",), record), stem if own else "", own)
                self._index(table, ("value", "owner"))

    def _stem(self, record: RecordType) -> str:
        return self.prefix + record.name.replace(".", "_")

    def _claim(self, name: str, distribution: str, purpose: str) -> str:
        claim(self.owners, fitted(name), distribution, purpose)
        self.names[fitted(name)] = name
        return fitted(name)

    def _table(self, name: str, columns: list[sa.Column[Any]], key: tuple[str, ...], compact: bool = True) -> sa.Table:
        names = [c.name for c in columns]
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise InvalidDeclaration(f"two columns of table {name} would be called {twice[0]}; rename the field")
        table = sa.Table(
            name,
            self.metadata,
            *columns,
            sa.PrimaryKeyConstraint(*key, name=fitted(f"pk_{name}")),
            sqlite_strict=True,
            sqlite_with_rowid=not compact,
            info={"name": self.names[name]},  # before it was cut to fit
            **MARIADB,
        )
        for column in columns:
            if column.info.get("boolean"):
                test = sa.CheckConstraint(f"{column.name} IN (0, 1)", name=fitted(f"ck_{name}_{column.name}"))
                table.append_constraint(test.ddl_if(dialect="sqlite"))
        return table

    def _owner(self, table: sa.Table, column: str, record: str) -> None:
        self._foreign(table, column, Rule(record, ("id",), record))

    def _reference(self, table: sa.Table, field: Field, rule: Rule) -> None:
        if field.kind == "reference" and field.target != "*":
            self._foreign(table, field.name, rule)

    def _foreign(self, table: sa.Table, column: str, rule: Rule, holder: str = "", cascade: bool = False) -> None:
        """A foreign key to the target's table, or to `holder`; `cascade`: what refers to a row goes with it."""
        name = fitted(f"fk_{table.name}_{column}")
        target = holder or fitted(self.prefix + rule.target.replace(".", "_"))
        path = f"{target}.id" if self.metadata.schema is None else f"{self.metadata.schema}.{target}.id"
        ondelete = "CASCADE" if cascade else None
        table.append_constraint(sa.ForeignKeyConstraint([column], [path], name=name, ondelete=ondelete))
        self.rules[name] = rule

    def _unique(self, table: sa.Table, columns: list[str], rule: Rule) -> None:
        _check_length(table, columns)
        name = fitted(f"uq_{table.name}_{'_'.join(columns)}")
        table.append_constraint(sa.UniqueConstraint(*columns, name=name))
        self.rules[name] = self.rules[unique_key(table.name, columns)] = rule

    def _index(self, table: sa.Table, columns: Iterable[str]) -> None:
        names = list(columns)
        _check_length(table, names)
        sa.Index(fitted(f"ix_{table.name}_{'_'.join(names)}"), *(table.c[n] for n in names))


def _indexes(record: RecordType, unique: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The indexes of a record type; a reference that none begins with gets one, or removing its target would scan."""
    found = [tuple(c for n in group for c in _exact(record.field(n), n)) for group in record.options.indexes]
    if record.options.timeline:
        found.append((*record.options.timeline, "id"))
    for field in record.fields:
        found += _field_indexes(field, "id")
    served = {group[0] for group in (*found, *unique)}
    found += [(f.name, "id") for f in record.fields if _is_pointer(f) and f.name not in served]
    return list(dict.fromkeys(found))


def _field_indexes(field: Field, key: str) -> list[tuple[str, ...]]:
    """What `index` means for one field: its value, with the key, and its fold, by which it is sorted and searched."""
    if not field.index and not (_is_pointer(field) and key == "owner"):
        return []
    if field.kind == "money":
        return [(types.currency_name(field), field.name, key)]
    if field.kind == "text" and field.fold:
        return [(field.name, key), (types.fold_name(field), key)]
    return [] if field.kind in ("choices", "json") else [(field.name, key)]


def _is_pointer(field: Field) -> bool:
    return field.kind == "reference" and field.name != "id"


def _exact(field: Field | None, name: str) -> tuple[str, ...]:
    """The columns in which a field's value is kept as it is."""
    return types.column_names(field)[: 2 if field.kind == "money" else 1] if field else (name,)


def _columns(
    fields: tuple[Field, ...], indexed: set[str], always: frozenset[str] = frozenset()
) -> list[sa.Column[Any]]:
    texts = [f for f in fields if f.kind in ("text", "choice") and f.length <= types.VARCHAR_LIMIT]
    crowded = sum(4 * f.length * (1 + f.fold) for f in texts) > ROW_BYTES
    varchar = 50 if crowded else types.VARCHAR_LIMIT
    return [
        column
        for f in fields
        for column in types.columns(
            f, f.required or f.name in always, f.index or f.unique or f.name in indexed, varchar
        )
    ]


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, types.id_type(), nullable=False, info={"bytes": 32})


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, types.integer_type(), nullable=False, info={"bytes": 8})


def _check_length(table: sa.Table, columns: Iterable[str]) -> None:
    size = sum(table.c[name].info["bytes"] for name in columns)
    if size > KEY_BYTES:
        raise InvalidDeclaration(
            f"an index of table {table.name} over {', '.join(columns)} would have up to {size} bytes, at most "
            f"{KEY_BYTES} fit everywhere; shorten the fields (4 bytes a character) or do not index them",
            table=table.name,
        )
