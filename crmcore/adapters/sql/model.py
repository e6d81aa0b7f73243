"""Everything about one catalogue on one backend: tables, row functions and the statements made so far."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from crmcore.adapters.sql import codecs, rowcode
from crmcore.adapters.sql.compiled import Cache, Sql, compiled, dialect_for
from crmcore.adapters.sql.faults import driver_errors
from crmcore.adapters.sql.runner import Insertion
from crmcore.adapters.sql.shapes import Encoders
from crmcore.adapters.sql.tables import build_tables
from crmcore.adapters.sql.types import Backend
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import PartType
from crmcore.domain.record import RecordType


class Model:
    """Shared by all transactions of a storage; filled as statements are first asked for."""

    def __init__(self, catalogue: Catalogue, backend: Backend, prefix: str, schema: str | None) -> None:
        self.catalogue = catalogue
        self.backend: Backend = backend
        self.tables = build_tables(catalogue, prefix, schema)
        self.dialect = dialect_for(backend)
        self.driver_errors = driver_errors(backend)
        self.parameters: Encoders = codecs.PARAMETERS[backend]
        self.selects: Cache[Any] = Cache()
        self._statements: Cache[Sql] = Cache(2000)
        self._insertions: dict[str, Insertion] = {}
        self._encoders: dict[Hashable, rowcode.Encode] = {}

    def stored_id(self, id: UUID) -> tuple[Any, ...]:
        """An id as the driver takes it, as the one parameter of a statement."""
        return (id,) if self.backend == "postgresql" else (id.hex,)

    def id_from(self, stored: Any) -> UUID:
        """The id back."""
        return stored if self.backend == "postgresql" else UUID(int=int(stored, 16))

    def statement(self, shape: Hashable, make: Callable[[], Any]) -> Sql:
        """The SQL of a shape; `make` gives the expression if it is not kept."""
        return self._statements.get(shape, lambda: compiled(self.dialect, make()))

    def insertion(self, table: sa.Table) -> Insertion:
        """How rows go into a table; each has the columns in the table's order."""
        found = self._insertions.get(table.name)
        if found is None:
            found = self._insertions[table.name] = insertion(self.dialect, table, list(table.columns))
        return found

    def sets(self, fields: Iterable[Field]) -> list[Field]:
        """The fields that are sets."""
        return [f for f in fields if f.kind == "choices"]

    def record_encoder(self, record: RecordType) -> rowcode.Encode:
        """From a record to its row."""
        return self._encoder(record.name, lambda: rowcode.record_encoder(self.backend, record))

    def part_encoder(self, record: RecordType, part: PartType) -> rowcode.Encode:
        """From (owner's id as stored, part) to the part's row."""
        return self._encoder((record.name, "part", part.name), lambda: rowcode.part_encoder(self.backend, part))

    def facet_encoder(self, facet: FacetType) -> rowcode.Encode:
        """From (record's id as stored, facet) to the facet's row."""
        return self._encoder((facet.record, "facet", facet.name), lambda: rowcode.facet_encoder(self.backend, facet))

    def value(self, field: Field) -> rowcode.Encode:
        """From a value, which may be None, to the values of its field's columns."""
        key = (field.kind, field.scale, field.length, field.fold)
        return self._encoder(key, lambda: rowcode.value_encoder(self.backend, field))

    def decoder(self, field: Field) -> rowcode.Decode:
        """From one column's value, which is never None, to the field's."""
        return self._encoder(("decode", field.kind, field.scale), lambda: rowcode.value_decoder(self.backend, field))

    def _encoder(self, key: Hashable, make: Callable[[], rowcode.Encode]) -> rowcode.Encode:
        found = self._encoders.get(key)
        if found is None:
            found = self._encoders[key] = make()
        return found


def insertion(dialect: sa.Dialect, table: sa.Table, columns: list[Any], suffix: str = "") -> Insertion:
    """How rows of these columns go in; `suffix` says what happens to a row that is there, which COPY cannot."""
    given = {c: sa.bindparam(f"p{n}", type_=c.type) for n, c in enumerate(columns)}
    insert = compiled(dialect, sa.insert(table).values(given).inline()).text + suffix
    if dialect.name != "postgresql":
        return Insertion(insert)
    quoted = dialect.identifier_preparer
    target = f"{quoted.format_table(table)} ({', '.join(quoted.quote(c.name) for c in columns)})"
    arrays = ", ".join(f"%s::{_array_type(dialect, c)}" for c in columns)
    several = " ".join(("INSERT INTO", target, "SELECT * FROM unnest(", arrays, ")", suffix))
    return Insertion(insert, several, "" if suffix else f"COPY {target} FROM STDIN")


def _array_type(dialect: sa.Dialect, column: sa.Column[Any]) -> str:
    made: Any = column.type.compile(dialect)
    return str(made).partition(" COLLATE")[0] + "[]"
