"""Everything that a plugin can keep about a person, stored for one: references lead to them, personal fields are
tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from crmcore.domain.catalogue import Catalogue
from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.facet import Facet, FacetType
from crmcore.domain.field import Field
from crmcore.domain.privacy.belonging import PERSON, Belonging, belonging
from crmcore.domain.record import ENVELOPE, Record, RecordType
from crmcore.testing.plugins.drawing import Drawing
from crmcore.testing.plugins.tokens import Tokens

Given = Mapping[str, Mapping[str, Any]]


def is_token(field: Field) -> bool:
    """Whether a field is filled with a token: what it says of a person goes when they are erased."""
    return field.personal and field.on_erase == "wipe" and not field.system


class Filling:
    """Stores what one plugin keeps about one person, in one unit of work. `given` names what its author draws, `toward`
    another person, to whom the plugin's facet of this one is to refer."""

    def __init__(
        self,
        work: Any,
        drawing: Drawing,
        plugin: str,
        person: UUID,
        tokens: Tokens,
        given: Given,
        toward: UUID | None = None,
    ) -> None:
        self._work = work
        self._drawing = drawing
        self._plugin = plugin
        self._person = person
        self._tokens = tokens
        self._others = Tokens(f"{person} others")
        self._given = given
        self._toward = toward
        self._ways = {way.type.name: way for way in belonging(self.catalogue)}
        self.stored: dict[str, UUID] = {PERSON: person}

    @property
    def catalogue(self) -> Catalogue:
        """What is declared."""
        return self._drawing.catalogue

    def run(self) -> None:
        """Store one record of each type of the plugin that is about persons, and every facet of it on what is."""
        for name, way in self._ways.items():
            if way.type.options.system:
                continue
            if way.type.plugin == self._plugin:
                self._one(name)
            if (facet := self.catalogue.facet(way.type, self._plugin)) is not None:
                self._put(facet, self._one(name))

    def _one(self, name: str) -> UUID:
        """The record of that type which is about the person; it is stored if there is none yet."""
        if name not in self.stored:
            way = self._ways[name]
            for route in (*way.routes, *way.passages):
                self._one(route.target)
            self.stored[name] = self._add(way, self._drawing.record(name))
            self._drawing.ids.setdefault(name, []).append(self.stored[name])
        return self.stored[name]

    def _add(self, way: Belonging, drawn: Record) -> UUID:
        led = self._led(way, drawn)
        if way.type.plugin != self._plugin:
            return self._stored(way.type, led)
        fields = way.type.own if way.routes else ()  # without, no more than its parts and facets are about the person
        given = self._given.get(way.type.name, {})
        own = dict(self._values(way.type.name, fields, given))
        filled = evolve(led, **self._distinct(way.type, given), **own)
        try:
            with self._work.savepoint():
                return self._stored(way.type, filled)
        except InvalidRecord as error:  # its validators, or what it makes complete, want some fields otherwise
            refused = [name for name in own if name in error.problems] or list(own)
            self._tokens.forget(f"{way.type.name}.{name}" for name in refused)
            return self._stored(way.type, evolve(filled, **{name: getattr(led, name) for name in refused}))

    def _stored(self, type: RecordType, record: Record) -> UUID:
        added: Record = self._work.records(type.name).add(record)
        return added.id

    def _led(self, way: Belonging, drawn: Record) -> Record:
        """The record with references that lead to the person, and with one part of each kind."""
        values: dict[str, Any] = {}
        for route in way.routes:
            values.update(self._reference(route.field, route.target))
        for part in way.type.parts if way.type.plugin == self._plugin else ():
            if part.attribute in self._given.get(way.type.name, {}):
                continue
            fields = {**self._drawing.part(part), **self._leading(part.fields)}
            fields |= dict(self._values(f"{way.type.name}.{part.name}", part.fields, {}))
            values[part.attribute] = (part.cls(**fields),)
        return evolve(drawn, **values)

    def _distinct(self, type: RecordType, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of its own for what must be unique and is no token anyway."""
        keys = {name for key in type.options.unique for name in key} - {f.target_field for f in type.own}
        wanted = (f for f in type.own if (f.unique or f.name in keys) and f.name not in given and not is_token(f))
        made = ((f.name, self._others.of(f.name, f)) for f in wanted)
        return {name: token.value for name, token in made if token is not None}

    def _leading(self, fields: tuple[Field, ...]) -> dict[str, Any]:
        """The references of a part: to the person where they may."""
        found: dict[str, Any] = {}
        for field in fields:
            if field.kind == "reference" and field.target in (PERSON, "*"):
                found.update(self._reference(field, PERSON))
        return found

    def _reference(self, field: Field, target: str) -> dict[str, Any]:
        told = {field.target_field: target} if field.target == "*" else {}
        return {field.name: self.stored[target], **told}

    def _put(self, type: FacetType, holder: UUID) -> None:
        drawn: Facet = self._drawing.facet(type)
        given = self._given.get(f"{type.record}.{type.name}", {})
        own = dict(self._values(f"{type.record}.{type.name}", type.fields, given))
        unique = (
            (f.name, self._others.of(f.name, f)) for f in type.fields if f.unique and f.name not in {*own, *given}
        )
        drawn = evolve(drawn, **{name: token.value for name, token in unique if token is not None})
        whom = self._person if type.record != PERSON else self._toward
        led = (f for f in type.fields if f.kind == "reference" and f.target == PERSON and f.name not in given)
        drawn = evolve(drawn, **({f.name: whom for f in led} if whom else {}))
        repository = self._work.records(type.record)
        try:
            with self._work.savepoint():
                repository.put_facet(holder, evolve(drawn, **own))
        except InvalidRecord as error:
            refused = [name for name in own if type.name + "." + name in error.problems] or list(own)
            self._tokens.forget(f"{type.record}.{type.name}.{name}" for name in refused)
            kept = {name: value for name, value in own.items() if name not in refused}
            repository.put_facet(holder, evolve(drawn, **kept))

    def _values(self, place: str, fields: tuple[Field, ...], given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """The tokens of the personal fields for which nothing is given."""
        for field in fields:
            if is_token(field) and field.name not in given and field.name not in ENVELOPE:
                token = self._tokens.of(f"{place}.{field.name}", field)
                if token is not None:
                    yield field.name, token.value
