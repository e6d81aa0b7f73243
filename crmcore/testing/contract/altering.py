"""The contract of fields that are added at run time: they hold what others hold, and lose nothing until a purge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from crmcore.application.custom.described import STATES, read, with_custom
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.catalogue import CUSTOM
from crmcore.domain.customer import Person
from crmcore.domain.errors import DanglingReference, DuplicateValue, PredicateError, StillReferenced
from crmcore.domain.money import Money
from crmcore.ports.stamp import CUSTOM_FIELDS, EPOCH
from crmcore.testing.contract.case import NOON, StorageCase, customer_id
from crmcore.testing.specimens import Entry

KINDS: Final[dict[str, tuple[dict[str, Any], Any, str]]] = {
    "text": ({"index": True}, "مقاس ‌الحذاء 🜁", 'custom.of_text ~ "حذاء"'),
    "integer": ({"index": True}, -(2**63), "custom.of_integer < 0"),
    "decimal": ({"scale": 6}, Decimal("-999999999999.999999"), "custom.of_decimal < -1"),
    "money": ({"index": True}, Money("99999999999999.9999", "JPY"), "custom.of_money = 99999999999999.9999 JPY"),
    "boolean": ({"index": True}, False, "custom.of_boolean = false"),
    "date": ({}, dt.date(2024, 2, 29), "custom.of_date = 2024-02-29"),
    "datetime": ({"index": True}, dt.datetime(1, 1, 2, 0, 0, 0, 1, tzinfo=dt.UTC), "custom.of_datetime < 2000-01-01"),
    "choice": ({"options": ("grün", "red"), "index": True}, "grün", 'custom.of_choice = "grün"'),
    "choices": ({"options": ("a", "b")}, frozenset(("a", "b")), 'custom.of_choices = "b"'),
    "reference": ({"target": "customer", "index": True}, None, 'custom.of_reference.name = "Leila"'),
    "json": ({}, {"a": [1, None, True], "big": 2**63}, "custom.of_json is not missing"),
}
"""By kind: options, a value at the edge of what it may hold (None: the id of Leila), and a filter that finds it."""


def drop_all_fields(crm: Crm) -> None:
    """Leave no field that was added at run time, nor any table or column of one; faster than one by one."""
    with crm.storage.altering() as alteration:
        kept = read(alteration.setting(CUSTOM_FIELDS))
        for at, each in enumerate(kept):
            alteration.drop(
                with_custom(crm.registry.catalogue, kept[at:], *STATES), each.record, CUSTOM, each.field.name
            )
        alteration.put_setting(CUSTOM_FIELDS, "")
        alteration.put_setting(EPOCH, str(int(alteration.setting(EPOCH) or 0) + 1))
    with crm.work("sara", snapshot=True):
        pass  # it sees what has changed


def change(work: UnitOfWork, id: UUID, values: dict[str, Any]) -> None:
    """Change dotted fields of a customer."""
    work.customers.change(id, **values)


class AlteringContract(StorageCase):
    """Fields added, removed and purged while there are records."""

    @pytest.fixture
    def altered(self, crm: Crm) -> Iterator[Crm]:
        """A Crm to which fields are added; it is left without any."""
        yield crm
        drop_all_fields(crm)

    def test_a_field_of_every_kind_holds_its_values(self, altered: Crm) -> None:
        """To the edges of its kind; and each can be asked for."""
        crm, leila = altered, customer_id(altered)
        for kind, (options, _, _) in KINDS.items():
            crm.fields.add("customer", f"of_{kind}", kind, **options)
        values = {f"of_{kind}": leila if value is None else value for kind, (_, value, _) in KINDS.items()}
        cls = crm.fields.facet("customer")
        with crm.work("sara") as work:
            omar = work.customers.add(Person("Omar").with_facets(cls(**values))).id
        with crm.work("sara") as work:
            assert work.customers.get(omar, with_=[cls]).facet(cls) == cls(version=1, **values)
            for kind, (_, _, where) in KINDS.items():
                assert [c.id for c in work.customers.stream(where)] == [omar], kind

    def test_records_that_were_there_have_no_value(self, altered: Crm) -> None:
        """And get one by a change, beside the facets that they have."""
        leila = customer_id(altered)
        altered.fields.add("customer", "size", "integer")
        altered.fields.add("customer", "sets", "choices")
        with altered.work("sara") as work:
            assert work.customers.count("custom.size is missing") == 1
            change(work, leila, {"custom.size": 40})
            change(work, leila, {"custom.sets": frozenset(("tea",))})
            assert [c.id for c in work.customers.stream('custom.size = 40 and custom.sets = "tea"')] == [leila]

    def test_a_unique_field_is_unique(self, altered: Crm) -> None:
        """Whether the facet's table was there already or not; refused by the name that people know, and the value."""
        for name in ("first", "second"):
            altered.fields.add("customer", name, "text", length=20, unique=True)
            leila, omar = customer_id(altered), customer_id(altered, "Omar")
            with altered.work("sara") as work:
                change(work, leila, {f"custom.{name}": "A1"})
                with pytest.raises(DuplicateValue) as refused, work.savepoint():
                    change(work, omar, {f"custom.{name}": "A1"})
                assert (refused.value.details["field"], refused.value.details["value"]) == (f"custom.{name}", "A1")

    def test_a_reference_leads_somewhere(self, altered: Crm) -> None:
        """Or is refused by the name that people know; what it leads to cannot go."""
        altered.fields.add("customer", "size", "integer")
        altered.fields.add("customer", "shop", "reference", target="customer")
        leila, omar = customer_id(altered), customer_id(altered, "Omar")
        with altered.work("sara") as work, pytest.raises(DanglingReference) as refused, work.savepoint():
            change(work, leila, {"custom.shop": UUID(int=5)})
        assert refused.value.details["field"] == "custom.shop"
        with altered.work("sara") as work:
            change(work, leila, {"custom.shop": omar})
            with pytest.raises(StillReferenced):
                work.customers.remove(omar)

    def test_a_removed_field_keeps_its_values(self, altered: Crm) -> None:
        """Through changes of the facet meanwhile; nobody sees it until it is added again."""
        crm, leila = altered, customer_id(altered)
        held = {"size": 40, "price": Money("2", "EUR"), "sets": frozenset(("tea",)), "word": "Wort"}
        kinds = {"size": "integer", "price": "money", "sets": "choices", "word": "text", "stays": "date"}
        for name, kind in kinds.items():
            crm.fields.add("customer", name, kind)
        with crm.work("sara") as work:
            change(work, leila, {f"custom.{name}": value for name, value in held.items()})
        for name in held:
            crm.fields.remove("customer", name)
        with crm.work("sara") as work:
            with pytest.raises(PredicateError):
                work.customers.count("custom.size = 40")
            change(work, leila, {"custom.stays": NOON.date()})
        assert [crm.fields.held("customer", name) for name in held] == [1, 1, 1, 1]
        for name in held:
            crm.fields.add("customer", name, kinds[name])
        cls = crm.fields.facet("customer")
        with crm.work("sara") as work:
            assert work.customers.get(leila, with_=[cls]).facet(cls) == cls(version=2, stays=NOON.date(), **held)

    def test_what_a_removed_field_keeps_goes_with_its_record(self, altered: Crm) -> None:
        """A record can be removed though no catalogue knows what hangs on it; so can its facet."""
        crm, leila, omar = altered, customer_id(altered), customer_id(altered, "Omar")
        for name, kind in {"size": "integer", "sets": "choices", "stays": "text"}.items():
            crm.fields.add("customer", name, kind)
        values: dict[str, Any] = {"custom.size": 1, "custom.sets": frozenset(("tea", "milk")), "custom.stays": "x"}
        with crm.work("sara") as work:
            for id in (leila, omar):
                change(work, id, values)
        crm.fields.remove("customer", "size")
        crm.fields.remove("customer", "sets")
        with crm.work("sara") as work:
            work.customers.drop_facet(omar, crm.fields.facet("customer"))
        crm.fields.remove("customer", "stays")
        with crm.work("sara") as work:
            work.customers.remove(leila)
        assert [crm.fields.held("customer", name) for name in ("size", "sets", "stays")] == [0, 0, 0]
        crm.fields.add("customer", "sets", "choices")
        with crm.work("sara") as work:
            change(work, omar, {"custom.sets": frozenset(("tea",))})
            assert work.customers.count('custom.sets = "milk"') == 0

    def test_a_removed_reference_holds_until_it_is_purged(self, altered: Crm) -> None:
        """Or its values would lead nowhere when it comes back."""
        crm, leila, omar = altered, customer_id(altered), customer_id(altered, "Omar")
        crm.fields.add("customer", "shop", "reference", target="customer", index=True)
        with crm.work("sara") as work:
            change(work, leila, {"custom.shop": omar})
        crm.fields.remove("customer", "shop")
        with pytest.raises(StillReferenced), crm.work("sara") as work:
            work.customers.remove(omar)
        assert crm.fields.purge("customer", "shop") == 1
        with crm.work("sara") as work:
            work.customers.remove(omar)

    @pytest.mark.parametrize("kind", ["boolean", "choices", "money", "reference", "text"])
    def test_a_purged_field_leaves_its_name_free(self, altered: Crm, kind: str) -> None:
        """With its indexes, rules and tables, for a field of another kind; the others keep their values."""
        crm, leila = altered, customer_id(altered)
        options, value, _ = KINDS[kind]
        crm.fields.add("customer", "stays", "text", unique=True)
        crm.fields.add("customer", "word", kind, **options)
        with crm.work("sara") as work:
            change(work, leila, {"custom.word": leila if value is None else value, "custom.stays": "x"})
        crm.fields.remove("customer", "word")
        assert crm.fields.purge("customer", "word") == 1
        crm.fields.add("customer", "word", "integer", unique=True)
        cls = crm.fields.facet("customer")
        with crm.work("sara") as work:
            found = work.customers.get(leila, with_=[cls]).facet(cls)
            assert (found.word, found.stays) == (None, "x")

    def test_the_last_field_takes_the_facet_with_it(self, altered: Crm) -> None:
        """What comes after begins anew."""
        crm, leila = altered, customer_id(altered)
        crm.fields.add("customer", "word", "text")
        with crm.work("sara") as work:
            change(work, leila, {"custom.word": "x"})
        crm.fields.remove("customer", "word")
        assert crm.fields.purge("customer", "word") == 1
        crm.fields.add("customer", "word", "text")
        cls = crm.fields.facet("customer")
        with crm.work("sara") as work:
            assert work.customers.get(leila, with_=[cls]).facet_or_none(cls) is None

    def test_a_plugins_record_type_gets_fields_too(self, altered: Crm) -> None:
        """By its full name, one field after the other."""
        altered.fields.add("specimen.entry", "grade", "choice", options=("high", "low"), index=True)
        altered.fields.add("specimen.entry", "note", "text")
        cls = altered.fields.facet("specimen.entry")
        leila = customer_id(altered)
        with altered.work("sara") as work:
            entry = Entry(leila, NOON, 3).with_facets(cls(grade="low", note="n"))
            added = work[Entry].add(entry)
            assert [e.id for e in work[Entry].stream('custom.grade = "low" and custom.note = "n"')] == [added.id]
