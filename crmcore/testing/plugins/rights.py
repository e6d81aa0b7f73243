"""Part of the contract of plugins: guards and reactions over drawn writes of the record types that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.crm import Crm
from crmcore.domain.record import ENVELOPE, Record
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.drawing import REFUSALS, Drawing
from crmcore.testing.recording import Recording, recorded


class RightsContract(PluginCase):
    """What the plugin does when others write."""

    @drawn
    @given(data=st.data())
    def test_its_hooks_keep_to_their_rights(self, crm: Crm, data: st.DataObject) -> None:
        """A guard or reaction raises, returns what it may not, or writes what is not its own: a guard only answers, a
        reaction writes records and facets of its plugin and what the manifest names as capabilities. The message names
        the hook. Whoever adds or changes such a record would be refused."""
        recording = self._played(crm, data)
        assert [call for call in recording.of(self.name) if call.error] == []

    @drawn
    @given(data=st.data())
    def test_its_hooks_leave_what_they_are_given(self, crm: Crm, data: st.DataObject) -> None:
        """A hook alters the changes that it is given: the plugins after it would see what was never written. A guard
        answers with an Amendment, a reaction writes through `context.work`."""
        recording = self._played(crm, data)
        assert [call for call in recording.of(self.name) if call.altered] == []

    def _played(self, crm: Crm, data: st.DataObject) -> Recording:
        """Every kind of write of one of the record types, with every hook recorded."""
        asked = self._asked(crm)
        if not asked:
            pytest.skip(f"{self.name} has neither guards nor reactions")
        crm.kernel.hooks = crm.registry.hooks
        recording = recorded(crm)
        with crm.work("author", dry=True) as work:
            play(self.drawing(work, data), work, data.draw(st.sampled_from(asked)))
        return recording

    def _asked(self, crm: Crm) -> list[str]:
        """The record types for which a hook of the plugin is called, but for those that crmcore alone writes."""
        hooks = crm.registry.hooks
        kinds = ("check_changes", "check_steps", "react_changes", "react_steps")
        called = {
            name for name in hooks.records for kind in kinds for c in hooks.of(kind, name) if c.plugin == self.name
        }
        return sorted(name for name in called if not crm.catalogue.record(name).options.system)


def play(drawing: Drawing, work: Any, name: str) -> list[UUID]:
    """Add a record with its facets, change it, take steps, and remove it; what guards refuse is left out.
    Its id, if it was added."""
    repository, type = work.records(name), drawing.catalogue.record(name)
    found = []
    with refusable(work):
        held = drawing.stored(name)
        found.append(held.id)
        if type.options.append_only:
            return found
        for facet in drawing.catalogue.facets.get(name, ()):
            with refusable(work):
                repository.put_facet(held.id, drawing.facet(facet))
        with refusable(work):
            repository.change(held.id, _other(drawing, held, type))
        for workflow in drawing.catalogue.workflows.values():
            if workflow.record == name:
                with refusable(work):
                    repository.change(held.id, {workflow.field: drawing.one_of(workflow.states)})
        with refusable(work):
            repository.remove(held.id)
            drawing.ids[name].remove(held.id)
    return found


def _other(drawing: Drawing, held: Record, type: Any) -> dict[str, Any]:
    """The fields of another record, but for those over which a workflow stands."""
    other = drawing.record(type.name)
    kept = {f.name for f in type.own if (type.name, f.name) not in drawing.catalogue.workflows} - set(ENVELOPE)
    return {name: getattr(other, name) for name in kept if getattr(other, name) != getattr(held, name)}


@contextmanager
def refusable(work: Any) -> Iterator[None]:
    """A part that may be refused, and is then undone alone."""
    with suppress(*REFUSALS), work.savepoint():
        yield
