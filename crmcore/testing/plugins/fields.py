"""Part of the contract of plugins: every declared field, stored and read back. No hook is called here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.record import ENVELOPE, Record
from crmcore.testing.plugins.case import PluginCase, drawn


class FieldContract(PluginCase):
    """Records and facets of the plugin on each storage."""

    @drawn
    @given(data=st.data())
    def test_every_record_comes_back_as_it_was_stored(self, quiet: Crm, data: st.DataObject) -> None:
        """A field of a record type of the plugin loses something in a database, or what its declaration lets in is
        refused: by a validator, say. Then name values that fit in `given`."""
        name = self._one(data, self.records_of(quiet), "declares no record type")
        with quiet.work("author", dry=True) as work:
            drawing = self.drawing(work, data)
            wanted = drawing.record(name)
            added = work.records(name).add(wanted)
            type = quiet.catalogue.record(name)
            assert work.records(name).get(added.id) == added
            assert _lost(_values(type, wanted), _values(type, added)) == {}
            if not type.options.append_only:  # the log does not repeat those
                assert work.records(name).get(added.id, as_of=work.now()) == added

    @drawn
    @given(data=st.data())
    def test_every_facet_is_stored_changed_and_remembered(self, quiet: Crm, data: st.DataObject) -> None:
        """A field of a facet of the plugin loses something in a database or in its history, or what its declaration
        lets in is refused. Then name values that fit in `given`."""
        record = self._one(data, self.facets_of(quiet), "declares no facet")
        type = quiet.catalogue.facet(quiet.catalogue.record(record), self.name)
        assert type is not None
        clock: Any = quiet.kernel.clock
        with quiet.work("author", dry=True) as work:
            drawing, repository = self.drawing(work, data), work.records(record)
            holder = drawing.stored(record)
            first = drawing.facet(type)
            second = _in_the_same_states(quiet, type, drawing.facet(type), first)
            repository.put_facet(holder.id, first)
            before, _ = work.now(), clock.advance(minutes=1)
            repository.put_facet(holder.id, second)
            after, _ = work.now(), clock.advance(minutes=1)
            assert _held(work, type, holder.id) == evolve(second, version=0)
            assert _known(repository.get(holder.id, as_of=before), type) == evolve(first, version=0)
            assert _known(repository.get(holder.id, as_of=after), type) == evolve(second, version=0)
            repository.drop_facet(holder.id, type.cls)
            assert _held(work, type, holder.id) is None
            assert {n for e in repository.history(holder.id) for n in e.values() if "." in n} <= _dotted(type)

    def _one(self, data: st.DataObject, names: list[str], reason: str) -> str:
        if not names:
            pytest.skip(f"{self.name} {reason}")
        return data.draw(st.sampled_from(names))


def _values(type: Any, record: Record) -> dict[str, Any]:
    parts = {p.attribute: [p.values(each) for each in getattr(record, p.attribute)] for p in type.parts}
    return {f.name: getattr(record, f.name) for f in type.own if f.name not in ENVELOPE} | parts


def _lost(wanted: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """What is not as it was given; what was not given may be filled, by `complete`."""
    return {name: value for name, value in wanted.items() if value is not None and kept[name] != value}


def _held(work: Any, type: FacetType, id: UUID) -> Facet | None:
    return _known(work.records(type.record).get(id, with_=[type.cls]), type)


def _known(record: Record, type: FacetType) -> Facet | None:
    found = record.facets.get(type.cls)
    return None if found is None else evolve(found, version=0)


def _dotted(type: FacetType) -> set[str]:
    return {type.dotted(f) for f in type.fields}


def _in_the_same_states(crm: Crm, type: FacetType, facet: Facet, like: Facet) -> Facet:
    """The facet in the states of workflows in which another one is: from there no step is taken."""
    held = [f.name for f in type.fields if (type.record, type.dotted(f)) in crm.catalogue.workflows]
    return evolve(facet, **{name: getattr(like, name) for name in held})
