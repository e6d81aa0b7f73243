"""Part of the contract of plugins: observers and jobs, which are called again after a crash, leave what they left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.application.hooks.lending import lend
from crmcore.application.observing.events import event_of
from crmcore.application.observing.jobs import PluginJob
from crmcore.application.observing.periods import period_at
from crmcore.crm import Crm
from crmcore.domain.change import LogEntry
from crmcore.domain.copying import evolve
from crmcore.domain.record import NIL
from crmcore.plugins.contexts import Event, JobRun, Observed
from crmcore.plugins.refusal import Origin
from crmcore.testing.plugins.case import PluginCase, drawn
from crmcore.testing.plugins.drawing import Drawing
from crmcore.testing.plugins.rights import play, refusable
from crmcore.testing.recording import recorded


class RepeatingContract(PluginCase):
    """What is done after the commit is done at least once, so it may be done twice."""

    @drawn
    @given(data=st.data())
    def test_what_is_observed_twice_is_done_once(self, crm: Crm, data: st.DataObject) -> None:
        """An observer that is handed the same changes again leaves other rows than after the first time: a worker that
        is killed hands them over again, and points, say, would be given twice. Look first what is there, or write
        under a key that the event gives: its position, or its record and version."""
        asked = self._observed(crm)
        [call] = [call for call in crm.registry.hooks.all("observe_changes") if call.plugin == self.name]
        with crm.work("author", dry=True) as work:
            events = self._events(work, self.drawing(work, data), data.draw(st.sampled_from(asked)))
            once, twice = (self._left(work, Observed(events, self._lent(work)), call) for _ in range(2))
            assert twice == once

    @drawn
    @given(data=st.data())
    def test_a_job_that_runs_twice_does_it_once(self, crm: Crm, data: st.DataObject) -> None:
        """A job that runs again for the same period (the same `context.key`) leaves other rows than after the first
        time: a run that is killed is repeated. Look first what is there, or write under that key."""
        active = next(each for each in crm.registry.plugins if each.name == self.name)
        if not active.jobs:
            pytest.skip(f"{self.name} has no jobs")
        job = data.draw(st.sampled_from(active.jobs))
        with crm.work("author", dry=True) as work:
            drawing, now = self.drawing(work, data), work.now()
            for name in (*self.records_of(crm), *self.facets_of(crm)):
                self._events(work, drawing, name)
            period = period_at(job.every, now, crm.kernel.zone)
            context = JobRun(self._lent(work), period.key, period.start, period.end, now)
            run = PluginJob(Origin(self.name), job).call
            once, twice = (self._left(work, context, run) for _ in range(2))
            assert twice == once

    @drawn
    @given(data=st.data())
    def test_observers_leave_what_they_are_given(self, crm: Crm, data: st.DataObject) -> None:
        """An observer raises over changes that anybody may make, or alters what it is given. What it raises is tried
        again and parked in the end, and holds back all later changes of that record."""
        asked = self._observed(crm)
        crm.kernel.hooks = crm.registry.hooks
        recording = recorded(crm)
        [call] = [call for call in crm.kernel.hooks.all("observe_changes") if call.plugin == self.name]
        with crm.work("author", dry=True) as work:
            events = self._events(work, self.drawing(work, data), data.draw(st.sampled_from(asked)))
            call(Observed(events, self._lent(work)))
        observed = recording.of(self.name, "observe_changes")
        assert [call for call in observed if call.error or call.altered or call.answer is not None] == []

    def _observed(self, crm: Crm) -> list[str]:
        """The record types whose changes the plugin observes, but for those that crmcore alone writes."""
        hooks = crm.registry.hooks
        calls = [call for call in hooks.all("observe_changes") if call.plugin == self.name]
        if not calls:
            pytest.skip(f"{self.name} observes nothing")
        types = (type for type in crm.catalogue.records.values() if not type.options.system)
        return sorted(type.name for type in types if calls[0] in hooks.of("observe_changes", type.name))

    def _lent(self, work: Any) -> Any:
        """The unit of work, held as observers and jobs hold theirs."""
        return lend(work, self.name)

    def _left(self, work: Any, context: Any, call: Any) -> dict[str, Any]:
        call(context)
        return {name: sorted(self._rows(work, name), key=repr) for name in self._written(work)}

    def _events(self, work: Any, drawing: Drawing, name: str) -> tuple[Event, ...]:
        """What the feed would tell of a record that was added and changed, and of another that is gone."""
        kept = play(drawing, work, name)
        with refusable(work):
            kept.append(drawing.stored(name).id)
        entries: list[LogEntry] = [each for id in kept for each in work.records(name).history(id)]
        return tuple(event_of(attrs.evolve(each, position=n)) for n, each in enumerate(entries, 1))

    def _written(self, work: Any) -> list[str]:
        """The record types that the plugin may write."""
        named = {each.partition(":")[0] for each in self.manifest.capabilities}
        types = work.catalogue.records
        own = {name for name in types if types[name].plugin == self.name}
        extended = {n for n, held in work.catalogue.facets.items() if any(f.name == self.name for f in held)}
        return sorted(own | extended | (named & set(types)))

    def _rows(self, work: Any, name: str) -> Iterator[Any]:
        """What stands there, but for ids and what is counted and timed."""
        facets = [f.cls for f in work.catalogue.facets.get(name, ())]
        for each in work.records(name).stream(with_=facets):
            held = {cls.__name__: evolve(f, version=0) for cls, f in each.facets.items() if f is not None}
            yield repr((evolve(each, id=NIL, version=0, created_at=None, changed_at=None, facets={}), held))
