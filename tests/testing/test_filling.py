"""What the contract of plugins looks for is there to be found: personal fields are filled, references lead."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore import Money, Person
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.field import declared_fields
from crmcore.domain.privacy.belonging import PERSON
from crmcore.testing import make_crm
from crmcore.testing.plugins import PluginContract
from crmcore.testing.plugins.case import drawn
from crmcore.testing.plugins.dumping import reachable
from crmcore.testing.plugins.filling import Filling
from crmcore.testing.plugins.standing import pointing
from crmcore.testing.plugins.tokens import Token, Tokens, found_in
from tests.plugins import forgetful

OWN = ("code", "number", "weight", "share", "price", "born_on", "seen_at", "words", "data")
PLACES = {
    *(f"forgetful.errand.{name}" for name in OWN),
    *("forgetful.label.remark", "forgetful.minutes.text"),
    *("forgetful.table.seat.wish", "forgetful.table.seat.data"),
    *("customer.forgetful.nickname", "customer.forgetful.diet"),
}
LED = {
    *(("forgetful.errand", name) for name in ("customer", "asked_by")),
    *(("forgetful.table", "seat.guest"), ("forgetful.label", "of"), ("customer", "forgetful.host")),
}


class Case(PluginContract):
    """Held by hand."""

    plugin = forgetful


@drawn
@given(data=st.data())
def test_every_personal_field_is_filled_and_every_reference_leads(data: st.DataObject) -> None:
    """The contract would look for nothing, and find nothing."""
    case = Case()
    with make_crm(plugins=[forgetful]) as crm:
        with crm.work("author") as work:
            leila, omar = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
            found = {id: filled(case, work, data, id, toward) for id, toward in ((leila, None), (omar, leila))}
        assert {token.place for token in found[leila]} == {token.place for token in found[omar]} == PLACES
        assert {(record, name) for record, _, name in pointing(crm, "forgetful", [leila])} == LED
        held = "\n".join(reachable(crm.storage))
        assert set(found_in((*found[leila], *found[omar]), held)) == PLACES


def filled(case: Case, work: Any, data: st.DataObject, person: UUID, toward: UUID | None) -> list[Token]:
    """The tokens that stand in what the plugin keeps about a person."""
    drawing, tokens = case.drawing(work, data), Tokens(str(person))
    drawing.ids[PERSON] = [person]
    Filling(work, drawing, case.name, person, tokens, {}, toward).run()
    return tokens.made


def is_shop(text: str) -> str | None:
    """Wants the address of a page."""
    return None if text.startswith("https://") else "no page"


@facet("customer")
class Kinds(Facet):
    """Fields that can hold a token, and some that cannot."""

    page: str | None = field.text(default=None, validators=(is_shop,))
    digits: str | None = field.text(default=None, validators=(lambda text: None if text.isdigit() else "no number",))
    letter: str | None = field.text(default=None, length=1)
    shape: str | None = field.choice("round", "square", default=None)
    share: Decimal | None = field.decimal(scale=12, default=None)
    whole: Decimal | None = field.decimal(scale=0, default=None)
    price: Money | None = field.money(default=None)
    day: dt.date | None = field.date(default=None)
    at: dt.datetime | None = field.datetime(default=None)
    owner: UUID | None = field.reference("user", default=None)


@pytest.mark.parametrize("declared", declared_fields(Kinds), ids=lambda f: f.name)
def test_a_token_fits_its_field_and_is_like_no_other(declared: field.Field) -> None:
    """It would be refused, or found where another one stands."""
    one, other = Tokens("one"), Tokens("other")
    made = [each.of("place", declared) for each in (one, one, other)]
    if declared.name in ("letter", "shape", "owner"):
        assert made == [None, None, None]
        return
    assert all(each is not None and declared.check(each.value) is None for each in made)
    assert len({str(each.value) for each in made if each}) == 3
    for each in made:
        assert [found_in([each], str(held.value)) for held in made if each and held].count(["place"]) == 1
