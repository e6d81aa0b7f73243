"""Part of the contract of plugins: what refers to a customer follows when customers become one, and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Person
from crmcore.domain.errors import Vetoed
from crmcore.domain.merging.outcome import Merged
from crmcore.domain.privacy.belonging import PERSON
from crmcore.domain.record import NIL
from crmcore.plugins.routing import NO_HOOKS
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.filling import Filling
from crmcore.testing.plugins.places import Place
from crmcore.testing.plugins.rights import refusable
from crmcore.testing.plugins.standing import Where, differing, pointing, references, rows
from crmcore.testing.plugins.tokens import Tokens


@attrs.frozen(eq=False)
class Pair:
    """Two customers about whom the plugin keeps what it can; a third one refers to the one who is to be merged."""

    survivor: UUID
    other: UUID


class JoiningContract(PluginCase):
    """Merges on each storage, with the plugin and while it is switched off."""

    def test_what_refers_to_a_customer_follows_a_merge_and_comes_back(self, place: Place) -> None:
        """A reference of the plugin still points at the customer that was merged, without a reason that the merge names
        (a unique key that the survivor has already, a validator that refuses it); or a record or facet is not as it was
        after the merge was taken back; or a hook of the plugin fails in between. The plugin is disabled in the middle
        of one merge, and enabled in the middle of another."""
        crm = place.open(*self.active)
        try:
            pair = self._pair(crm)
            before, there = rows(crm), pointing(crm, self.name, [pair.other])
            if not there and PERSON not in self.facets_of(crm):
                pytest.skip(f"{self.name} refers to no customer")
            merged = self._merged(crm, pair)
            self._check(crm, pair, there, merged)
            crm.plugins.disable(self.name, actor="author")
            self._undo(crm, merged)
            crm.plugins.enable(self.plugin, actor="author")
            assert differing(before, rows(crm)) == []
            crm.plugins.disable(self.name, actor="author")
            merged = self._merged(crm, pair)
            crm.plugins.enable(self.plugin, actor="author")
            self._check(crm, pair, there, merged)
            self._undo(crm, merged)
            assert differing(before, rows(crm)) == []
        finally:
            crm.close()

    def _pair(self, crm: Crm) -> Pair:
        """No hook is called for what is stored."""
        found: list[Pair] = []

        @settings(drawn, max_examples=1)
        @given(data=st.data())
        def fill(data: st.DataObject) -> None:
            crm.kernel.hooks = NO_HOOKS
            with crm.work("author") as work:
                survivor, other, third = (work.customers.add(Person(name)).id for name in ("Leila", "Laila", "Omar"))
                kept = self._filled(work, data, survivor)
                self._filled(work, data, other)
                self._filled(work, data, third, toward=other)
                self._clash(work, kept, survivor, other)
            found.append(Pair(survivor, other))
            crm.kernel.hooks = crm.registry.hooks

        fill()
        return found[-1]

    def _filled(self, work: Any, data: st.DataObject, person: UUID, toward: UUID | None = None) -> dict[str, UUID]:
        drawing = self.drawing(work, data)
        drawing.ids[PERSON] = [person]
        filling = Filling(work, drawing, self.name, person, Tokens(f"{person}"), self.given, toward)
        filling.run()
        return filling.stored

    def _clash(self, work: Any, stored: Mapping[str, UUID], survivor: UUID, other: UUID) -> None:
        """Records of the one who is to be merged that have all in common with those of the survivor that is unique with
        a customer: they cannot follow."""
        for name, id in stored.items():
            type = work.catalogue.record(name)
            if type.plugin != self.name or not type.options.unique:
                continue
            record = work.records(name).get(id)
            led = {f.name: other for f in type.own if getattr(record, f.name) == survivor}
            made = ((f.name, Tokens(f"{name} twin").of(f.name, f)) for f in type.own if f.unique)
            fresh = {field: token.value for field, token in made if token is not None}
            with refusable(work):
                blank = {"id": NIL, "version": 0, "created_at": None, "changed_at": None, "facets": {}}
                work.records(name).add(evolve(record, **blank, **led, **fresh))

    def _merged(self, crm: Crm, pair: Pair) -> Merged:
        """The merge; where a guard of the plugin keeps these two apart, as it may, it is not asked."""
        try:
            with crm.work("author") as work:
                return work.merges.merge(pair.survivor, [pair.other])
        except Vetoed:
            crm.kernel.hooks = NO_HOOKS
        try:
            with crm.work("author") as work:
                return work.merges.merge(pair.survivor, [pair.other])
        finally:
            crm.kernel.hooks = crm.registry.hooks

    def _check(self, crm: Crm, pair: Pair, there: set[Where], merged: Merged) -> None:
        """What pointed at the other points at the survivor now, but for what stays with a reason; what tells what was
        (`on_merge="stay"`) stays in any case."""
        stays = {(each.record, each.id) for each in merged.stays if each.reason.strip()}
        told = {
            r.holder.name + "." + r.name for r in references(crm.catalogue, self.name) if r.field.on_merge == "stay"
        }
        left = pointing(crm, self.name, [pair.other])
        unnamed = {each for each in left if each[:2] not in stays and f"{each[0]}.{each[2]}" not in told}
        assert sorted({f"{record}.{name} did not follow" for record, _, name in unnamed}) == []
        needless = {(r, f) for r, id, f in left if (r, id) in stays and not self._may_stay(crm, r)}
        assert sorted(f"{record}.{name} stays for no reason" for record, name in needless) == []
        lost = there - left - pointing(crm, self.name, [pair.survivor])
        assert sorted({f"{record}.{name} points at neither" for record, _, name in lost}) == []

    def _may_stay(self, crm: Crm, record: str) -> bool:
        """Whether anything that is declared could keep a record from following."""
        options, held = crm.catalogue.record(record).options, references(crm.catalogue, self.name)
        names = {r.name for r in held if r.holder.name == record}
        unique = any(names.intersection(key) for key in options.unique) or any(r.field.unique for r in held)
        return bool(unique or options.validators or record == PERSON)

    def _undo(self, crm: Crm, merged: Merged) -> None:
        with crm.work("author") as work:
            work.merges.undo(merged.merge.id)
