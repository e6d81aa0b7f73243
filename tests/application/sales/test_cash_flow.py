"""The cash-flow forecast from invoices, opportunities, terms and planned payments: EX-19, INV-19."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Money, Opportunity, Person
from crmcore.application.sales.cash_flow import CashForecast, cash_forecast
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidRecord, InvalidSetting, StillReferenced
from crmcore.domain.sales.exchange_rate import ExchangeRate
from crmcore.domain.sales.invoice import Invoice, Payment
from crmcore.domain.sales.terms import PlannedPayment, Terms
from crmcore.testing.fakes import Restricted
from tests.shared import SharedCrm, SharedMemory

START = dt.date(2025, 3, 1)


def eur(amount: int | str) -> Money:
    """Euros."""
    return Money(amount, "EUR")


def day(month: int, number: int) -> dt.date:
    """A day of 2025."""
    return dt.date(2025, month, number)


def example(crm: Crm, chance: str = "0.6") -> None:
    """EX-19: a deal on terms, an unpaid invoice of one who pays 8 days late, a payroll and a campaign."""
    with crm.work("root") as work:
        buyer, debtor = (work.customers.add(Person(name)).id for name in ("Buyer", "Debtor"))
        terms = work[Terms].add(Terms("30 at once, 70 in 30 days", Decimal("0.3"), 30))
        work.opportunities.add(
            Opportunity(
                "Deal",
                buyer,
                amount=eur(12_000),
                probability=Decimal(chance),
                expected_close=day(3, 14),
                payment_terms=terms.id,
            )
        )
        for due, paid in ((day(1, 10), day(1, 16)), (day(2, 10), day(2, 20))):  # 6 and 10 days late
            settled = (Payment(paid, eur(100)),)
            work.invoices.add(Invoice(day(1, 1), due_on=due, total=eur(100), customer=debtor, payments=settled))
        work.invoices.add(Invoice(day(3, 1), 30, total=eur(5_000), customer=debtor))
        plans = work[PlannedPayment]
        plans.add(PlannedPayment("Wages", day(1, 28), eur(9_000), "payroll", "monthly"))
        plans.add(PlannedPayment("Spring", day(4, 2), eur(15_000), "campaign"))


def forecast(crm: Crm, months: int = 2, opening: Money | None = None, start: dt.date = START) -> CashForecast:
    """The forecast that Sara sees."""
    with crm.work("sara") as work:
        return cash_forecast(work, start=start, months=months, opening=opening or eur(50_000))


def test_the_example_with_its_numbers(shared: SharedCrm) -> None:
    """EX-19: the treasurer would plan with other balances than those that the facts give."""
    crm = shared.fresh()
    example(crm)
    march, april = forecast(crm).periods
    assert (march.period, march.opening, march.closing, march.committed) == (
        "2025-03",
        eur(50_000),
        eur(43_160),
        eur(41_000),
    )
    assert (april.period, april.opening, april.closing, april.committed) == (
        "2025-04",
        eur(43_160),
        eur(29_200),
        eur(22_000),
    )
    assert (march.best_case, april.best_case) == (eur(44_600), eur(34_000))
    assert march.sources == {"opportunity": eur(2_160), "payroll": eur(-9_000)}
    assert april.sources == {
        "invoice": eur(5_000),
        "opportunity": eur(5_040),
        "payroll": eur(-9_000),
        "campaign": eur(-15_000),
    }


def test_a_certain_deal_is_committed_and_a_hopeless_one_is_best_case_alone(shared_memory: SharedCrm) -> None:
    """INV-19: probability 1 or 0 would not move a deal from expected to committed, or out of it."""
    crm = shared_memory.fresh()
    example(crm, "1")
    [_, certain] = forecast(crm).periods
    assert certain.closing == certain.committed == certain.best_case == eur(34_000)
    crm = shared_memory.fresh()
    example(crm, "0")
    [_, hopeless] = forecast(crm).periods
    assert (hopeless.closing, hopeless.committed, hopeless.best_case) == (eur(22_000), eur(22_000), eur(34_000))


def test_a_debtor_without_a_past_pays_as_late_as_all_do(shared: SharedCrm) -> None:
    """A new customer would be reckoned to pay on the day, which nobody does."""
    crm = shared.fresh()
    with crm.work("root") as work:
        known, new = (work.customers.add(Person(name)).id for name in ("Known", "New"))
        for late in (20, 41):
            settled = (Payment(day(1, 1) + dt.timedelta(late), eur(10)),)
            work.invoices.add(Invoice(day(1, 1), 0, total=eur(10), customer=known, payments=settled))
        for customer in (known, new, None):
            work.invoices.add(Invoice(day(3, 1), 0, total=eur(100), customer=customer))
    assert [each.money_in for each in forecast(crm).periods] == [eur(300), eur(0)]  # 30 days late: the 31st
    assert [each.money_in for each in forecast(crm, start=day(4, 15)).periods] == [eur(300), eur(0)]  # overdue


def test_part_payments_and_credit_notes_count(shared: SharedCrm) -> None:
    """Money that is in already would be expected again, or money to be paid back be forgotten."""
    crm = shared.fresh()
    with crm.work("root") as work:
        half = (Payment(day(2, 1), eur(40)),)
        billed = work.invoices.add(Invoice(day(2, 1), 40, total=eur(100), payments=half))
        work.invoices.add(Invoice(day(2, 2), 40, total=eur(-25), corrects=billed.id))
        work.invoices.add(Invoice(day(2, 2), 40, total=eur(999), status="void"))
        work.invoices.add(Invoice(day(2, 2), 40, total=eur(999), status="draft"))
    [march] = forecast(crm, 1).periods
    assert (march.money_in, march.money_out, march.closing) == (eur(60), eur(25), eur(50_035))


def test_stages_and_the_terms_of_customers_count(shared: SharedCrm) -> None:
    """A deal would count without its stage's probability, or be paid at once though the customer has terms."""
    crm = shared.fresh()
    with crm.work("root") as work:
        terms = work[Terms].add(Terms("two instalments", net_days=10, instalments=2, interval_days=30))
        buyer = work.customers.add(Person("Buyer", payment_terms=terms.id))
        deal = Opportunity("Deal", buyer.id, stage="proposal", amount=eur(1_000), expected_close=day(3, 10))
        work.opportunities.add(deal)
        work.opportunities.add(Opportunity("Late", stage="proposal", amount=eur(10), expected_close=day(1, 10)))
        work.opportunities.add(Opportunity("No day", amount=eur(10)))
        work.opportunities.add(Opportunity("No amount", expected_close=day(3, 10)))
        lost = work.opportunities.add(Opportunity("Lost", amount=eur(10), expected_close=day(3, 10)))
        work.opportunities.lose(lost.id, "price", on=day(2, 10))
    found = forecast(crm)
    assert [each.money_in for each in found.periods] == [eur(255), eur(250)]
    assert found.undated == 2


