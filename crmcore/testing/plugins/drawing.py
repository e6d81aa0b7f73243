"""Records drawn for a plugin: with what they refer to, and in states in which they may begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.errors import DanglingReference, DuplicateValue, IllegalTransition, InvalidRecord, StillReferenced
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.part import PartType
from crmcore.domain.record import Record, RecordType
from crmcore.testing import strategies
from crmcore.testing.ruled import RULED

REFUSALS: Final = (InvalidRecord, IllegalTransition, DuplicateValue, DanglingReference, StillReferenced)
"""With what a write may rightly be refused: by a guard (`Vetoed` is an `InvalidRecord`), a workflow or a rule."""

Given = Mapping[str, Mapping[str, SearchStrategy[Any]]]


class Drawing:
    """Draws for one unit of work. `ids`: what may be referred to, by record type; what is stored is added to it."""

    def __init__(self, work: Any, data: DataObject, ids: dict[str, list[UUID]], given: Given) -> None:
        self._work = work
        self._data = data
        self.ids = ids
        self._given = given

    @property
    def catalogue(self) -> Catalogue:
        """What is declared."""
        found: Catalogue = self._work.catalogue
        return found

    def one_of(self, choices: Sequence[Any]) -> Any:
        """One of them."""
        return self._data.draw(st.sampled_from(choices))

    def record(self, name: str) -> Record:
        """A record that could be added now; what it must refer to is stored."""
        type = self.catalogue.record(name)
        for target in _required(type):
            if not self.ids.get(target):
                self.stored(target)
        given: dict[str, Any] = {**self._begins(name, ""), **self._given.get(name, {})}
        made: Record = self._data.draw(strategies.records(type, self.ids, **given))
        return made

    def stored(self, name: str) -> Record:
        """A record that was added."""
        added: Record = self._work.records(name).add(self.record(name))
        self.ids.setdefault(name, []).append(added.id)
        return added

    def part(self, type: PartType) -> dict[str, Any]:
        """The values of a part that a record could have now; references to a record of any type are left to the
        caller."""
        drawn = (f for f in type.fields if f.target != "*")
        return {f.name: self._data.draw(strategies.values(f, self.ids)) for f in drawn}

    def facet(self, type: FacetType) -> Facet:
        """A facet that a record could get now."""
        for target in (f.target for f in type.fields if f.kind == "reference" and f.required):
            if target and not self.ids.get(target):
                self.stored(target)
        made: Facet = self._data.draw(strategies.facets(type, self.ids))
        given = {**self._begins(type.record, f"{type.name}."), **self._given.get(f"{type.record}.{type.name}", {})}
        return evolve(made, **{name: self._data.draw(values) for name, values in given.items()})

    def _begins(self, record: str, prefix: str) -> dict[str, SearchStrategy[Any]]:
        """Where workflows over the fields with this prefix let a record begin."""
        found = {}
        for (of, field), workflow in self.catalogue.workflows.items():
            name = field.removeprefix(prefix)
            if of == record and field.startswith(prefix) and "." not in name and name not in RULED.get(record, {}):
                found[name] = st.sampled_from(workflow.initial)
        return found


def _required(type: RecordType) -> Iterator[str]:
    """The record types to which a record must refer, itself or by its parts."""
    for field in (*type.fields, *(f for part in type.parts for f in part.fields)):
        if field.kind == "reference" and field.required and field.target not in ("*", type.name, None):
            yield str(field.target)
