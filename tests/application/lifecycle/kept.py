"""What a plugin has in a database, written once and compared as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest

from crmcore import Link, Money, Person
from crmcore.crm import Crm
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from crmcore.testing.specimens import Entry, Piece, Profile, Sample
from tests.databases import storages

NOON = dt.datetime(2025, 1, 15, 12, tzinfo=dt.UTC)
EVERYWHERE = pytest.mark.parametrize("storage", storages("memory", "sqlite", "postgres", "mariadb"))


@attrs.frozen
class Rows:
    """The ids of what was written."""

    leila: UUID
    omar: UUID
    sample: UUID
    entry: UUID


@contextmanager
def opened(storage: str, request: pytest.FixtureRequest, *plugins: object) -> Iterator[Crm]:
    """A Crm over an empty database, with these plugins or the one with everything."""
    url = "memory" if storage == "memory" else request.getfixturevalue(f"{storage}_url")
    with make_crm(url, plugins=list(plugins) or [specimens], clock=FrozenClock(NOON)) as crm:
        yield crm


def fill(crm: Crm) -> Rows:
    """Two customers with facets, a sample with parts and sets that is about one of them, an entry, and a link."""
    with crm.work("sara") as work:
        profile = Profile(motto="carpe diem", card="1", ratio=Decimal("1.25"), credit=Money("12.5", "EUR"),
                          likes=frozenset(("tea", "چای")), seen_at=NOON, data={"a": [1]})  # fmt: skip
        leila = work.customers.add(Person("Leila").with_facets(profile)).id
        omar = work.customers.add(Person("Omar").with_facets(Profile(motto="nil", card="2"))).id
        pieces = (Piece("leg", maker=omar, weight=Decimal("0.5")), Piece("arm", price=Money("3", "USD")))
        sample = Sample(
            "first", NOON, code="S-1", tags=frozenset(("x",)), customer=leila, pieces=pieces, ratio=Decimal("2")
        )
        made = work[Sample].add(sample).id
        entry = work[Entry].add(Entry(leila, NOON, 7)).id
        work.links.add(Link("customer", leila, "specimen.sample", made, "about"))
    return Rows(leila, omar, made, entry)


def plain(crm: Crm) -> dict[str, Any]:
    """Everything that is kept for the plugin and about the customers, as plain values, by record type and id."""
    found: dict[str, Any] = {}
    with crm.work("reader") as work:
        for name in ("customer", "specimen.sample", "specimen.entry", "link"):
            type = crm.catalogue.records.get(name)
            facets = [f.cls for f in crm.catalogue.facets.get(name, ())]
            for record in work.records(name).stream(with_=facets) if type else ():
                found[f"{name} {record.id}"] = _told(record)
    return found


def _told(record: Any) -> dict[str, Any]:
    told = attrs.asdict(record, filter=lambda a, _: a.name != "facets")
    found: dict[type[Any], Any] = {**record.facets}
    facets = {cls.__name__: None if held is None else attrs.asdict(held) for cls, held in found.items()}
    return {**told, "facets": facets}