def test_what_was_won_is_expected_until_there_is_an_invoice(shared: SharedCrm) -> None:
    """Between its closing and its invoice a won deal would vanish from the forecast; behind the invoice it would count
    twice."""
    crm = shared.fresh()
    with crm.work("root") as work:
        terms = work[Terms].add(Terms("30 at once, 70 in 30 days", Decimal("0.3"), 30)).id
        known: dict[str, Any] = {
            "status": "won",
            "amount": eur(1_000),
            "opened_on": dt.date(2019, 1, 1),
            "payment_terms": terms,
        }
        for closed in (day(2, 20), day(3, 5), dt.date(2020, 1, 1)):
            work.opportunities.add(Opportunity("Won", closed_on=closed, **known))
    assert [(each.money_in, each.committed) for each in forecast(crm).periods] == [
        (eur(1_000), eur(51_000)),  # 700 of February's and 300 of March's, the deposit of February is in
        (eur(700), eur(51_700)),
    ]
    with crm.work("root") as work:
        for each in work.opportunities.query("closed_on > 2025-01-01").items:
            work.invoices.add(Invoice(day(3, 5), 30, total=eur(1_000), opportunity=each.id))
        assert work.opportunities.count('no invoice where (status != "void")') == 1
    assert [each.sources for each in forecast(crm).periods] == [{}, {"invoice": eur(2_000)}]


def test_amounts_in_other_currencies(shared: SharedCrm) -> None:
    """Two currencies would be added, or what has no rate be left out without a word."""
    crm = shared.fresh()
    with crm.work("root") as work:
        work[ExchangeRate].add(ExchangeRate("USD", "EUR", day(2, 1), Decimal("0.9")))
        for currency in ("USD", "GBP"):
            work.invoices.add(Invoice(day(2, 1), 30, total=Money(100, currency)))
    found = forecast(crm, 1, Money(1_000, "USD"))
    assert (found.periods[0].opening, found.periods[0].closing, found.missing_rates) == (eur(900), eur(990), ("GBP",))
    with pytest.raises(InvalidSetting, match="no rate from JPY"):
        forecast(crm, 1, Money(1, "JPY"))


