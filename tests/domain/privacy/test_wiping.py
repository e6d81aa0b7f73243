"""What an erasure leaves, kind by kind, from the declaration alone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest

from crmcore import Money
from crmcore.domain.field import NOTHING, Field
from crmcore.domain.kinds import CHECKS
from crmcore.domain.privacy.wiped_log import without_facets, without_mentions, without_personal
from crmcore.domain.privacy.wiping import neutral
from crmcore.domain.record import record_type
from crmcore.domain.sales.opportunity import Opportunity

ID = UUID("01946967-d500-7000-8000-000000000007")
LEFT: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "text": ({}, "Leila", "erased"),
    "json": ({}, ["Leila"], {}),
    "choices": ({}, frozenset(("a",)), frozenset()),
    "integer": ({}, 7, 0),
    "decimal": ({"scale": 2}, Decimal("7.5"), Decimal(0)),
    "money": ({}, Money("7", "EUR"), Money(0, "EUR")),
    "boolean": ({}, True, False),
    "date": ({}, dt.date(1980, 5, 1), dt.date(1900, 1, 1)),
    "datetime": ({}, dt.datetime(1980, 5, 1, tzinfo=dt.UTC), dt.datetime(1900, 1, 1, tzinfo=dt.UTC)),
    "choice": ({"options": ("ill", "other")}, "ill", "other"),
    "reference": ({"target": "customer"}, ID, NOTHING),
}


@pytest.mark.parametrize("kind", list(CHECKS))
def test_a_required_value_gives_way_to_one_that_says_nothing(kind: Any) -> None:
    """Of every kind that there is; a kind that is added tomorrow has to be thought of."""
    more, held, left = LEFT[kind]
    field = Field(kind=kind, name="x", required=True, personal=True, **more)
    assert neutral(field, held, ID, False) == left
    assert neutral(attrs.evolve(field, required=False), held, ID, False) == (frozenset() if kind == "choices" else None)


@pytest.mark.parametrize(("length", "left"), [(255, f"erased-{ID}"), (12, ID.hex[-12:])])
def test_unique_texts_differ(length: int, left: str) -> None:
    """However short they have to be."""
    field = Field(kind="text", name="x", required=True, unique=True, length=length)
    assert neutral(field, "C-1", ID, True) == left


def test_a_unique_figure_has_none() -> None:
    """Zero would be taken by the first."""
    assert neutral(Field(kind="integer", name="x", required=True, unique=True), 7, ID, True) is NOTHING


def test_validators_are_asked() -> None:
    """The next value is tried, until there is none."""
    no_word = Field(kind="text", name="x", required=True, validators=(lambda v: "no word" if v.isalpha() else None,))
    assert neutral(no_word, "7", ID, False) == ""
    nothing = Field(kind="integer", name="x", required=True, validators=(lambda v: None if v > 1 else "too small",))
    assert neutral(nothing, 7, ID, False) is NOTHING


def test_what_is_not_declared_goes_from_the_log() -> None:
    """Nobody can say that a field that was there once was not personal."""
    type = record_type(Opportunity, None)
    values = {"stage": [None, "new"], "note": [None, "secret"], "once": [None, "secret"], "old.x": [None, "secret"]}
    assert without_personal(type, (), values) == {"stage": [None, "new"]}
    assert without_personal(None, (), values) == {}
    assert without_facets((), values) == values


def test_of_others_only_the_mention_goes() -> None:
    """Parts that refer to the erased person lose what is personal; all else stays, also what another is told to be."""
    type = record_type(Opportunity, None)
    part = next(p for p in type.parts if p.attribute == "parties")
    personal = [f.name for f in part.fields if f.personal]
    rows = [{"no": 1, "customer": str(ID), **dict.fromkeys(personal, "x")}, {"no": 2, **dict.fromkeys(personal, "y")}]
    left = without_mentions(type, {"note": [None, "of another"], "parties": [None, rows]}, (ID,))
    assert left["note"] == [None, "of another"]
    assert left["parties"] == [None, [{"no": 1, "customer": str(ID)}, rows[1]]]
