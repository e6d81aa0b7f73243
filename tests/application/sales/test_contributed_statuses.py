"""Opportunities and leads in states that a plugin contributed, on every storage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crmcore
from crmcore import Invoice, Money, Opportunity, Person
from crmcore.application.sales.cash_flow import cash_forecast
from crmcore.application.sales.forecast import forecast
from crmcore.application.sales.past_rates import past_rates
from crmcore.application.sales.pipeline_report import pipeline_report
from crmcore.application.sales.receivables import account
from crmcore.application.sales.standing import standing
from crmcore.application.sales.track_record import track_record
from crmcore.crm import Crm
from crmcore.domain.errors import IllegalTransition, InvalidRecord, PredicateError
from crmcore.domain.leads.lead import Lead
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.strategies import values
from tests.databases import storages
from tests.plugins import pausing

START = dt.datetime(2025, 1, 15, 10, tzinfo=dt.UTC)
SOON = dt.date(2025, 2, 20)


def eur(amount: int) -> Money:
    """An amount in the base currency."""
    return Money(Decimal(amount), "EUR")


@pytest.fixture
def crm() -> Iterator[Crm]:
    """A Crm in memory with the plugin."""
    with make_crm(plugins=[pausing], clock=FrozenClock(START)) as made:
        yield made


def sale(crm: Crm, **values: object) -> UUID:
    """A sale of 100 euros that may close soon."""
    given = {"amount": eur(100), "expected_close": SOON, "stage": "proposal", **values}
    with crm.work("sara") as work:
        return work.opportunities.add(Opportunity("Plan", **given)).id  # type: ignore[arg-type]  # fields by name


def move(crm: Crm, id: UUID, **values: object) -> Opportunity:
    """Change it."""
    with crm.work("sara") as work:
        return work.opportunities.change(id, values)


@pytest.mark.parametrize("storage", storages("memory", "sqlite", "postgres", "mariadb"))
def test_a_sale_goes_on_hold_and_back(storage: str, request: pytest.FixtureRequest) -> None:
    """A record in a contributed state could not be stored, found, counted or moved on."""
    url = "memory" if storage == "memory" else request.getfixturevalue(f"{storage}_url")
    clock = FrozenClock(START)
    with make_crm(url, plugins=[pausing], clock=clock) as crm:
        held, open_, signed = sale(crm), sale(crm), sale(crm)
        assert (move(crm, held, status="on_hold").status, move(crm, signed, status="signed").stage) == (
            "on_hold",
            "won",
        )
        with crm.work("sara") as work:
            assert [each.id for each in work.opportunities.query('status = "on_hold"').items] == [held]
            assert work.opportunities.get(held).stage == "proposal"
            report = pipeline_report(work)
            assert (report.open, report.won, report.lost, report.win_rate) == (2, 1, 0, Decimal(1))
            assert [(each.count, each.amount) for each in forecast(work).periods] == [(2, eur(200))]
            later = (START + dt.timedelta(days=1)).replace(tzinfo=dt.UTC)
            clock.advance(days=1)
            past = pipeline_report(work, as_of=later)
            assert (past.open, past.won, past.stages) == (report.open, report.won, report.stages)
        assert move(crm, held, status="open").status == "open"
        with crm.work("sara") as work:
            assert work.opportunities.win(open_).status == "won"
            assert pipeline_report(work).won == 2


def test_a_sale_on_hold_is_won_only_by_a_step_that_is_there(crm: Crm) -> None:
    """Whatever leads to the core's state would get round what the plugin laid down."""
    held = sale(crm, status="on_hold", note="in doubt")
    with pytest.raises(IllegalTransition, match="from there it goes to lost or open"), crm.work("sara") as work:
        work.opportunities.win(held)
    with pytest.raises(IllegalTransition, match="'on_hold' to 'won'"), crm.work("sara") as work:
        work.opportunities.move(held, "won")
    with crm.work("sara") as work:
        assert work.opportunities.lose(held, "price").closed_on == START.date()


def test_a_sale_on_hold_moves_through_its_pipeline(crm: Crm) -> None:
    """It would be taken off hold by the first move."""
    held = sale(crm, status="on_hold")
    moved = move(crm, held, stage="negotiation")
    assert (moved.stage, moved.status, moved.closed_on) == ("negotiation", "on_hold", None)


def test_status_and_stage_agree_by_what_the_status_counts_as(crm: Crm) -> None:
    """A sale on hold could be closed at the same time."""
    with pytest.raises(InvalidRecord, match="contradicts the stage"):
        sale(crm, status="on_hold", stage="won", source="x", external_id="1")
    signed = move(crm, sale(crm), status="signed")
    assert (signed.stage, signed.closed_on, signed.reached) == ("won", START.date(), "negotiation")
    assert move(crm, signed.id, status="won").closed_on == START.date()


