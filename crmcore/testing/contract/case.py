"""What the parts of the storage contract share: the one factory, the Crm over it, and records with everything in."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import pytest

from crmcore.crm import Crm
from crmcore.domain.customer import Person
from crmcore.domain.money import Money
from crmcore.ports.storage import StorageSource
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import CountingIds, FrozenClock
from crmcore.testing.specimens import Piece, Profile, Sample

NOON = dt.datetime(2025, 1, 15, 12, 0, tzinfo=dt.UTC)
LAST_MICROSECOND = dt.datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=dt.UTC)


class StorageCase(ABC):
    """The base of every part of the contract; `source` is all that an adapter's test has to give."""

    plugins: ClassVar[tuple[object, ...]] = (specimens,)

    @abstractmethod
    def source(self) -> StorageSource:
        """A storage source over a database without records. Called once or more in each test, each time for another
        database or for one that was emptied; whether it has tables already is left open."""

    @pytest.fixture
    def clock(self) -> FrozenClock:
        """The clock of the `crm` of the same test."""
        return FrozenClock()

    @pytest.fixture
    def crm(self, clock: FrozenClock) -> Iterator[Crm]:
        """A Crm over an empty database, in the zone of Berlin, with euros for bare amounts."""
        ids = CountingIds()
        with make_crm(self.source(), plugins=self.plugins, clock=clock, ids=ids, zone="Europe/Berlin") as crm:
            yield crm


def full_piece(maker: UUID | None = None, **changes: Any) -> Piece:
    """A part with a value in every field."""
    values: dict[str, Any] = {
        "title": "Piece",
        "remark": "r" * 2_000,
        "count": -(2**63),
        "weight": Decimal("-999999999999.999999"),
        "price": Money("-99999999999999.9999", "EUR"),
        "sound": False,
        "made_on": dt.date(1, 1, 1),
        "made_at": dt.datetime(1, 1, 2, 0, 0, 0, 1, tzinfo=dt.UTC),
        "shape": "square",
        "maker": maker,
        "data": {"a": [1, None, {"b": "ü"}], "big": 2**63},
    }
    return Piece(**{**values, **changes})


def full_sample(customer: UUID | None = None, **changes: Any) -> Sample:
    """A record with a value in every field, at the edges of what each kind may hold."""
    values: dict[str, Any] = {
        "label": "Sample",
        "taken_at": LAST_MICROSECOND,
        "note": "n" * 20_000,
        "code": "c" * 100,
        "batch": "b",
        "number": 2**63 - 1,
        "ratio": Decimal("999999999999.999999"),
        "fine": Decimal("-999999.999999999999"),
        "price": Money("99999999999999.9999", "JPY"),
        "active": False,
        "checked": True,
        "taken_on": dt.date(9999, 12, 31),
        "colour": "blue",
        "tags": frozenset(("a", "A", "á", "a b", "ی", "🙂")),
        "marks": frozenset(("a", "c")),
        "customer": customer,
        "data": {"text": "‌x", "list": [1, 2, []], "no": None, "yes": True},
        "pieces": (full_piece(customer), full_piece(title="second", remark=None, data=[])),
        "source": "shop",
        "external_id": "42",
    }
    return Sample(**{**values, **changes})


def full_profile(adviser: UUID | None = None, **changes: Any) -> Profile:
    """A facet with a value in every field."""
    values: dict[str, Any] = {
        "motto": "Onwards",
        "card": "c" * 64,
        "points": -1,
        "ratio": Decimal("0.01"),
        "credit": Money("0.001", "KWD"),
        "active": False,
        "since_day": dt.date(2024, 2, 29),
        "seen_at": NOON,
        "level": "high",
        "likes": frozenset(("tea", "Tea")),
        "adviser": adviser,
        "data": [],
    }
    return Profile(**{**values, **changes})


def plain_sample(label: str, **values: Any) -> Sample:
    """A record with only what is required."""
    return Sample(label, NOON, **values)


def customer_id(crm: Crm, name: str = "Leila") -> UUID:
    """The id of a customer who was just added."""
    with crm.work("sara") as work:
        return work.customers.add(Person(name)).id
