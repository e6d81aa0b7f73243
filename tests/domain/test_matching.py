"""Match keys: which values of a record become keys, and of what kind."""

from __future__ import annotations

import pytest

from crmcore.domain.customer import AlternativeName, ContactPoint, Customer, Person
from crmcore.domain.errors import InvalidRecord
from crmcore.domain.matching import keys_of, plan, search_key
from crmcore.domain.product import Product
from crmcore.domain.record import NIL, Record
from tests.domain.clinic import CATALOGUE, READING, VISIT, Finding, visit

CUSTOMER = CATALOGUE.of(Customer)


def test_fields_and_flat_names_make_keys_of_their_kind() -> None:
    """A customer would not be found by name, e-mail address or telephone number."""
    one = Person("Sara Ali", emails=["Sara@X.org"], phones=["+98 (21) 1234567"], employer="Acme")
    assert keys_of(CUSTOMER, one) == (
        ("name", "sara ali"),
        ("name", "ali"),
        ("email", "sara@x.org"),
        ("phone", "+98211234567"),
    )


def test_all_parts_of_the_right_kind_count_and_no_others() -> None:
    """A second address would be unknown, or a web address would be taken for one."""
    points = tuple(ContactPoint(kind, value) for kind, value in [("email", "b@x"), ("website", "x"), ("email", "a@x")])
    found = keys_of(CUSTOMER, Customer(contact_points=points))
    assert found == (("email", "b@x"), ("email", "a@x"))


def test_a_fax_number_is_a_telephone_number() -> None:
    """Two kinds of one match key would not meet."""
    one = Customer(contact_points=(ContactPoint("fax", "021-55"), ContactPoint("phone", "02155")))
    assert keys_of(CUSTOMER, one) == (("phone", "02155"),)


def test_names_in_parts_are_names() -> None:
    """A transliteration would not be found."""
    one = Customer(name="سارا", alternative_names=(AlternativeName("Sara"),))
    assert set(keys_of(CUSTOMER, one)) == {("name", "سارا"), ("name", "sara")}


def test_keys_are_distinct_and_never_empty() -> None:
    """A row would be stored twice, or everything without letters would match."""
    one = Customer(name="Sara", alternative_names=(AlternativeName("SARA"), AlternativeName("  ")))
    assert keys_of(CUSTOMER, one) == (("name", "sara"),)
    assert keys_of(CUSTOMER, Customer(contact_points=(ContactPoint("phone", "none"),))) == ()
    assert keys_of(CUSTOMER, Customer()) == ()


def test_a_plugins_declaration_makes_keys_too() -> None:
    """Search would know the core's own records only."""
    one = visit(7, NIL, findings=(Finding("symptom", "Head ache"), Finding("sign", "pulse")))
    assert keys_of(VISIT, one) == (("code", "v7"), ("name", "head ache"), ("name", "ache"))
    assert plan(READING)(Record()) == ()


def test_a_value_that_makes_no_key_is_named() -> None:
    """The person would not know which field to mend."""
    with pytest.raises(InvalidRecord) as refused:
        keys_of(CUSTOMER, Person("Sara", emails=["sara\x07@x.org"]))
    assert list(refused.value.problems) == ["email"]


@pytest.mark.parametrize(
    ("kind", "text", "key"),
    [
        ("name", "  Sara ALI", "sara ali"),
        ("name", "a" * 150, "a" * 100),  # as much as a stored key holds
        ("email", "Sara@X.org", "sara@x.org"),
        ("email", "sara\x07@x.org", ""),  # nobody can have that
        ("phone", "0912 1234567", "09121234567"),
        ("phone", "Sara", ""),
        ("code", " T-1", "t-1"),
    ],
)
def test_what_is_looked_for_becomes_one_key(kind: str, text: str, key: str) -> None:
    """A search would miss what is stored under the key of the same value."""
    assert search_key(kind, text) == key


def test_a_plan_is_worked_out_once() -> None:
    """Each row of an import would read the declaration again."""
    product = CATALOGUE.of(Product)
    assert plan(product) is plan(product)
    assert plan(product)(Product("Tea", code=" T-1 ")) == (("code", "t-1"), ("name", "tea"))