def test_what_an_actor_may_not_see_is_not_told(shared_sqlite: SharedCrm) -> None:
    """A forecast would tell amounts that the policy hides."""
    rows = {"opportunity": 'name = "mine"', "planned_payment": 'kind = "campaign"'}
    crm = shared_sqlite.fresh(policy=Restricted(rows=rows, hidden={"invoice": ("total", "lines", "payments")}))
    example(crm)
    assert [each.closing for each in forecast(crm).periods] == [eur(50_000), eur(35_000)]


def test_months_that_cannot_be(shared_memory: SharedCrm) -> None:
    """A forecast of no months, or past the end of the calendar, would fail somewhere inside."""
    crm = shared_memory.fresh()
    for months in (0, 121):
        with pytest.raises(InvalidSetting, match="1 to 120"):
            forecast(crm, months)
    with pytest.raises(InvalidSetting, match="no calendar"):
        forecast(crm, 2, start=dt.date(9999, 12, 1))
    assert forecast(crm, 1, start=dt.date(9999, 12, 1)).periods[0].closing == eur(50_000)


def test_terms_and_plans_that_cannot_be(shared_memory: SharedCrm) -> None:
    """Terms that share out more than all, or a plan that ends before it begins, would be stored."""
    crm = shared_memory.fresh()
    for wrong in (
        Terms("a", Decimal("1.1")),
        Terms("a", net_days=-1),
        Terms("a", instalments=0),
        PlannedPayment("a", START, eur(1), until=START),
        PlannedPayment("a", START, eur(1), repeats="monthly", until=day(2, 1)),
    ):
        with pytest.raises(InvalidRecord), crm.work("root") as work:
            work.records(wrong.__crm__.name if wrong.__crm__ else "").add(wrong)


def test_a_monthly_payment_of_the_last_day(shared_memory: SharedCrm) -> None:
    """A payment of the 31st would skip short months, or wander to the 28th for good."""
    plan = PlannedPayment("Wages", dt.date(2024, 1, 31), eur(1), repeats="monthly", until=dt.date(2024, 5, 30))
    assert list(plan.days(dt.date(2024, 2, 1), dt.date(2024, 12, 31))) == [
        dt.date(2024, 2, 29),
        dt.date(2024, 3, 31),
        dt.date(2024, 4, 30),
    ]
    assert list(PlannedPayment("Once", START, eur(1)).days(START, START)) == [START]
    endless = PlannedPayment("a", dt.date(9999, 11, 30), eur(1), repeats="monthly")
    assert len(list(endless.days(dt.date(9999, 1, 1), dt.date.max))) == 2


AMOUNTS = st.integers(1, 10_000).map(eur)
DAYS = st.dates(day(1, 1), day(7, 31))


@settings(max_examples=25, deadline=None)
@given(
    deals=st.lists(st.tuples(AMOUNTS, DAYS, st.integers(0, 100)), max_size=4),
    bills=st.lists(st.tuples(AMOUNTS, DAYS), max_size=4),
    plans=st.lists(st.tuples(AMOUNTS, DAYS, st.booleans()), max_size=3),
    months=st.integers(1, 6),
)
def test_every_month_adds_up(
    deals: list[tuple[Money, dt.date, int]],
    bills: list[tuple[Money, dt.date]],
    plans: list[tuple[Money, dt.date, bool]],
    months: int,
) -> None:
    """INV-19: closing would not be opening plus in less out, sources not add up, or best case be below committed."""
    crm = SharedMemory().fresh()
    with crm.work("root") as work:
        for amount, closes, percent in deals:
            chance = Decimal(percent) / 100
            work.opportunities.add(Opportunity(None, amount=amount, probability=chance, expected_close=closes))
        for amount, due in bills:
            work.invoices.add(Invoice(day(1, 1), due_on=due, total=amount))
        for amount, first, monthly in plans:
            work[PlannedPayment].add(PlannedPayment("p", first, amount, repeats="monthly" if monthly else "once"))
    opening = eur(50_000)
    for each in forecast(crm, months).periods:
        assert each.opening == opening
        assert each.closing == each.opening + each.money_in - each.money_out
        assert sum(each.sources.values(), each.opening) == each.closing
        assert each.committed <= each.closing <= each.best_case
        opening = each.closing


def test_references_are_kept_by_removal_rules(shared: SharedCrm) -> None:
    """Terms that deals are paid by could be removed under them."""
    crm = shared.fresh()
    example(crm)
    with crm.work("root") as work:
        [terms] = work[Terms].query().items
    with pytest.raises(StillReferenced), crm.work("root") as work:
        work[Terms].remove(terms.id)
