"""Tests of columns: which names a record type is stated by."""

import pytest

from crmcore.domain import catalogue, field
from crmcore.domain.columns import columns_of
from crmcore.domain.customer import Customer
from crmcore.domain.errors import UnknownName
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.domain.records import CORE
from crmcore.testing.specimens import Profile

FOUND = catalogue.build([(None, cls) for cls in CORE], [("specimen", Profile)])
CUSTOMER = FOUND.of(Customer)


@part("phase")
class Phase(Part):
    """Of no flat name, so that rows state one phase each."""

    name: str = field.text()
    probability: int | None = field.integer(default=None)


@record("plan")
class Plan(Record):
    """Shares a field's name with its part."""

    name: str = field.text()
    phases: tuple[Phase, ...] = parts(Phase, default=())


def test_flat_names_facets_and_lines_are_columns() -> None:
    """A column of a file by its documented name would be unknown."""
    names = list(columns_of(CUSTOMER, FOUND.facets["customer"]).by_name)
    assert {"id", "external_id", "name", "tags", "email", "city", "roles", "specimen.points"} <= set(names)
    assert {"contact_points", "value", "usage", "facets", "last_order"}.isdisjoint(names)
    assert names[-1].startswith("specimen.")
    assert {"customer", "total", "product", "quantity", "unit_price"} <= columns_of(
        FOUND.record("order")
    ).by_name.keys()


def test_a_line_field_of_a_taken_name_is_qualified() -> None:
    """The plan's name and its phase's name would overwrite each other."""
    columns = columns_of(catalogue.build([(None, Plan)]).of(Plan))
    assert [c.name for c in columns][-3:] == ["name", "phase.name", "probability"]


def test_an_address_is_one_thing_and_an_email_another() -> None:
    """Street and city of one row would become two addresses, or an e-mail and a phone one contact point."""
    columns = columns_of(CUSTOMER).by_name
    assert columns["street"].group is columns["city"].group
    assert columns["email"].group is not columns["phone"].group


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    """A typing error would be hard to find, or a hidden name be suggested."""
    columns = columns_of(CUSTOMER)
    with pytest.raises(UnknownName, match="did you mean 'given_name'"):
        columns.attribute("givn_name")
    assert "given_name" not in columns.visible({"given_name"}).unknown("givn_name").message
