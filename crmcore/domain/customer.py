"""The customer: a person or an organisation in any role (customer, lead, partner, supplier, donor, patient ...)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.customer_labels import LABELS
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Derived, Flat, Record, record

ROLES: Final = (
    "customer",
    "lead",
    "partner",
    "supplier",
    "competitor",
    "member",
    "donor",
    "patient",
    "employee",
    "volunteer",
    "other",
)


@part("contact_point", label={"en": "Contact point", "fa": "راه تماس", "ar": "وسيلة اتصال"})
class ContactPoint(Part):
    """One way to reach a customer, as given; several customers may share one."""

    kind: str = field.choice("email", "phone", "fax", "website", "messenger", "social", "other")
    value: str = field.text(length=320, index=True, personal=True, merge="union")
    usage: str | None = field.choice("private", "work", "billing", "other", default=None)
    preferred: bool = field.boolean(default=False)
    verified_at: dt.datetime | None = field.datetime(default=None)
    valid_from: dt.date | None = field.date(default=None, merge="most_restrictive")
    valid_to: dt.date | None = field.date(default=None)


@part("address", label={"en": "Address", "fa": "نشانی", "ar": "عنوان"})
class Address(Part):
    """A postal address; it survives a merge as a unit."""

    kind: str | None = field.choice("home", "work", "billing", "delivery", "other", default=None)
    street: str | None = field.text(default=None, length=500, personal=True)
    city: str | None = field.text(default=None, index=True, personal=True)
    region: str | None = field.text(default=None, personal=True)
    postal_code: str | None = field.text(default=None, length=40, fold=False, personal=True)
    country: str | None = field.text(default=None, length=100, personal=True)
    preferred: bool = field.boolean(default=False)


@part("alternative_name", label={"en": "Other name", "fa": "نام دیگر", "ar": "اسم آخر"})
class AlternativeName(Part):
    """Another name of the same customer: a transliteration, a maiden or trade name."""

    name: str = field.text(personal=True, merge="union")
    kind: str | None = field.choice("transliteration", "former", "trade", "nickname", "other", default=None)
    script: str | None = field.text(default=None, length=20, fold=False)


@part("role", label={"en": "Role", "fa": "نقش", "ar": "دور"})
class Role(Part):
    """A role over time, from its first day up to but not including its last; open where a date is missing."""

    role: str = field.choice(*ROLES)
    from_date: dt.date | None = field.date(default=None)
    to_date: dt.date | None = field.date(default=None)


def _flat(name: str, kind: str, search: Any = None) -> Flat:
    return Flat(name=name, part="contact_point", field="value", where={"kind": kind}, search=search, label=LABELS[name])


@record(
    "customer",
    label={"en": "Customer", "fa": "مشتری", "ar": "عميل"},
    title=("name", "email"),
    subject="id",
    flats=(
        _flat("email", "email", "email"),
        _flat("phone", "phone", "phone"),
        _flat("fax", "fax", "phone"),
        _flat("website", "website"),
        *(
            Flat(name=name, part="address", field=name, label=LABELS[name])
            for name in ("street", "city", "region", "postal_code", "country")
        ),
        Flat(name="roles", part="role", field="role", many=True, label=LABELS["roles"]),
        Flat(
            name="alternative_names",
            part="alternative_name",
            field="name",
            many=True,
            search="name",
            label=LABELS["alternative_names"],
        ),
    ),
    derived=(
        Derived(name="last_order", record="order", via="customer", field="ordered_at", how="max"),
        Derived(name="last_interaction", record="interaction", via="customer", field="at", how="max"),
    ),
)
class Customer(Record):
    """A person or organisation. The name stands as given, in any script; no part of it is required.

    `merged_into` is the customer that this one is now a part of: its id leads there for ever, and lists leave it out.
    `erased_at` is when the person's data was erased.
    """

    kind: str = field.choice("person", "organisation", default="person", index=True, label=LABELS["kind"])
    name: str | None = field.text(
        default=None, search="name", personal=True, index=True, merge="most_complete", label=LABELS["name"]
    )
    given_name: str | None = field.text(
        default=None, personal=True, merge="most_complete", merge_with="name", label=LABELS["given_name"]
    )
    family_name: str | None = field.text(
        default=None, personal=True, merge="most_complete", merge_with="name", label=LABELS["family_name"]
    )
    employer: str | None = field.text(default=None, personal=True, label=LABELS["employer"])
    job_title: str | None = field.text(default=None, personal=True, label=LABELS["job_title"])
    language: str | None = field.text(default=None, length=35, fold=False, label=LABELS["language"])
    birth_date: dt.date | None = field.date(default=None, personal=True, sensitive=True, label=LABELS["birth_date"])
    gender: str | None = field.text(
        default=None, length=30, fold=False, personal=True, sensitive=True, label=LABELS["gender"]
    )
    owner: UUID | None = field.reference("user", default=None, index=True, label=LABELS["owner"])
    lead_source: str | None = field.text(default=None, length=100, label=LABELS["lead_source"])
    tags: frozenset[str] = field.choices(default=frozenset(), personal=True, merge="union", label=LABELS["tags"])
    note: str | None = field.text(
        default=None, length=20_000, personal=True, sensitive=True, merge="longest", label=LABELS["note"]
    )
    archived: bool = field.boolean(default=False, label=LABELS["archived"])
    payment_terms: UUID | None = field.reference("payment_terms", default=None, kw_only=True, index=True)
    merged_into: UUID | None = field.reference(
        "customer", default=None, kw_only=True, index=True, system=True, label=LABELS["merged_into"]
    )
    erased_at: dt.datetime | None = field.datetime(default=None, kw_only=True, system=True, label=LABELS["erased_at"])
    contact_points: tuple[ContactPoint, ...] = parts(ContactPoint, default=())
    addresses: tuple[Address, ...] = parts(Address, default=())
    alternative_names: tuple[AlternativeName, ...] = parts(AlternativeName, default=())
    roles: tuple[Role, ...] = parts(Role, default=())


def _customer(
    kind: str,
    name: str | None,
    emails: Iterable[str],
    phones: Iterable[str],
    roles: Iterable[str],
    rest: dict[str, Any],
) -> Customer:
    points = [ContactPoint("email", e, preferred=n == 0) for n, e in enumerate(emails)]
    points += [ContactPoint("phone", p, preferred=n == 0) for n, p in enumerate(phones)]
    points += rest.pop("contact_points", ())
    return Customer(kind, name, contact_points=tuple(points), roles=tuple(map(Role, roles)), **rest)


def Person(  # reads as the record that it makes
    name: str | None = None,
    *,
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
    roles: Iterable[str] = (),
    **rest: Any,
) -> Customer:
    """A customer that is a person; the first e-mail and phone are the preferred ones."""
    return _customer("person", name, emails, phones, roles, rest)


def Organisation(  # reads as the record that it makes
    name: str | None = None,
    *,
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
    roles: Iterable[str] = (),
    **rest: Any,
) -> Customer:
    """A customer that is an organisation; the first e-mail and phone are the preferred ones."""
    return _customer("organisation", name, emails, phones, roles, rest)
