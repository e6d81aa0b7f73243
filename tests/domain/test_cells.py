"""Tests of cells: several texts in one, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import field
from crmcore.domain.cells import cell, joined, parted
from crmcore.domain.field import Field, declared_fields
from crmcore.domain.money import Money
from crmcore.domain.product import Product
from crmcore.domain.record import Record, record


@given(st.lists(st.text(st.sampled_from("ab;\\ \t\n\u00a0,"), min_size=1, max_size=6), max_size=4))
def test_texts_in_one_cell_come_back(texts: list[str]) -> None:
    """A tag with a semicolon, a backslash or a blank at its end would come back as another, or as two."""
    assert parted(joined(texts)) == texts


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        (" ; ;", []),  # empty ones are missing, not empty texts
        ("a; b ;c", ["a", "b", "c"]),  # as people write lists
        ("C:\\temp;x", ["C:\\temp", "x"]),  # a backslash before a letter is no escape
        ("a\\", ["a\\"]),
        ("a\\;b", ["a;b"]),
        ("a\\\\;b", ["a\\", "b"]),
        ("\\ a\\ ; b", [" a ", "b"]),
    ],
)
def test_a_list_is_parted_as_people_write_it(text: str, pieces: list[str]) -> None:
    """Blanks, trailing marks or paths in foreign files would make tags of their own."""
    assert parted(text) == pieces


@record("thing")
class Thing(Record):
    """Holds kinds whose cells are not obvious."""

    done: bool = field.boolean()
    data: object = field.json(default=None)
    share: object = field.decimal(scale=6, default=None)


def field_of(cls: type[Record], name: str) -> Field:
    """The declared field of that name."""
    return next(f for f in declared_fields(cls) if f.name == name)


@pytest.mark.parametrize(
    ("declared", "value", "text"),
    [
        (field_of(Product, "price"), Money("12.5", "EUR"), "12.50 EUR"),
        (field_of(Product, "price"), None, ""),
        (field_of(Thing, "done"), False, "false"),
        (field_of(Thing, "data"), {"a": ["é", None]}, '{"a":["é",null]}'),
        (field_of(Thing, "share"), 10**5 * field_of(Thing, "share").from_plain("0.000001"), "0.100000"),
    ],
)
def test_a_cell_is_as_documented(declared: Field, value: object, text: str) -> None:
    """Other programs, and the import, would read something else."""
    assert cell(declared, value) == text
