"""Tests of names that two would have: refused at start, with both plugins, whatever the order (PLG-11, PLG-12)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from crmcore.domain import field
from crmcore.domain.customer import Customer
from crmcore.domain.errors import PluginConflict, PluginFailed
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.plugins.registry import load
from tests.plugins.made import facet_class, made, problems, record_class, refused, workflow

STATUS = ("draft", "open", "confirmed", "paid", "shipped", "completed", "cancelled", "returned")
SHARED = facet_class("customer")


@part("line")
class Line(Part):
    """A part of a test's record type."""

    text: str = field.text()


@record("entry")
class WithLines(Record):
    """A record type with a part, whose table is called after both."""

    lines: tuple[Line, ...] = parts(Line, default=())


@facet("customer")
class AlikeFacet(Facet):
    """Two fields that read as one."""

    card_number: str | None = field.text(default=None)
    cardnumber: str | None = field.text(default=None)


@record("entry")
class AlikeRecord(Record):
    """Two fields that read as one."""

    e_mail: str | None = field.text(default=None)
    email: str | None = field.text(default=None)


@pytest.mark.parametrize(
    ("plugins", "what"),
    [
        (
            [made(name, workflows=[workflow("order", "status", *STATUS)]) for name in "ab"],
            "plugin 'a' and plugin 'b': the workflow 'order:status' is declared by each of them",
        ),
        (
            [made("a", records=[record_class("b_c")]), made("a_b", records=[record_class("c")])],
            "plugin 'a' and plugin 'a_b': the record type 'a.b_c' and the record type 'a_b.c' are one name but for",
        ),
        (
            [made("a", facets=[SHARED]), made("b", facets=[SHARED])],
            "plugin 'a' and plugin 'b': the class MadeFacet is declared by each of them",
        ),
        ([made("a", records=[Customer])], "plugin 'a': the class Customer is declared by the core too"),
        (
            [made("cust", records=[record_class("omer")])],
            "plugin 'cust': the record type 'cust.omer' and the record type 'customer' are one name but for",
        ),
        (
            [made("order_li", records=[record_class("ne")])],
            "the part 'order.line' and the record type 'order_li.ne' are one name but for",
        ),
        (
            [made("owner", facets=[facet_class("customer")])],
            "plugin 'owner': its facet would be customer.owner, which is a part or a reference there",
        ),
        (
            [made("address", facets=[facet_class("customer", "city")])],
            "plugin 'address': its facet would be customer.address, which is a part or a reference there",
        ),
    ],
)
def test_a_name_that_is_taken_is_refused(plugins: list[Any], what: str) -> None:
    """The later one would win, or the database would refuse a table halfway through."""
    messages = {str(refused(PluginConflict, *order)) for order in permutations(plugins)}
    assert len(messages) == 1
    assert what in messages.pop()


@pytest.mark.parametrize(
    ("plugin", "what"),
    [
        (
            made("a", facets=[facet_class("customer", "x"), facet_class("customer", "y")]),
            "plugin 'a': the facet 'a.customer' is declared twice. Declare it once.",
        ),
        (made("a", facets=[SHARED, SHARED]), "plugin 'a': the class MadeFacet is declared twice. Declare it once."),
        (
            made("a", records=[record_class("entry"), record_class("entry")]),
            "plugin 'a': the record type 'a.entry' is declared twice. Declare it once.",
        ),
        (
            made("a", records=[WithLines, record_class("entry_line")]),
            "plugin 'a': the part 'a.entry.line' and the record type 'a.entry_line' are one name but for",
        ),
        (
            made("a", records=[record_class("customer")], facets=[facet_class("customer")]),
            "plugin 'a': the facet 'a.customer' and the record type 'a.customer' are one name",
        ),
        (
            made("a", facets=[AlikeFacet]),
            "facet of customer has names that differ only in case, width or underscores: card_number, cardnumber.",
        ),
        (
            made("a", records=[AlikeRecord]),
            "plugin 'a': a.entry has names that differ only in case, width or underscores: e_mail, email.",
        ),
        (
            made("a", workflows=[workflow("order", "status", *STATUS)] * 2),
            "plugin 'a': the workflow 'order:status' is declared twice. Declare it once.",
        ),
    ],
)
def test_a_plugin_that_clashes_with_itself_is_refused(plugin: Any, what: str) -> None:
    """One of its own declarations would be lost."""
    error = refused(PluginFailed, plugin)
    assert what in str(error)
    assert len(problems(error)) == 1


def test_fields_of_two_plugins_and_of_the_core_do_not_clash() -> None:
    """Each author would have to know the fields of all others."""
    registry = load(
        [made("a", facets=[facet_class("customer", "name")]), made("b", facets=[facet_class("customer", "name")])]
    )
    names = registry.catalogue.names(registry.catalogue.record("customer"))
    assert {"name", "a.name", "b.name"} <= set(names)


@pytest.mark.parametrize("name", ["Email", "E", "né", "no", "custom", "x" * 41])
def test_a_field_that_cannot_be_asked_for_is_refused(name: str) -> None:
    """A field with such a name could be stored but never filtered by (PLG-12)."""
    error = refused(PluginFailed, made("a", facets=[facet_class("customer", name)]))
    assert "plugin 'a': its declarations do not fit: " in str(error)
    assert repr(name) in str(error)


@pytest.mark.parametrize("name", ["Entry", "ｅntry", "a.entry", "and", "custom", ""])
def test_a_record_type_that_cannot_be_named_is_refused(name: str) -> None:
    """A table would be called so, and no filter could name it (PLG-12)."""
    error = refused(PluginFailed, made("a", records=[record_class(name)]))
    assert f"plugin 'a': its declarations do not fit: record type a.{name}: {name!r} cannot be" in str(error)


@pytest.mark.parametrize(
    "declared",
    [
        {"facets": [facet_class("points.entry")]},
        {"facets": [facet_class("nobody")]},
        {"workflows": [workflow("points.entry", "state", "a", "b")]},
        {"workflows": [workflow("customer", "name", "a", "b")]},
        {"workflows": [workflow("order", "status", "draft", "open")]},
        {"records": [record_class("entry", title=("no_such_field",))]},
    ],
)
def test_what_does_not_fit_the_rest_is_refused_by_name(declared: dict[str, Any]) -> None:
    """With several plugins, nobody would know which of them to mend."""
    error = refused(PluginFailed, made("points", records=[record_class("entry")]), made("a", **declared), "loyalty")
    assert str(error).startswith("plugin 'a': its declarations do not fit: ")
    assert problems(error)[0]["plugins"] == ["a"]


def test_another_plugins_records_can_be_extended_by_whoever_requires_it() -> None:
    """Plugins could not build on each other; or would, unsaid, and break when one is switched off."""
    points = made("points", records=[record_class("entry")])
    registry = load([made("a", facets=[facet_class("points.entry")], requires=("points",)), points])
    assert registry.catalogue.facet(registry.catalogue.record("points.entry"), "a") is not None


def test_nothing_is_half_registered_after_a_refusal() -> None:
    """A host that catches the error and leaves the culprit out would still meet its fields."""
    good = made("good", facets=[facet_class("customer")])
    refused(PluginConflict, good, made("owner", facets=[facet_class("customer"), facet_class("order")]))
    catalogue = load([good]).catalogue
    assert catalogue.plugins() == ("good",)
    assert set(catalogue.facets) == {"customer"}
