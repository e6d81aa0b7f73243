"""The tables of a catalogue: one description for making them, for every statement and for a host's migrations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import sqlalchemy as sa
from sqlalchemy.schema import sort_tables_and_constraints

from crmcore.adapters.sql import ledgers
from crmcore.adapters.sql.declared import Builder, Rule, claim, fitted
from crmcore.domain.catalogue import Catalogue

CORE: Final = "core"
PREFIX: Final = "crm_"


@attrs.frozen(eq=False)
class Tables:
    """The tables, by what they hold; `sets` by (record, facet or "", field).

    `owners`: name of a table to its distribution ("core" or a plugin). `rules`: name of a constraint, or
    `declared.unique_key` of it, to what it says.
    """

    metadata: sa.MetaData
    prefix: str
    records: dict[str, sa.Table]
    parts: dict[tuple[str, str], sa.Table]
    facets: dict[tuple[str, str], sa.Table]
    sets: dict[tuple[str, str, str], sa.Table]
    versions: dict[str, sa.Table]
    owners: dict[str, str]
    rules: dict[str, Rule]
    change: sa.Table
    match_key: sa.Table
    setting: sa.Table
    consumer: sa.Table
    backlog: sa.Table
    run: sa.Table
    move: sa.Table
    chain: sa.Table

    @property
    def ledgers(self) -> tuple[sa.Table, ...]:
        """What the core keeps beside its records; a database of an older release lacks some."""
        return (self.consumer, self.backlog, self.run, self.move, self.chain)

    def of(self, distribution: str) -> list[sa.Table]:
        """The tables of one distribution."""
        return [t for t in self.metadata.tables.values() if self.owners[t.name] == distribution]

    def version(self, distribution: str) -> sa.Table:
        """The table in which Alembic keeps a distribution's revision, also of one that is not active."""
        found = self.versions.get(distribution)
        return (
            version_of(sa.MetaData(schema=self.metadata.schema), self.prefix, distribution) if found is None else found
        )


def version_of(metadata: sa.MetaData, prefix: str, distribution: str) -> sa.Table:
    """The version table of a distribution."""
    return ledgers.version_table(metadata, fitted(f"{prefix}{distribution}_version"))


def build_tables(catalogue: Catalogue, prefix: str = PREFIX, schema: str | None = None) -> Tables:
    """All tables of a catalogue; `InvalidDeclaration` for names that clash or keys that are too long to index."""
    metadata = sa.MetaData(schema=schema)
    builder = Builder(metadata, prefix)
    for record in catalogue.records.values():
        builder.record(record, record.plugin or CORE)
    for facets in catalogue.facets.values():
        for facet in facets:
            builder.facet(facet)
    versions = {}
    for distribution in (CORE, *catalogue.plugins()):
        claim(builder.owners, fitted(f"{prefix}{distribution}_version"), distribution, "the revision of its tables")
        versions[distribution] = version_of(metadata, prefix, distribution)
    for name in ("change", "match_key", "setting", "consumer", "backlog", "run", "move", "chain"):
        claim(builder.owners, prefix + name, CORE, "what the core keeps of its own")
    _open_circles(metadata)
    return Tables(
        metadata,
        prefix,
        builder.records,
        builder.parts,
        builder.facets,
        builder.sets,
        versions,
        builder.owners,
        builder.rules,
        ledgers.change_table(metadata, prefix),
        ledgers.key_table(metadata, prefix),
        ledgers.setting_table(metadata, prefix),
        ledgers.consumer_table(metadata, prefix),
        ledgers.backlog_table(metadata, prefix),
        ledgers.run_table(metadata, prefix),
        ledgers.move_table(metadata, prefix),
        ledgers.chain_table(metadata, prefix),
    )


def _open_circles(metadata: sa.MetaData) -> None:
    """Mark the foreign keys by which tables refer to each other in a circle: they are added to made tables."""
    in_order: Callable[..., Any] = sort_tables_and_constraints
    for table, keys in in_order(metadata.tables.values()):
        if table is None:
            for key in keys:
                key.use_alter = True


def include_object(prefix: str = PREFIX, schema: str | None = None) -> Callable[..., bool]:
    """For a host's Alembic (`context.configure(include_object=include_object())`): leaves our tables alone."""

    def include(item: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
        table = item if kind == "table" else getattr(item, "table", None)
        return table is None or table.schema != schema or not table.name.startswith(prefix)

    return include
