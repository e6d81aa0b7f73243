"""Made-up customers with all that belongs to them: the same seed gives the same data, everywhere."""

from __future__ import annotations

import csv
import datetime as dt
import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import attrs

from benchmarks.names import SCRIPTS
from crmcore.domain.customer import Customer, Organisation, Person
from crmcore.domain.interaction import Interaction
from crmcore.domain.money import Money
from crmcore.domain.order import Order, OrderLine
from crmcore.domain.product import Product
from crmcore.domain.record import NIL
from crmcore.domain.relationship import Relationship
from crmcore_loyalty.member import TIERS, LoyaltyMember

SOURCE: Final = "bench"
SEED: Final = 20_261_121
EPOCH: Final = dt.datetime(2024, 1, 1, 8, tzinfo=dt.UTC)
PRODUCTS: Final = 40
DOMAINS: Final = ("example.com", "example.org", "mail.example.net", "post.example.ir")
CHANNELS: Final = ("phone", "email", "visit", "chat", "letter")
TOPICS: Final = ("Question about the invoice", "پیگیری سفارش", "استفسار عن الضمان", "Liefertermin", "回访", "Отзыв")
STATUSES: Final = ("open", "confirmed", "paid", "shipped", "completed", "cancelled")


@attrs.frozen
class Bearer:
    """One customer as plain texts; what is missing is None."""

    external_id: str
    kind: str
    name: str
    given_name: str | None
    family_name: str | None
    language: str
    email: str
    phone: str
    tier: str | None
    joined_on: dt.date | None
    card_number: str | None

    def customer(self, id: UUID = NIL, facets: bool = True) -> Customer:
        """The record to add, with the loyalty facet if the customer is a member, unless without `facets`."""
        make = Person if self.kind == "person" else Organisation
        made = make(
            self.name,
            emails=[self.email],
            phones=[self.phone],
            given_name=self.given_name,
            family_name=self.family_name,
            language=self.language,
            source=SOURCE,
            external_id=self.external_id,
            id=id,
        )
        if self.tier is None or not facets:
            return made
        return made.with_facets(LoyaltyMember(self.tier, self.joined_on, self.card_number))


def bearers(count: int, seed: int = SEED, start: int = 0) -> Iterator[Bearer]:
    """`count` customers numbered from `start`: nine persons to an organisation, every third a member."""
    draw = Random(seed)
    for number in range(start, start + count):
        script = SCRIPTS[number % len(SCRIPTS)]
        (given, latin_given), (family, latin) = draw.choice(script.given), draw.choice(script.family)
        if draw.random() < 0.3:
            given = f"{given} {draw.choice(script.given)[0]}"
        person = draw.random() < 0.9
        member = number % 3 == 0
        yield Bearer(
            external_id=f"B{number:08}",
            kind="person" if person else "organisation",
            name=f"{given} {family}" if person else script.company.format(f"{family} {draw.randrange(1000)}"),
            given_name=given if person else None,
            family_name=family if person else None,
            language=script.language,
            email=f"{latin_given if person else 'info'}.{latin}{number}@{draw.choice(DOMAINS)}",
            phone=f"{script.code} {draw.randrange(10, 99)} {draw.randrange(10_000, 99_999)}{number % 1000:03}",
            tier=draw.choices(TIERS, (60, 25, 12, 3))[0] if member else None,
            joined_on=(EPOCH + dt.timedelta(days=draw.randrange(700))).date() if member else None,
            card_number=f"LC-{number:010}" if member else None,
        )


def customers(count: int, ids: Sequence[UUID] = (), start: int = 0) -> Iterator[Customer]:
    """The records; with `ids` they have these, else they get theirs when they are added."""
    for number, bearer in enumerate(bearers(count, start=start)):
        yield bearer.customer(ids[number] if ids else NIL)


COLUMNS: Final = {
    **{name: name for name in ("external_id", "kind", "name", "given_name", "family_name", "language")},
    **{name: name for name in ("email", "phone")},
    **{f"loyalty.{name}": name for name in ("tier", "joined_on", "card_number")},
}
"""The columns of the CSV file and the attributes that they hold."""


def write_csv(path: Path, count: int) -> Path:
    """The customers as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for bearer in bearers(count):
            values = (getattr(bearer, attribute) for attribute in COLUMNS.values())
            writer.writerow(["" if value is None else str(value) for value in values])
    return path


def write_xlsx(path: Path, count: int) -> Path:
    """The same as a workbook of one sheet, as spreadsheet programs write them: texts, and dates as dates."""
    openpyxl: Any = importlib.import_module("openpyxl")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("customers")
    sheet.append(list(COLUMNS))
    for bearer in bearers(count):
        sheet.append([getattr(bearer, attribute) for attribute in COLUMNS.values()])
    book.save(path)
    return path


def products() -> Iterator[Product]:
    """A small catalogue of goods."""
    draw = Random(SEED)
    for number in range(PRODUCTS):
        yield Product(f"Product {number}", code=f"P{number:04}", price=Money(draw.randrange(5, 500), "EUR"))


def interactions(ids: Sequence[UUID], count: int, busy: int) -> Iterator[Interaction]:
    """`count` interactions: `busy` of them with the first customer, the others spread evenly over the rest."""
    draw = Random(SEED)
    for number in range(count):
        whose = ids[0] if number < busy else ids[1 + number % (len(ids) - 1)]
        yield Interaction(
            EPOCH + dt.timedelta(minutes=draw.randrange(1_000_000), microseconds=number),
            channel=draw.choice(CHANNELS),
            direction=draw.choice(("in", "out")),
            subject=draw.choice(TOPICS),
            body=f"{draw.choice(TOPICS)}: " + "we agreed to speak again next week. " * draw.randrange(1, 4),
            customer=whose,
        )


def orders(ids: Sequence[UUID], products: Sequence[UUID]) -> Iterator[Order]:
    """Three orders to four customers, all with every other one; none with the first. Each has one to three lines."""
    draw = Random(SEED)
    for number in range(len(ids) * 3 // 4):
        lines = [
            OrderLine(draw.choice(products), unit_price=Money(draw.randrange(5, 500), "EUR"))
            for _ in range(draw.randrange(1, 4))
        ]
        yield Order(
            EPOCH + dt.timedelta(minutes=draw.randrange(1_000_000)),
            status=draw.choice(STATUSES),
            lines=tuple(lines),
            customer=ids[draw.randrange(1, len(ids) // 2) * 2],
            source=SOURCE,
            external_id=f"O{number:08}",
        )


def relationships(ids: Sequence[UUID]) -> Iterator[Relationship]:
    """Every fifth customer is advised by the one before."""
    for number in range(1, len(ids), 5):
        yield Relationship(ids[number - 1], ids[number], "advises", EPOCH.date())
