"""Undoing imports of opportunities: what follows from a step stays away, as undoing is no step."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import attrs
import pytest

from crmcore.crm import Crm
from crmcore.testing.fakes import FrozenClock
from tests.shared import SharedCrm

OLD = (
    "external_id,name,stage,amount,opened_on\n"
    "1,A,qualified,10,2024-01-01\n"
    "2,B,qualified,10,2024-01-01\n"
    "3,C,proposal,10,2024-01-01\n"
    "4,D,lost,10,2024-01-01\n"
    "5,E,won,10,\n"
)
NEW = (
    "external_id,name,stage,closed_on,lost_reason\n"
    "1,A1,won,2024-03-01,\n"
    "2,B1,lost,2024-03-01,price\n"
    "3,C1,prospecting,,\n"
    "4,D1,proposal,,\n"
    "5,E1,proposal,,\n"
)


def deals(crm: Crm) -> dict[str, Any]:
    """All opportunities by their external ids, without what each change sets."""
    with crm.work("reader") as work:
        found: list[Any] = list(work.opportunities.stream())
    return {str(each.external_id): attrs.evolve(each, version=0, changed_at=None) for each in found}


def imported(crm: Crm, folder: Path, text: str) -> str:
    """The batch of an import."""
    file = folder / "deals.csv"
    file.write_text(text)
    report = crm.import_file(file, "opportunity", actor="importer", source="s", on_duplicate="update")
    assert report.rejected == 0
    return str(report.batch)


@pytest.mark.parametrize("noted", [False, True])
def test_a_deal_is_again_what_it_was(shared: SharedCrm, tmp_path: Path, noted: bool) -> None:
    """A lost deal would come back as lost today, and one that was won by mistake as having gone through all stages;
    with a note that somebody has written since, too."""
    crm = shared.fresh(FrozenClock())
    imported(crm, tmp_path, OLD)
    held = deals(crm)
    assert held["4"].closed_on is None
    batch = imported(crm, tmp_path, NEW)
    assert [deals(crm)[n].status for n in "12345"] == ["won", "lost", "open", "open", "open"]
    if noted:
        with crm.work("sara") as work:
            for each in held.values():
                work.opportunities.change(each.id, note="call again")
        held = {number: attrs.evolve(each, note="call again") for number, each in held.items()}
    undone = crm.undo_import(batch, actor="sara")
    assert (undone.restored, undone.kept) == (5, ())
    assert deals(crm) == held
    with crm.work("reader") as work:
        for each in held.values():
            last = work.opportunities.stages(each.id)[-1]
            assert (last.to_stage, last.status, last.reached) == (each.stage, each.status, each.reached)
            assert (last.by, last.cycle_days) == ("sara", each.cycle_days)


def test_what_somebody_has_done_since_stays(shared: SharedCrm, tmp_path: Path) -> None:
    """A stage that somebody has moved a deal to, or a reason, would be lost with what the import did."""
    crm = shared.fresh(FrozenClock())
    imported(crm, tmp_path, OLD)
    held = deals(crm)
    batch = imported(crm, tmp_path, NEW)
    with crm.work("omar") as work:
        work.opportunities.change(held["1"].id, won_reason="service")
        work.opportunities.change(held["4"].id, stage="negotiation")
        work.opportunities.change(held["5"].id, opened_on=dt.date(2024, 2, 1))
    undone = crm.undo_import(batch, actor="sara")
    assert {each.id for each in undone.kept} == {str(held[n].id) for n in "14"}
    assert all("changed since" in each.reason for each in undone.kept)
    now = deals(crm)
    assert (now["1"].status, now["1"].won_reason, now["1"].closed_on) == ("won", "service", dt.date(2024, 3, 1))
    assert (now["4"].status, now["4"].stage, now["4"].reached) == ("open", "negotiation", "negotiation")
    assert (now["5"].status, now["5"].opened_on, now["5"].closed_on) == ("won", dt.date(2024, 2, 1), None)
