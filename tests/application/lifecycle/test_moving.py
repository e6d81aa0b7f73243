"""Records in states of a plugin that is switched off go where they are told to, or it is not switched off."""

from __future__ import annotations

import json

import pytest

from crmcore import Money, Opportunity, Person
from crmcore.domain.copying import evolve
from crmcore.domain.errors import IllegalTransition, StillReferenced
from crmcore.domain.leads.lead import Lead
from tests.application.lifecycle.kept import EVERYWHERE, opened
from tests.plugins import pausing


@EVERYWHERE
def test_records_in_states_of_a_disabled_plugin_are_moved(storage: str, request: pytest.FixtureRequest) -> None:
    """They would stand where nobody can lead them out, in a state that no report knows."""
    with opened(storage, request, pausing) as crm:
        with crm.work("sara") as work:
            held = work.opportunities.add(Opportunity("Plan", amount=Money("100", "EUR"))).id
            work.opportunities.change(held, status="on_hold")
            customer = work.customers.add(Person("Leila")).id
            lead = work.leads.add(Lead(customer=customer)).id
            work.leads.change(lead, stage="asleep")
        with pytest.raises(StillReferenced, match="1 lead:stage 'asleep'") as refused:
            crm.plugins.disable("pausing", actor="root")
        standing = {"opportunity:status": {"on_hold": 1}, "lead:stage": {"asleep": 1}}
        assert refused.value.details["standing"] == standing
        for wrong in ("on_hold", "opn", "open"):  # there are open sales, but no open leads
            with pytest.raises(IllegalTransition):
                crm.plugins.disable("pausing", actor="root", move_to=wrong)
        assert crm.registry.names == ("pausing",)
        assert crm.plugins.disable("pausing", actor="root", move_to=("open", "mql")).moved == 2
        with crm.work("sara") as work:
            assert (work.opportunities.get(held).status, work.leads.get(lead).stage) == ("open", "mql")
            last = work.opportunities.history(held)[-1]
            assert (last.actor, json.loads(last.changes)["status"]) == ("root", ["on_hold", "open"])
            assert work.opportunities.win(held).status == "won"


def test_a_move_that_was_interrupted_is_ended_by_repeating_it(request: pytest.FixtureRequest) -> None:
    """A record that came into such a state at the last moment would stay there for good."""
    with opened("memory", request, pausing) as crm:
        with crm.work("sara") as work:
            held = work.opportunities.add(Opportunity("Plan", status="on_hold", amount=Money("100", "EUR")))
        crm.plugins.disable("pausing", actor="root", move_to="open")
        with crm.work("sara") as work:  # as another process does that began before
            now = work.opportunities.get(held.id)
            late = evolve(now, status="on_hold", version=now.version + 1)
            work.transaction.update(crm.catalogue.record("opportunity"), now, late)
        with pytest.raises(StillReferenced):
            crm.plugins.disable("pausing", actor="root")
        assert crm.plugins.disable("pausing", actor="root", move_to="lost").moved == 1
