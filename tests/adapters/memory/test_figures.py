"""Aggregates in memory."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, localcontext
from typing import Any

import pytest

from crmcore.adapters.memory.transaction import MemoryTransaction
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.domain.money import Money
from tests.adapters.memory.samples import CUSTOMER, SARA, ask, sample
from tests.domain.clinic import NOON, VISIT

VALUES: list[dict[str, Any]] = [
    {"state": "held", "price": Money(1, "EUR"), "rank": 5, "dose": Decimal("0.1001")},
    {"state": "booked", "price": Money(2, "USD"), "note": "b"},
    {"state": "held", "price": Money("3.5", "EUR"), "rank": 2, "note": "a"},
    {"state": "held", "price": Money(4, "USD"), "dose": Decimal("9.2"), "note": "B"},
]


@pytest.fixture
def clinic(transaction: MemoryTransaction) -> MemoryTransaction:
    """Four visits."""
    transaction.insert(CUSTOMER, [SARA])
    transaction.insert(VISIT, [sample(n, **values) for n, values in enumerate(VALUES)])
    return transaction


def _rows(
    transaction: MemoryTransaction, where: str = "", by: tuple[str, ...] = (), *measures: tuple[str, str]
) -> list[list[Any]]:
    return transaction.aggregate(ask(where), by, measures)


def test_groups_come_in_order_with_their_figures(clinic: MemoryTransaction) -> None:
    """A report would differ from one run to the next."""
    assert _rows(clinic, "", ("state",), ("count", ""), ("sum", "rank")) == [["booked", 1, None], ["held", 3, 7]]
    assert _rows(clinic, "", ("note",), ("count", "")) == [["B", 1], ["a", 1], ["b", 1], [None, 1]]
    assert _rows(clinic, "", ("state", "rank"), ("count", "")) == [
        ["booked", None, 1],
        ["held", 2, 1],
        ["held", 5, 1],
        ["held", None, 1],
    ]


def test_currencies_are_never_added(clinic: MemoryTransaction) -> None:
    """A total would add dollars to euros."""
    both = (Money("4.50", "EUR"), Money(6, "USD"))
    assert _rows(clinic, "", (), ("sum", "price")) == [[both]]
    assert _rows(clinic, "", (), ("min", "price"), ("max", "refund")) == [[(Money(1, "EUR"), Money(2, "USD")), ()]]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (("count", ""), 4),
        (("count", "rank"), 2),  # of values, not of rows
        (("count", "price"), 4),
        (("sum", "dose"), Decimal("9.3001")),  # exact, whatever a host calculates with
        (("min", "rank"), 2),
        (("max", "day"), dt.date(2025, 1, 4)),
        (("min", "began_at"), NOON),
        (("sum", "seat"), 6),
        (("max", "due"), None),  # nobody has one
    ],
)
def test_figures_skip_what_is_missing(clinic: MemoryTransaction, measure: tuple[str, str], expected: Any) -> None:
    """A missing value would count as nothing, or as zero."""
    with localcontext() as context:
        context.prec = 2
        assert _rows(clinic, "", (), measure) == [[expected]]


def test_only_what_fits_counts(clinic: MemoryTransaction) -> None:
    """A figure would be over other records than the filter says."""
    assert _rows(clinic, "state = 'held'", (), ("count", "")) == [[3]]
    assert _rows(clinic, "seat > 9", (), ("count", ""), ("sum", "seat")) == [[0, None]]
    assert _rows(clinic, "seat > 9", ("state",), ("count", "")) == []


@pytest.mark.parametrize(
    ("by", "measure", "error"),
    [
        (("colour",), ("count", ""), UnknownName),
        (("marks",), ("count", ""), InvalidValue),
        (("price",), ("count", ""), InvalidValue),
        (("colour.month",), ("count", ""), UnknownName),
        (("began_at.month",), ("count", ""), InvalidValue),  # in which zone?
        ((), ("sum", "note"), InvalidValue),
        ((), ("sum", "day"), InvalidValue),
        ((), ("min", "form"), InvalidValue),
        ((), ("sum", ""), UnknownName),
        ((), ("median", "rank"), InvalidValue),
        ((), ("count", "marks"), InvalidValue),
    ],
)
def test_a_figure_that_a_field_does_not_have_is_refused(
    clinic: MemoryTransaction, by: tuple[str, ...], measure: tuple[str, str], error: type[Exception]
) -> None:
    """A report would show nonsense."""
    with pytest.raises(error):
        _rows(clinic, "", by, measure)
