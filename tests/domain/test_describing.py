"""Fields as data: exactly what was declared comes back, and a class made of data is one like any other."""

import datetime as dt
import json
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import field
from crmcore.domain.catalogue import build
from crmcore.domain.describing import KINDS, facet_class, field_from_plain, field_to_plain
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import Facet, facet, facet_type
from crmcore.domain.field import Field
from crmcore.domain.records import CORE
from crmcore.testing.values import present

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@st.composite
def fields(draw: st.DrawFn, named: bool = True) -> Field:
    """Fields of every kind with any of their options, sound or not."""
    bare = Field(
        kind=draw(st.sampled_from(KINDS)),
        name=draw(NAMES) if named else "",
        length=draw(st.integers(8, 500)),
        scale=draw(st.integers(0, 12)),
        options=tuple(draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))),
        target=draw(st.sampled_from(["", "customer", "loyalty.entry"])),
        index=draw(st.booleans()),
        unique=draw(st.booleans()),
        fold=draw(st.booleans()),
        personal=draw(st.booleans()),
        tells=tuple(draw(st.lists(NAMES, max_size=2))),
        search=draw(st.sampled_from([None, "name", "code"])),
        merge=draw(st.sampled_from(["most_recent", "union"])),
        on_remove=draw(st.sampled_from(["refuse", "clear"])),
        label=draw(st.dictionaries(st.sampled_from(["ar", "fa", "en"]), WORDS)),
        since=draw(st.sampled_from(["0.1", "2.3"])),
    )
    given = draw(st.sampled_from(["required", "none", "default"]))
    default = draw(present(bare)) if given == "default" else None
    return attrs.evolve(bare, required=given == "required", default=default)


@given(fields())
def test_a_field_comes_back_from_its_plain_form(declared: Field) -> None:
    """Through JSON too, with every option and a default of every kind."""
    assert field_from_plain(json.loads(json.dumps(field_to_plain(declared)))) == declared


def test_the_fields_of_every_core_record_come_back() -> None:
    """Validators alone are left out: functions are no data."""
    for type in build([(None, cls) for cls in CORE]).records.values():
        for declared in (*type.fields, *(f for part in type.parts for f in part.fields)):
            assert field_from_plain(field_to_plain(declared)) == attrs.evolve(declared, validators=())


@given(st.lists(fields(), min_size=1, max_size=4, unique_by=lambda f: f.name))
def test_a_facet_made_of_data_declares_the_same_fields(declared: list[Field]) -> None:
    """In the same order, so that its table is the same."""
    assert facet_type(facet_class("customer", declared), "custom").fields == tuple(declared)


def test_a_facet_made_of_data_is_as_one_that_was_written() -> None:
    """Immutable, with its defaults, times brought to UTC, and the same fingerprint."""

    @facet("customer")
    class Written(Facet):
        size: int | None = field.integer(default=None, index=True)
        tags: frozenset[str] = field.choices(default=frozenset())
        at: dt.datetime | None = field.datetime(default=None)

    fields = facet_type(Written, "custom").fields
    cls: Any = facet_class("customer", fields)
    moment = dt.datetime(2026, 3, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=3, minutes=30)))
    made = cls(size=4, at=moment)
    assert (made.size, made.tags, made.at.tzinfo, made.version) == (4, frozenset(), dt.UTC, 0)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.size = 5
    core = [(None, each) for each in CORE]
    prints = {build(core, [("custom", each)]).fingerprint("custom") for each in (Written, cls)}
    assert len(prints) == 1


def test_a_required_field_must_be_given() -> None:
    """As in a class that was written."""
    with pytest.raises(TypeError, match="size"):
        facet_class("customer", [Field(kind="integer", name="size", required=True)])()


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        ({"kind": "colour"}, "kind is one of"),
        ({"name": "size"}, "kind is one of"),
        ({"kind": "text", "shape": "round"}, "shape"),
        ({"kind": "date", "name": "day", "default": "soon"}, "default of the field 'day'"),
    ],
)
def test_what_is_no_field_is_refused(plain: dict[str, Any], why: str) -> None:
    """With what is wrong: a database may have been written by a newer crmcore."""
    with pytest.raises(InvalidDeclaration, match=why):
        field_from_plain(plain)


@pytest.mark.parametrize("names", [(), ("size", "size"), ("version",), ("__crm_facet__",)])
def test_fields_that_make_no_facet_are_refused(names: tuple[str, ...]) -> None:
    """None at all, two of one name, and what every facet has."""
    with pytest.raises(InvalidDeclaration):
        facet_class("customer", [Field(kind="integer", name=name) for name in names])
