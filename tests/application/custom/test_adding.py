"""What can be added at run time and what is refused: what could not work on every storage, before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

import crmcore
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidDeclaration, SchemaMismatch, UnknownName
from crmcore.testing.crm import make_crm

from tests.application.custom.conftest import Altered  # isort: skip

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Size integer", {}, "cannot be a name"),
    ("from text", {}, "no word of Python"),
    ("self text", {}, "no word of Python"),
    ("and text", {}, "cannot be a name"),
    ("id integer", {}, "id"),
    ("version integer", {}, "version"),
    ("history integer", {}, "cannot be a name"),
    ("size colour", {}, "colour"),
    ("size integer", {"required": True}, "cannot be required"),
    ("size integer", {"length": 5}, "length says nothing"),
    ("size text", {"length": 0}, "length"),
    ("size text", {"length": 2_000_000}, "length"),
    ("size text", {"length": 601, "index": True}, "601"),
    ("size text", {"length": 601, "unique": True}, "601"),
    ("size choices", {"length": 601}, "601"),
    ("size decimal", {"scale": 13}, "scale"),
    ("size choice", {}, "options"),
    ("size choice", {"options": ("a", "a")}, "distinct"),
    ("size choice", {"options": ("x" * 41,)}, "40"),
    ("size choices", {"options": (" ",)}, "blank"),
    ("size choices", {"unique": True}, "unique"),
    ("size json", {"index": True}, "index"),
    ("size reference", {"target": "custmer"}, "custmer"),
    ("size reference", {"target": "*"}, "unknown record type"),
    ("size text", {"label": {"ar": ""}}, "label"),
    ("size text", {"search": "name"}, "search"),
    ("shoesize integer", {}, "reads like"),
    ("shoe__size integer", {}, "reads like"),
    ("shoe_size text", {}, "already"),
    ("motto_fold text", {}, "columns"),
    ("price_currency text", {}, "columns"),
]


@pytest.fixture(scope="module")
def crm() -> Crm:
    """A Crm in memory with a number, a text and an amount."""
    with make_crm() as crm:
        crm.fields.add("customer", "shoe_size", "integer")
        crm.fields.add("customer", "motto", "text")
        crm.fields.add("customer", "price", "money")
        return crm


@pytest.mark.parametrize(("words", "options", "why"), REFUSED, ids=[f"{w} {o}" for w, o, _ in REFUSED])
def test_what_cannot_work_is_refused(crm: Crm, words: str, options: dict[str, Any], why: str) -> None:
    """With the reason; nothing is left of it."""
    before = crm.catalogue
    name, kind = words.split()
    with pytest.raises((InvalidDeclaration, UnknownName), match=why):
        crm.fields.add("customer", name, kind, **options)
    assert crm.catalogue is before


def test_what_does_not_exist_is_named(crm: Crm) -> None:
    """With the nearest that does."""
    for act in (crm.fields.remove, crm.fields.purge, crm.fields.held):
        with pytest.raises(UnknownName, match=r"did you mean 'custom\.shoe_size'"):
            act("customer", "shoesize")
    with pytest.raises(UnknownName, match="customer"):
        crm.fields.add("custome", "size", "integer")
    with pytest.raises(InvalidDeclaration, match="remove it first"):
        crm.fields.purge("customer", "shoe_size")
    with pytest.raises(UnknownName, match="order"):
        crm.fields.facet("order")


def test_a_removed_field_comes_back_as_it_was_only(altered: Altered) -> None:
    """Values of another kind would be read wrong; options may only be added."""
    crm = altered.crm
    crm.fields.add("customer", "size", "decimal", scale=1, unique=True)
    crm.fields.add("customer", "colour", "choice", options=("red", "blue"))
    for name in ("size", "colour"):
        crm.fields.remove("customer", name)
    for kind, options, why in (
        ("text", {}, "type 'decimal'"),
        ("decimal", {"scale": 2, "unique": True}, "scale 1"),
        ("decimal", {"scale": 1}, "unique True"),
    ):
        with pytest.raises(InvalidDeclaration, match=f"{why}.*purge it first"):
            crm.fields.add("customer", "size", kind, **options)
    with pytest.raises(InvalidDeclaration, match="the option 'blue'"):
        crm.fields.add("customer", "colour", "choice", options=("red",))
    with pytest.raises(InvalidDeclaration, match="until it is purged"):
        crm.fields.add("customer", "si_ze", "text")
    crm.fields.add("customer", "size", "decimal", scale=1, unique=True, index=True, label={"ar": "مقاس"})
    crm.fields.add("customer", "colour", "choice", options=("green", "blue", "red"))
    [facet] = [f for f in crm.catalogue.facets["customer"] if f.name == "custom"]
    assert [(f.name, f.index, dict(f.label), f.options) for f in facet.fields] == [
        ("size", True, {"ar": "مقاس"}, ()),
        ("colour", False, {}, ("green", "blue", "red")),
    ]


def test_a_personal_field_is_declared_so(altered: Altered) -> None:
    """Erasing a person asks for it."""
    altered.crm.fields.add("customer", "passport", "text", length=20, personal=True, fold=False)
    facet = altered.custom("customer")
    assert facet is not None
    assert [(f.personal, f.fold, f.optional) for f in facet.fields] == [(True, False, True)]


def test_without_plugins_fields_are_listed_and_not_written(tmp_path: Any) -> None:
    """`--plugins none` is for looking: guards could not be asked."""
    url = f"sqlite:///{tmp_path}/crm.db"
    with make_crm(url) as crm:
        crm.fields.add("customer", "size", "integer")
        crm.fields.add("customer", "gone", "integer")
        crm.fields.remove("customer", "gone")
    crm = crmcore.open(url, plugins="none")
    assert "custom.size" in crm.catalogue.names(crm.catalogue.record("customer"))
    assert [field.name for _, field in crm.fields.removed()] == ["gone"]
    with pytest.raises(SchemaMismatch, match="none"):
        crm.fields.add("customer", "other", "integer")
    for act in (crm.fields.remove, crm.fields.purge):
        with pytest.raises(SchemaMismatch, match="none"):
            act("customer", "size")
    crm.close()


def test_nothing_is_added_to_a_database_without_tables(tmp_path: Any) -> None:
    """As nothing else is done there."""
    from sqlalchemy import create_engine

    crm = Crm(crmcore.prepare(create_engine(f"sqlite:///{tmp_path}/crm.db")))
    with pytest.raises(SchemaMismatch, match=r"crm\.upgrade"):
        crm.fields.add("customer", "size", "integer")


def test_the_stamp_knows_nothing_of_them(altered: Altered) -> None:
    """They are no plugin: upgrades and checks of the schema pass them by."""
    crm = altered.crm
    before = crm.status()
    crm.fields.add("customer", "size", "integer", index=True)
    assert "custom" not in crm.catalogue.plugins()
    crm.readiness.look()
    assert crm.status() == before
    crm.upgrade()
    assert crm.status() == before
    assert all(ok for name, ok, _ in crm.storage.checks() if name == "tables")


def test_a_text_of_a_newer_crmcore_is_refused(altered: Altered) -> None:
    """Rather than read as something else."""
    crm, epoch = altered.crm, altered.epoch()
    text = '[{"record": "customer", "state": "live", "field": {"kind": "hue"}}]'
    for fields, number in ((text, epoch + 1), ("", epoch)):
        with crm.storage.altering() as alteration:
            alteration.put_setting("custom.fields", fields)
            alteration.put_setting("catalogue.epoch", str(number))
        if fields:
            with pytest.raises(SchemaMismatch, match=r"custom\.fields.*newer crmcore"), crm.work("sara"):
                pass
    assert altered.epoch() == epoch
