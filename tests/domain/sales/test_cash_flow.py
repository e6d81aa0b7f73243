"""The cash-flow forecast adds up, in every view."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.money import Money
from crmcore.domain.sales.cash_flow import CashItem, View, cash_by_source, cash_flow
from crmcore.domain.sales.payment_terms import PaymentTerms, deal_receipts, invoice_receipt, observed_days_late

OPENING = Money(50_000, "EUR")
FIRST = dt.date(2025, 3, 1)
NET_30 = PaymentTerms(deposit=Decimal("0.3"), net_days=30)


def deal(chance: str) -> tuple[CashItem, ...]:
    """The deal of EX-19 at another probability."""
    return deal_receipts(Money(12_000, "EUR"), dt.date(2025, 3, 14), Decimal(chance), NET_30, reference="17")


def paid(day: dt.date, amount: int, source: str) -> CashItem:
    """A planned payment."""
    return CashItem(on=day, amount=Money(-amount, "EUR"), source=source)


COSTS = (
    paid(dt.date(2025, 3, 31), 9_000, "payroll"),
    paid(dt.date(2025, 4, 30), 9_000, "payroll"),
    paid(dt.date(2025, 4, 10), 15_000, "campaign"),
)
INVOICE = invoice_receipt(Money(5_000, "EUR"), dt.date(2025, 3, 31), reference="R-1", days_late=8)
EX_19 = (*deal("0.6"), INVOICE, *COSTS)


def closings(items: Sequence[CashItem], view: View) -> list[Money]:
    """The balances at the end of March and April."""
    return [month.closing for month in cash_flow(items, opening=OPENING, opens_on=FIRST, months=2, view=view)]


@pytest.mark.parametrize(
    ("view", "march", "april"),
    [(View.EXPECTED, 43_160, 29_200), (View.COMMITTED, 41_000, 22_000), (View.BEST_CASE, 44_600, 34_000)],
)
def test_ex_19(view: View, march: int, april: int) -> None:
    """EX-19: otherwise a month closes with another balance than the reference gives."""
    assert closings(EX_19, view) == [Money(march, "EUR"), Money(april, "EUR")]


def test_ex_19_days_and_sources() -> None:
    """EX-19: otherwise money is expected on another day, or a month does not say what it comes from."""
    assert [item.on for item in EX_19[:3]] == [dt.date(2025, 3, 14), dt.date(2025, 4, 13), dt.date(2025, 4, 8)]
    march, april = cash_flow(EX_19, opening=OPENING, opens_on=FIRST, months=2)
    assert march.by_source == {"opportunity": Money(2_160, "EUR"), "payroll": Money(-9_000, "EUR")}
    assert (april.month, april.opening) == (dt.date(2025, 4, 1), march.closing)
    assert (april.money_in, april.money_out) == (Money(10_040, "EUR"), Money(24_000, "EUR"))


ITEMS = st.lists(
    st.builds(
        CashItem,
        on=st.dates(FIRST, dt.date(2026, 6, 30)),
        amount=st.integers(-(10**9), 10**9).map(lambda cents: Money(Decimal(cents).scaleb(-2), "EUR")),
        probability=st.decimals(0, 1, places=4) | st.just(Decimal(1)),
        source=st.sampled_from(["opportunity", "invoice", "payroll"]),
    ),
    max_size=12,
)


@given(ITEMS, st.integers(1, 20), st.sampled_from(View))
def test_inv_19_every_month_adds_up(items: list[CashItem], months: int, view: View) -> None:
    """INV-19: otherwise a closing balance is not opening + in - out, or the sources are not the whole."""
    flow = cash_flow(items, opening=OPENING, opens_on=FIRST, months=months, view=view)
    assert len(flow) == months
    before = OPENING
    for month in flow:
        assert month.opening == before
        assert month.closing == month.opening + month.money_in - month.money_out
        assert sum(month.by_source.values(), month.opening) == month.closing
        assert min(month.money_in, month.money_out) >= Money(0, "EUR")
        before = month.closing
    end = flow[-1].month
    within = [item for item in items if (item.on.year, item.on.month) <= (end.year, end.month)]
    assert sum(cash_by_source(within, view).values(), OPENING) == flow[-1].closing


@given(ITEMS)
def test_inv_19_certainty_moves_between_views(items: list[CashItem]) -> None:
    """INV-19: otherwise a deal made certain is not committed, or one made impossible is still expected."""
    certain = [evolve(item, probability=Decimal(1)) for item in items]
    assert all(item.counted(view) == item.amount for item in certain for view in View)
    for item in (evolve(item, probability=Decimal(0)) for item in items):
        assert item.counted(View.EXPECTED) == item.counted(View.COMMITTED) == Money(0, "EUR")
        assert item.counted(View.BEST_CASE) == max(item.amount, Money(0, "EUR"))


@given(ITEMS)
def test_the_best_case_is_the_best(items: list[CashItem]) -> None:
    """Otherwise the most hopeful view promises less than the expected one."""
    assert all(item.counted(View.BEST_CASE) >= item.counted(View.EXPECTED) for item in items)
    assert all(item.counted(View.BEST_CASE) >= item.counted(View.COMMITTED) for item in items)


@given(
    st.integers(-(10**12), 10**12),
    st.decimals(0, 1, places=3),
    st.integers(1, 12),
    st.integers(0, 90),
    st.integers(0, 60),
)
def test_payments_of_a_deal_add_up(cents: int, deposit: Decimal, instalments: int, net_days: int, late: int) -> None:
    """Otherwise a deal split into instalments loses or makes cents, or a part is due before it was signed."""
    terms = PaymentTerms(deposit=deposit, instalments=instalments, net_days=net_days)
    amount = Money(Decimal(cents).scaleb(-2), "EUR")
    schedule = terms.schedule(amount, FIRST, late)
    assert sum((part for _, part in schedule), Money(0, "EUR")) == amount
    assert [day for day, _ in schedule] == sorted(day for day, _ in schedule)
    assert len(schedule) <= instalments + 1
    assert all(day >= FIRST and part.amount for day, part in schedule)


def test_instalments() -> None:
    """Otherwise instalments fall on one day, or the deposit is expected as late as an invoice."""
    terms = PaymentTerms(deposit=Decimal("0.1"), instalments=3, net_days=14, interval_days=10)
    assert terms.schedule(Money(100, "EUR"), FIRST, days_late=1) == (
        (dt.date(2025, 3, 1), Money(10, "EUR")),
        (dt.date(2025, 3, 16), Money(30, "EUR")),
        (dt.date(2025, 3, 26), Money(30, "EUR")),
        (dt.date(2025, 4, 5), Money(30, "EUR")),
    )
    whole = PaymentTerms(deposit=Decimal(1)).schedule(Money(100, "EUR"), FIRST)
    assert whole == ((FIRST, Money(100, "EUR")),)
    assert PaymentTerms().schedule(Money(0, "EUR"), FIRST) == ()


def test_overdue_invoices_are_expected_today() -> None:
    """Otherwise money that is late already is expected in the past and drops out of the forecast."""
    late = invoice_receipt(Money(1, "EUR"), dt.date(2024, 1, 1), reference="R-2", days_late=8, not_before=FIRST)
    assert late.on == FIRST
    soon = invoice_receipt(Money(1, "EUR"), FIRST, reference="R-3", days_late=8, not_before=FIRST)
    assert soon.on == dt.date(2025, 3, 9)


def test_observed_days_late() -> None:
    """Otherwise early payers are taken for punctual ones, or a new customer divides by zero."""
    due = dt.date(2025, 3, 31)
    assert (
        observed_days_late([(due, dt.date(2025, 4, 10)), (due, dt.date(2025, 4, 6)), (due, dt.date(2025, 4, 8))]) == 8
    )
    assert observed_days_late([(due, dt.date(2025, 3, 29)), (due, dt.date(2025, 3, 30))]) == -2
    assert observed_days_late([]) == 0


def test_an_empty_forecast_across_the_year() -> None:
    """Otherwise months without money are missing, or December is followed by a thirteenth month."""
    flow = cash_flow([], opening=OPENING, opens_on=dt.date(2025, 11, 20), months=3)
    assert [month.month for month in flow] == [dt.date(2025, 11, 1), dt.date(2025, 12, 1), dt.date(2026, 1, 1)]
    assert {month.closing for month in flow} == {OPENING}


def test_what_cannot_be_forecast_is_refused() -> None:
    """Otherwise dollars are added to euros, money is counted twice, or a float gets in."""
    with pytest.raises(InvalidValue, match="not in EUR, the currency of the forecast"):
        closings([CashItem(on=FIRST, amount=Money(1, "USD"), source="invoice")], View.COMMITTED)
    with pytest.raises(InvalidValue, match="before 2025-03-01, when the forecast begins"):
        closings([CashItem(on=dt.date(2025, 2, 28), amount=OPENING, source="invoice")], View.EXPECTED)
    with pytest.raises(InvalidValue, match="not a number of months"):
        cash_flow([], opening=OPENING, opens_on=FIRST, months=0)
    with pytest.raises(InvalidValue, match="not a probability"):
        CashItem(on=FIRST, amount=OPENING, source="invoice", probability=Decimal("1.1"))
    with pytest.raises(InvalidValue, match="never a float"):
        CashItem(on=FIRST, amount=OPENING, source="invoice", probability=0.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="on no calendar"):
        PaymentTerms(net_days=3_650_000).schedule(OPENING, FIRST)


@pytest.mark.parametrize(
    "terms", [{"deposit": Decimal(30)}, {"instalments": 0}, {"net_days": -1}, {"interval_days": 1.5}]
)
def test_terms_that_nobody_can_keep_are_refused(terms: dict[str, int]) -> None:
    """Otherwise 30 percent written as 30 asks for thirty times the price."""
    with pytest.raises(InvalidValue):
        PaymentTerms(**terms)  # type: ignore[arg-type]
