"""Part of the contract of plugins: what a plugin keeps, exported from one database and imported into another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.adapters.files import open_sink
from crmcore.application.exporting import export_columns, export_records
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.record import Record, RecordType
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.crm import make_crm
from crmcore.testing.plugins.case import PluginCase, drawn


class MovingContract(PluginCase):
    """Exports and imports do not depend on the storage, so that this runs in memory alone, without hooks."""

    @drawn
    @given(data=st.data())
    def test_what_is_exported_can_be_imported(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """A record or facet of the plugin is refused or changed when its export is imported elsewhere: whoever moves to
        another database, or restores one, would lose it."""
        folder = tmp_path_factory.mktemp("moved")
        with self._silent() as one, self._silent() as other:
            with one.work("author") as work, other.work("author") as there:
                drawing = self.drawing(work, data)
                self.references(there)
                for name in self.records_of(one):
                    drawing.stored(name)
                for name in self.facets_of(one):
                    facet = one.catalogue.facet(one.catalogue.record(name), self.name)
                    assert facet is not None
                    work.records(name).put_facet(drawing.stored(name).id, drawing.facet(facet))
            for name in self._moved(one):
                report = other.import_file(_exported(one, folder, name), name, actor="author")
                assert report.rejects == (), f"{name}: {report.rejects}"
                assert kept(other, name) == kept(one, name)

    @contextmanager
    def _silent(self) -> Iterator[Crm]:
        with make_crm(plugins=self.active) as crm:
            crm.kernel.hooks = NO_HOOKS
            yield crm

    def _moved(self, crm: Crm) -> list[str]:
        """The record types to move, those first to which others refer."""
        left = [*self.facets_of(crm), *self.records_of(crm)]
        found: list[str] = []
        while left:
            free = [name for name in left if not _targets(crm.catalogue.record(name)) & (set(left) - {name})] or left[
                :1
            ]
            found += free
            left = [name for name in left if name not in free]
        return found


def _targets(type: RecordType) -> set[str]:
    return {str(f.target) for f in type.own if f.kind == "reference"}


def _exported(crm: Crm, folder: Path, record: str) -> Path:
    path = folder / f"{record}.jsonl"
    with crm.work("author") as work:
        names = export_columns(work, record, "jsonl")
        with open_sink(path, names) as sink:
            export_records(work, record, None, names, sink, "jsonl")
    return path


def kept(crm: Crm, record: str) -> list[Record]:
    """All records of a type with their facets, without what each database sets itself; a facet that says nothing is
    none."""
    with crm.work("author") as work:
        facets = [f.cls for f in crm.catalogue.facets.get(record, ())]
        found: list[Any] = list(work.records(record).stream(with_=facets))
    return [evolve(each, version=1, created_at=None, changed_at=None, facets=_telling(each)) for each in found]


def _telling(record: Any) -> dict[Any, Any]:
    held = {cls: evolve(facet, version=0) for cls, facet in record.facets.items() if facet is not None}
    return {cls: facet for cls, facet in held.items() if not _is_empty(cls, facet)}


def _is_empty(cls: Any, facet: Any) -> bool:
    try:
        return bool(facet == cls())
    except TypeError:
        return False  # it has fields that must be given