def test_the_stage_history_tells_what_a_forecast_depends_on(crm: Crm) -> None:
    """Going on hold changes no forecast; being signed is being won."""
    held = sale(crm)
    move(crm, held, status="on_hold")
    move(crm, held, status="open")
    move(crm, held, status="signed", won_reason="price")
    with crm.work("sara") as work:
        rows = [(each.to_stage, each.status, each.reason) for each in work.opportunities.stages(held)]
    assert rows == [("proposal", "open", None), ("won", "won", "price")]


def test_figures_count_a_contributed_status_as_its_kind(crm: Crm) -> None:
    """Rates, predictions and cash would be wrong, or crash, for a status that the core does not know."""
    held = sale(crm, status="on_hold")
    signed, won = sale(crm), sale(crm)
    move(crm, signed, status="signed")
    move(crm, won, status="won")
    with crm.work("sara") as work:
        rates = past_rates(standing(work, None, None, None))
        assert {rate for (_, stage), rate in rates.items() if stage == "proposal"} == {1}
        assert rates == past_rates(standing(work, None, None, START))
        assert [each.count for each in forecast(work, method="historical").periods] == [1]
        last = cash_forecast(work, start=START.date(), months=3, opening=eur(0)).periods[-1]
        assert (last.best_case, last.committed) == (eur(300), eur(200))
        assert track_record(work, 1).periods[0].actual == eur(0)
        work.leads.predict(held)  # refuses what is not open
        with pytest.raises(IllegalTransition, match="nothing left to predict"):
            work.leads.predict(signed)


def test_a_veto_names_the_plugin_and_why(crm: Crm) -> None:
    """Nobody would know whom to ask why a sale cannot be won."""
    doubted = sale(crm, note="the board is in doubt")
    with pytest.raises(IllegalTransition) as caught, crm.work("sara") as work:
        work.opportunities.win(doubted)
    assert str(caught.value) == "opportunity:status: win is refused by plugin 'pausing': somebody is in doubt"
    assert {"plugin": "pausing", "workflow": "opportunity:status", "transition": "win"}.items() <= (
        caught.value.details.items()
    )


def test_a_lead_falls_asleep_and_wakes(crm: Crm) -> None:
    """The log of a lead's steps would refuse a stage that only the plugin knows."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        lead = work[Lead].add(Lead(customer=leila.id))
        work[Lead].change(lead.id, {"stage": "asleep"})
    with crm.work("sara") as work:
        assert [each.stage for each in work[Lead].query('stage = "asleep"').items] == ["asleep"]
        assert work.leads.funnel()
        assert work[Lead].change(lead.id, {"stage": "lead"}).stage == "lead"


def test_a_disputed_invoice_is_owed(crm: Crm) -> None:
    """What is disputed would be forgotten, with all that it brings."""
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        invoice = work.invoices.add(Invoice(START.date(), 14, total=eur(100), customer=leila.id))
        work.invoices.change(invoice.id, status="disputed")
    with crm.work("sara") as work:
        assert account(work, leila.id, 5).open == (eur(100),)
        last = cash_forecast(work, start=START.date(), months=3, opening=eur(0)).periods[-1]
        assert last.closing == eur(100)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sales.csv", "external_id,name,stage,status\n1,Plan,proposal,on_hold\n"),
        ("sales.jsonl", '{"external_id": "1", "name": "Plan", "stage": "proposal", "status": "on_hold"}\n'),
    ],
)
def test_files_bring_a_contributed_status(crm: Crm, name: str, text: str, tmp_path: Path) -> None:
    """What is in that status would be refused by the import of one's own export."""
    place = tmp_path / name
    place.write_text(text, encoding="utf-8")
    report = crm.import_file(place, "opportunity", actor="sara", source="old")
    assert (report.created, report.rejected) == (1, 0)
    with crm.work("sara") as work:
        assert [each.status for each in work.opportunities.query().items] == ["on_hold"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_strategies_draw_contributed_states(crm: Crm, data: st.DataObject) -> None:
    """Tests of plugins would never meet a record in a state that a plugin contributed."""
    field = crm.catalogue.of(Opportunity).field("status")
    assert field is not None
    assert data.draw(values(field)) in ("open", "won", "lost", "on_hold", "signed")


def test_figures_go_on_where_plugins_are_off(tmp_path: Path) -> None:
    """Administration without plugins would fail on the first sale that is on hold."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with make_crm(url, plugins=[pausing], clock=FrozenClock(START)) as crm:
        sale(crm, status="on_hold")
    bare = crmcore.open(url, plugins="none")
    with bare.work("sara") as work:
        assert pipeline_report(work).open == 1
        assert [each.status for each in work.opportunities.query().items] == ["on_hold"]
    bare.close()


def test_without_the_plugin_there_is_no_such_status() -> None:
    """What the plugin adds would stay behind in the declarations of the next Crm."""
    with make_crm(clock=FrozenClock(START)) as bare:
        with pytest.raises(InvalidRecord, match="'on_hold' is none of open, won, lost"):
            sale(bare, status="on_hold", pipeline=None)
        with pytest.raises(PredicateError), bare.work("sara") as work:
            work.opportunities.query('status = "on_hold"')
