"""Observers that get in their own way, or leave something behind."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore.domain.errors import StorageBusy
from crmcore.plugins import Observed
from tests.application.hooks.acting import acting, hooked
from tests.application.observing.watching import Watching, add, aside
from tests.shared import SharedCrm


def test_one_that_waits_for_itself_is_named(shared_memory: SharedCrm, caplog: pytest.LogCaptureFixture) -> None:
    """The database would be called busy for ever, and nobody would know whose doing it is. Others go on."""
    watching = Watching()

    def nested(context: Observed) -> None:
        with crm.work("sara") as work:
            work.customers.count()

    crm = hooked(shared_memory, acting("other", observe_changes=nested), acting(observe_changes=watching.hook))
    crm.pump()
    add(crm, "Leila")
    crm.pump()
    blame = "plugin 'other', hook observe_changes: this thread has a transaction open"
    assert {record.message[: len(blame)] for record in caplog.records if record.name == "crmcore.plugins"} == {blame}
    assert watching.batches == [["1 add customer Leila"]]
    with pytest.raises(StorageBusy, match=blame):
        crm.pump()


def test_a_savepoint_that_an_observer_leaves_open_is_its_failure(shared: SharedCrm) -> None:
    """What it wrote in there would be committed or not, as it happens."""
    left: list[Any] = []

    def leave(context: Observed) -> None:
        left.append(context.work.savepoint())
        left[-1].__enter__()

    crm = hooked(shared, acting(observe_changes=leave))
    crm.pump()
    add(crm, "Leila")
    crm.pump()
    [failed] = aside(crm)
    assert "left a savepoint open" in failed[3]
