"""Storing records with their parts, sets and facets: new ones whole, changed ones by what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import attrs
import sqlalchemy as sa

from crmcore.adapters.sql.codecs import padded
from crmcore.adapters.sql.model import Model
from crmcore.adapters.sql.runner import Runner
from crmcore.adapters.sql.types import column_names
from crmcore.domain.errors import ConcurrentChange
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.part import Part, PartType
from crmcore.domain.record import Record, RecordType

AT_ONCE: Final = 512
"""How many records one statement names."""


@attrs.frozen(eq=False)
class Writer:
    """Writes on one connection."""

    model: Model
    runner: Runner

    def insert(self, record: RecordType, records: Sequence[Record]) -> None:
        """Store new records; owners before what is theirs."""
        model, store = self.model, self.runner.store
        encode = model.record_encoder(record)
        rows = [encode(each) for each in records]
        store(model.insertion(model.tables.records[record.name]), rows)
        for part in record.parts:
            encode, attribute = model.part_encoder(record, part), part.attribute
            inner = [
                encode(row[0], p) for row, each in zip(rows, records, strict=True) for p in getattr(each, attribute)
            ]
            if inner:
                store(model.insertion(model.tables.parts[record.name, part.name]), inner)
        for field in model.sets(record.fields):
            table = model.tables.sets[record.name, "", field.name]
            self._insert_set(
                table, [(row[0], v) for row, e in zip(rows, records, strict=True) for v in getattr(e, field.name)]
            )

    def update(self, record: RecordType, before: Record, after: Record) -> None:
        """Store what differs; the row first, since its version decides whether anything may be stored."""
        table = self.model.tables.records[record.name]
        self._update_versioned(table, record.fields, record.values(before), record.values(after), before, before.id)
        (owner,) = self.model.stored_id(before.id)
        for part in record.parts:
            old, new = getattr(before, part.attribute), getattr(after, part.attribute)
            if old is not new:
                self._update_parts(record, part, owner, old, new)
        self._update_sets(record, "", record.fields, owner, before, after)

    def delete(self, record: RecordType, each: Record) -> None:
        """Remove the row and all that is its own."""
        model = self.model
        table = model.tables.records[record.name]
        self.check_version(table, each.id, each.version, lock=True)
        for owner in (*self._owned(record.name), table):
            key = owner.c.owner if "owner" in owner.primary_key.columns else owner.c.id
            self.runner.run(self._deletion(owner, key), model.stored_id(each.id))

    def delete_many(self, record: RecordType, records: Sequence[Record]) -> None:
        """Remove many rows and all that is their own; the rows themselves in order, as MariaDB checks each by itself.

        What is theirs goes first: after a version that is not the stored one, the caller rolls back.
        """
        model, run = self.model, self.runner.run
        table = model.tables.records[record.name]
        known = {row[0]: row[1] for row in self._versions(table, [each.id for each in records])}
        for each in records:
            if known.get(model.stored_id(each.id)[0]) != each.version:
                self.check_version(table, each.id, each.version)
        for owner in self._owned(record.name):
            key = owner.c.owner if "owner" in owner.primary_key.columns else owner.c.id
            for given in self._listed(records):
                run(self._deletion_of(owner, key, len(given)), given)
        self.runner.many(self._deletion(table, table.c.id), [model.stored_id(each.id) for each in records])

    def _owned(self, record: str) -> list[sa.Table]:
        tables = self.model.tables
        owned = [t for (name, _, _), t in tables.sets.items() if name == record]
        owned += [t for (name, _), t in tables.parts.items() if name == record]
        return owned + [t for (name, _), t in tables.facets.items() if name == record]

    def _listed(self, records: Sequence[Record]) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(records), AT_ONCE):
            yield padded(tuple(self.model.stored_id(r.id)[0] for r in records[start : start + AT_ONCE]))

    def _versions(self, table: sa.Table, ids: Sequence[UUID]) -> list[tuple[Any, ...]]:
        """(id as stored, version) of these rows, which keep them until the transaction ends."""
        found: list[tuple[Any, ...]] = []
        for start in range(0, len(ids), AT_ONCE):
            given = padded(tuple(self.model.stored_id(id)[0] for id in ids[start : start + AT_ONCE]))

            def make(count: int = len(given)) -> Any:
                listed = table.c.id.in_([sa.bindparam(f"p{n}", type_=table.c.id.type) for n in range(count)])
                return sa.select(table.c.id, table.c.version).where(listed).with_for_update()

            found += self.runner.fetch(self.model.statement(("versions", table.name, len(given)), make).text, given)
        return found

    def _deletion_of(self, table: sa.Table, key: sa.Column[Any], count: int) -> str:
        def make() -> Any:
            return sa.delete(table).where(key.in_([sa.bindparam(f"p{n}", type_=key.type) for n in range(count)]))

        return self.model.statement(("delete many", table.name, count), make).text

    def insert_facets(self, record: RecordType, facet: FacetType, rows: Sequence[tuple[UUID, Facet]]) -> None:
        """Store facets of records that have none."""
        model = self.model
        encode = model.facet_encoder(facet)
        stored = [encode(*model.stored_id(id), each) for id, each in rows]
        self.runner.store(model.insertion(model.tables.facets[record.name, facet.name]), stored)
        for field in model.sets(facet.fields):
            table = model.tables.sets[record.name, facet.name, field.name]
            pairs = zip(stored, rows, strict=True)
            self._insert_set(table, [(row[0], v) for row, (_, each) in pairs for v in getattr(each, field.name)])

    def update_facet(self, record: RecordType, facet: FacetType, id: UUID, before: Facet, after: Facet) -> None:
        """Store what differs."""
        table = self.model.tables.facets[record.name, facet.name]
        version = Field(kind="integer", name="version")
        old, new = (*facet.values(before), before.version), (*facet.values(after), after.version)
        self._update_versioned(table, (*facet.fields, version), old, new, before, id)
        (owner,) = self.model.stored_id(id)
        self._update_sets(record, facet.name, facet.fields, owner, before, after)

    def delete_facet(self, record: RecordType, facet: FacetType, id: UUID, before: Facet) -> None:
        """Remove a record's facet with its sets."""
        tables = self.model.tables
        table = tables.facets[record.name, facet.name]
        self.check_version(table, id, before.version, lock=True)
        for field in self.model.sets(facet.fields):
            inner = tables.sets[record.name, facet.name, field.name]
            self.runner.run(self._deletion(inner, inner.c.owner), self.model.stored_id(id))
        self.runner.run(self._deletion(table, table.c.id), self.model.stored_id(id))

    def check_version(self, table: sa.Table, id: UUID, version: int, lock: bool = False) -> None:
        """`ConcurrentChange` unless the row has this version; `lock`: it keeps it until the transaction ends."""

        def make() -> Any:
            found = sa.select(table.c.version).where(table.c.id == sa.bindparam("p0", type_=table.c.id.type))
            return found.with_for_update() if lock else found

        rows = self.runner.fetch(
            self.model.statement(("version", table.name, lock), make).text, self.model.stored_id(id)
        )
        found = rows[0][0] if rows else None
        if found == version:
            return
        now = "it is gone" if found is None else f"it has version {found} now"
        raise ConcurrentChange(
            f"{id} was read in version {version} and {now}: read it again and repeat the change",
            id=str(id),
            expected=version,
            found=found,
        )

    def _update_versioned(
        self,
        table: sa.Table,
        fields: Sequence[Field],
        old: tuple[Any, ...],
        new: tuple[Any, ...],
        before: Any,
        id: UUID,
    ) -> None:
        changed = self._changed(fields, old, new)
        if not changed:
            self.check_version(table, id, before.version)
            return
        key = (*self.model.stored_id(id), before.version)
        if self._update(table, changed, ("id", "version"), key) == 0:
            self.check_version(table, id, before.version)

    def _changed(self, fields: Sequence[Field], old: tuple[Any, ...], new: tuple[Any, ...]) -> list[tuple[Field, Any]]:
        return [
            (f, b)
            for f, a, b in zip(fields, old, new, strict=True)
            if f.kind != "choices" and (a != b or (f.kind == "json" and self._differs(f, a, b)))
        ]

    def _differs(self, field: Field, old: Any, new: Any) -> bool:
        """Python takes 1, True and 1.0 for equal, JSON does not."""
        encode = self.model.value(field)
        return encode(old) != encode(new)

    def _update_parts(
        self, record: RecordType, part: PartType, owner: Any, old: tuple[Part, ...], new: tuple[Part, ...]
    ) -> None:
        table = self.model.tables.parts[record.name, part.name]
        known = {p.no: p for p in old}
        kept = {p.no for p in new}
        if gone := [(owner, no) for no in known if no not in kept]:
            self.runner.many(self._deletion(table, table.c.owner, table.c.no), gone)
        for each in new:
            was = known.get(each.no, each)
            if changed := self._changed(part.fields, part.values(was), part.values(each)):
                self._update(table, changed, ("owner", "no"), (owner, each.no))
        encode = self.model.part_encoder(record, part)
        if added := [encode(owner, each) for each in new if each.no not in known]:
            self.runner.store(self.model.insertion(table), added)

    def _update_sets(
        self, record: RecordType, facet: str, fields: Sequence[Field], owner: Any, before: Any, after: Any
    ) -> None:
        for field in self.model.sets(fields):
            old, new = getattr(before, field.name), getattr(after, field.name)
            if old != new:
                table = self.model.tables.sets[record.name, facet, field.name]
                if gone := [(owner, v) for v in sorted(old - new)]:
                    self.runner.many(self._deletion(table, table.c.owner, table.c.value), gone)
                self._insert_set(table, [(owner, v) for v in sorted(new - old)])

    def _insert_set(self, table: sa.Table, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self.runner.store(self.model.insertion(table), rows)

    def _update(
        self, table: sa.Table, changed: list[tuple[Field, Any]], names: tuple[str, ...], key: tuple[Any, ...]
    ) -> int:
        """UPDATE these fields where the columns `names` have the values `key`; how many rows there were."""

        def make() -> Any:
            columns = [table.c[n] for f, _ in changed for n in column_names(f)]
            numbered = [
                sa.bindparam(f"p{n}", type_=c.type) for n, c in enumerate((*columns, *(table.c[n] for n in names)))
            ]
            held = [table.c[n] == p for n, p in zip(names, numbered[len(columns) :], strict=True)]
            return sa.update(table).values(dict(zip(columns, numbered, strict=False))).where(*held)

        sql = self.model.statement(("update", table.name, tuple([f.name for f, _ in changed])), make)
        values = [v for field, value in changed for v in self.model.value(field)(value)]
        return self.runner.run(sql.text, sql.arrange((*values, *key)))

    def _deletion(self, table: sa.Table, *key: sa.Column[Any]) -> str:
        def make() -> Any:
            return sa.delete(table).where(*[c == sa.bindparam(f"p{n}", type_=c.type) for n, c in enumerate(key)])

        return self.model.statement(("delete", table.name, tuple(c.name for c in key)), make).text
