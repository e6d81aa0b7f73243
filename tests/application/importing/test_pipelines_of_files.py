"""Pipelines that a file of opportunities names."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crmcore import Opportunity, Pipeline
from crmcore.domain.errors import ImportRefused
from tests.application.importing.test_undoing import Desk, desk  # noqa: F401  # a fixture

ROWS = "external_id,deal_stage\n1,Engaging\n2,Won\n3,Lost\n4,Prospecting\n"
MAP = """
[columns]
external_id = "external_id"
[columns.deal_stage]
field = "stage"
values = { Prospecting = "prospecting", Won = "won", Engaging = "engaging", Signed = "won" }
[defaults]
pipeline = "hardware"
"""
WITH_LOST = MAP.replace('Signed = "won"', 'Lost = "lost"')


def test_a_pipeline_that_is_not_there_is_refused(desk: Desk) -> None:  # noqa: F811
    """Deals would be booked in a pipeline that nobody knows, or each row be refused by itself."""
    with pytest.raises(ImportRefused, match=r"no pipeline 'hardware'.*--create-pipeline"):
        desk.take(ROWS, "opportunity", WITH_LOST)
    rows = "external_id,stage,pipeline\n1,x,A\n2,x,B\n"
    with pytest.raises(ImportRefused, match="no pipeline 'A' and 'B'"):
        desk.take(rows, "opportunity")
    with desk.crm.work("reader") as work:
        assert (work[Pipeline].count(), work.records("import_batch").count()) == (0, 0)


def test_it_is_made_of_the_stages_in_the_map(desk: Desk) -> None:  # noqa: F811
    """A pipeline would have to be typed in by hand before its deals could come in."""
    report = desk.take(ROWS, "opportunity", WITH_LOST, create_pipeline=True, dry_run=True)
    assert (report.created, report.rejected) == (4, 0)
    with desk.crm.work("reader") as work:
        assert work[Pipeline].count() == 0
    report = desk.take(ROWS, "opportunity", WITH_LOST, create_pipeline=True)
    assert (report.created, report.rejected) == (4, 0)
    with desk.crm.work("reader") as work:
        [pipeline] = work[Pipeline].query().items
        assert [(s.stage, s.label, s.kind) for s in pipeline.stages] == [
            ("prospecting", "Prospecting", "open"),
            ("engaging", "Engaging", "open"),
            ("won", "Won", "won"),
            ("lost", "Lost", "lost"),
        ]
        assert [s.probability for s in pipeline.stages] == [Decimal("0.3333"), Decimal("0.6667"), 1, 0]
        assert {o.status for o in work[Opportunity].stream()} == {"open", "won", "lost"}
    assert desk.take(ROWS, "opportunity", WITH_LOST, create_pipeline=True).unchanged == 4
    undone = desk.crm.undo_import(report.batch, actor="sara")
    assert (undone.removed, undone.kept) == (5, ())


def test_lost_closes_it_also_where_the_map_does_not_say_so(desk: Desk) -> None:  # noqa: F811
    """No deal of that pipeline could ever be lost."""
    report = desk.take(ROWS, "opportunity", MAP, create_pipeline=True)
    assert (report.created, report.rejected) == (3, 1)  # the text Lost is not in the map
    with desk.crm.work("reader") as work:
        assert [s.stage for s in work[Pipeline].query().items[0].stages][-2:] == ["won", "lost"]


@pytest.mark.parametrize(
    ("record", "map", "reason"),
    [
        ("opportunity", '[defaults]\npipeline = "x"', "give `values` for `stage`"),
        (
            "opportunity",
            MAP.replace("Prospecting =", '"P" =').replace('"prospecting"', '"won"').replace('"engaging"', '"lost"'),
            "open stage",
        ),
        ("customer", "", "is for opportunities"),
    ],
)
def test_where_none_can_be_made(desk: Desk, record: str, map: str, reason: str) -> None:  # noqa: F811
    """A pipeline without a stage to begin in would be made, or the option be passed over in silence."""
    rows = ROWS if "deal_stage" in map else "external_id,name\n1,A\n"
    with pytest.raises(ImportRefused, match=reason):
        desk.take(rows, record, map, create_pipeline=True)
