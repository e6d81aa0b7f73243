"""Part of the contract of plugins: what a plugin keeps about a person is handed out to them, and erased."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.privacy.belonging import PERSON, belonging
from crmcore.plugins.registry import load
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.filling import Filling, is_token
from crmcore.testing.plugins.places import Place
from crmcore.testing.plugins.tokens import Token, Tokens, found_in

REASON: Final = "asked for by the person"


@attrs.frozen(eq=False)
class Known:
    """A person about whom the plugin keeps something: tokens in personal fields, and records by type."""

    id: UUID
    tokens: tuple[Token, ...]
    stored: dict[str, UUID]


class ForgettingContract(PluginCase):
    """Persons on each storage, with the plugin and after it was switched off."""

    def let_go(self, work: Any, person: UUID) -> None:
        """End what the plugin holds back from the erasure of this person: close what is open, say. A plugin that holds
        nothing back needs none; where this does nothing, what is held is only looked at in the answer."""

    def test_personal_data_leads_to_its_person(self) -> None:
        """The plugin declares personal fields of a record type from which no reference leads to a customer: nobody
        could find what is kept about a person there, to hand it out or to erase it. Give the record type a reference to
        the customer, or to what belongs to one; what has to stay is declared with `on_erase="keep"` and a reason."""
        catalogue = load(self.active).catalogue
        ways = {way.type.name: way for way in belonging(catalogue)}
        lost = []
        for type in catalogue.records.values():
            way = ways.get(type.name)
            if type.name == PERSON or (way and way.routes):
                continue
            reached = {route.place for route in way.passages} if way else set()
            places = [("", type.fields), *((p.name, p.fields) for p in type.parts)] if type.plugin == self.name else []
            facet = catalogue.facet(type, self.name)
            places += [(f"facet:{facet.name}", facet.fields)] if facet else []
            for place, fields in places:
                prefix = ".".join((type.name, *filter(None, (place.removeprefix("facet:"),))))
                lost += [f"{prefix}.{f.name}" for f in fields if is_token(f) and place not in reached]
        assert lost == []

    def test_what_it_keeps_of_a_person_is_handed_out_and_erased(self, place: Place) -> None:
        """A value in a personal field of the plugin is missing in what a person is handed out, comes out to somebody
        else, or is still somewhere in the database after the person was erased; or a hook of the plugin fails when it
        is asked. It happens with the plugin active ("active"), or after it was disabled ("disabled").

        Declare `personal=True` where it belongs, and keep no copies of such values in fields that are not personal."""
        crm = place.open(*self.active)
        try:
            leila, omar = self._known(crm, "Leila"), self._known(crm, "Omar")
            if len(leila.stored) == 1 and not leila.tokens:
                pytest.skip(f"{self.name} keeps nothing about persons")
            self._handed_out(crm, leila, omar, "active")
            gone = self._erased(crm, place, leila, omar, "active")
            crm.plugins.disable(self.name, actor="author")
            self._handed_out(crm, omar, leila, "disabled")
            gone += self._erased(crm, place, omar, None, "disabled")
        finally:
            crm.close()
        assert [f"{each} is still in the file" for each in found_in(gone, place.raw())] == []

    def _known(self, crm: Crm, name: str) -> Known:
        """A person about whom the plugin keeps all that it can; no hook is called for that."""
        found: list[Known] = []

        @settings(drawn, max_examples=1)
        @given(data=st.data())
        def fill(data: st.DataObject) -> None:
            crm.kernel.hooks = NO_HOOKS
            with crm.work("author") as work:
                drawing, tokens = self.drawing(work, data), Tokens(f"{self.name} {name}")
                person = work.customers.add(Person(name)).id
                drawing.ids[PERSON] = [person]
                filling = Filling(work, drawing, self.name, person, tokens, self.given)
                filling.run()
            found.append(Known(person, tuple(tokens.made), filling.stored))
            crm.kernel.hooks = crm.registry.hooks

        fill()
        return found[-1]

    def _handed_out(self, crm: Crm, person: Known, other: Known, state: str) -> None:
        with crm.work("author") as work:
            document = work.subjects.export(person.id).document()
        text = json.dumps(document, ensure_ascii=False)
        missing = {token.place for token in person.tokens} - set(found_in(person.tokens, text))
        assert [f"{each} is not handed out ({state})" for each in sorted(missing)] == []
        assert [f"{each} comes out to others ({state})" for each in found_in(other.tokens, text)] == []

    def _erased(self, crm: Crm, place: Place, person: Known, other: Known | None, state: str) -> list[Token]:
        """The tokens that had to go, and went."""
        with crm.work("author") as work:
            erased = work.subjects.erase(person.id, REASON)
        holds = self._let_go(crm, person, erased) if erased.holds else ()
        held = {hold["record"] or "" for hold in holds}
        left = [each for each in person.tokens if not _is_held(each, held)]
        text = place.dump()
        assert [f"{each} is not erased ({state})" for each in found_in(left, text)] == []
        if other is not None:
            gone = {token.place for token in other.tokens} - set(found_in(other.tokens, text))
            assert [f"{each} of somebody else is gone ({state})" for each in sorted(gone)] == []
        return left

    def _let_go(self, crm: Crm, person: Known, erased: Any) -> Any:
        """What is held is named with who wants it and why, and goes by itself once nobody holds it; what is held
        still."""
        assert [hold for hold in erased.holds if not hold["plugin"] or not hold["reason"]] == []
        assert erased.state in ("held", "partial")
        with crm.work("author") as work:
            self.let_go(work, person.id)
        crm.pump()
        with crm.work("author") as work:
            entry: Any = work.records("erasure").get(erased.erasure)
        if type(self).let_go is not ForgettingContract.let_go:
            assert (entry.state, entry.holds) == ("done", None)
        return entry.holds or ()


def _is_held(token: Token, held: set[str]) -> bool:
    """Whether a token stands in what is held back: everything, or records of that type."""
    return any(each == "" or token.place.startswith(f"{each}.") for each in held)
