"""Revisions are made from what declarations were and are; what that does not tell is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore.adapters.sql import creating
from crmcore.adapters.sql.ledgers import setting_table
from crmcore.adapters.sql.migrating.deriving import Operation, derive
from crmcore.adapters.sql.migrating.operations import SqlOperations
from crmcore.adapters.sql.migrating.shapes import Naming, Shape, table_of
from crmcore.adapters.sql.migrating.source import revision_text
from crmcore.adapters.sql.migrating.steps import Steps
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.field import declared_fields
from crmcore.domain.money import Money
from tests.adapters.sql.migrating.schema import described

NAMING = Naming("crm_")
TYPES = {
    "a": st.sampled_from(["text(20)", "text(90)"]),
    "b": st.just("integer"),
    "c": st.just("decimal(2)"),
    "d": st.just("boolean"),
    "e": st.just("date"),
}


def shape(name: str, columns: Mapping[str, str], missing: frozenset[str] = frozenset(), **rest: object) -> Shape:
    """A table with a key and these columns."""
    told = {"id": ("id", False), **{c: (type, c in missing) for c, type in columns.items()}}
    made = Shape(name, told, ("id",), **rest)  # type: ignore[arg-type]
    return made


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Shape]:
    """Some tables, whose columns may all be missing."""
    names = draw(st.lists(st.sampled_from(["north", "south", "east"]), unique=True))
    made = {}
    for name in names:
        columns = {c: draw(TYPES[c]) for c in draw(st.lists(st.sampled_from("abcde"), unique=True))}
        some = st.lists(st.sampled_from(sorted(columns)), unique=True, max_size=2) if columns else st.just([])
        made[name] = shape(
            name,
            columns,
            frozenset(columns),
            unique=tuple(sorted({tuple(g) for g in draw(st.lists(some, max_size=2)) if g})),
            indexes=tuple(sorted({tuple(g) for g in draw(st.lists(some, max_size=2)) if g})),
            references={"id": target} if (target := draw(st.sampled_from(names))) != name else {},
        )
    return made


def made_of(shapes: Mapping[str, Shape]) -> sa.Engine:
    """A database in memory with these tables."""
    engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
    with engine.begin() as connection:
        setting_table(metadata := sa.MetaData(), "own_")
        metadata.create_all(connection)
        for each in shapes.values():
            creating.make_table(connection, "sqlite", table_of(each, NAMING, sa.MetaData()), ())
    return engine


@given(tables(), tables())
@settings(max_examples=60)
def test_what_is_derived_leads_from_any_tables_to_any_others(old: dict[str, Shape], new: dict[str, Shape]) -> None:
    """An upgraded database would differ from a new one without anybody having been asked."""
    operations = derive(old, new, {})
    changed = [o for o in operations if not o.open]
    engine, goal = made_of(old), made_of(new)
    with engine.begin() as connection, goal.begin() as other:
        setting = setting_table(sa.MetaData(), "own_")
        run = SqlOperations(
            connection, "sqlite", NAMING, Steps(connection, "sqlite", setting, "x", "2", lambda text: None)
        )
        for each in changed:
            getattr(run, each.name)(*each.args, **each.options)
        ended, wanted = described(connection, "crm_"), described(other, "crm_")
        if not any("become" in o.args[0] for o in operations if o.open):  # only its author can answer that
            assert ended == wanted
    engine.dispose()
    goal.dispose()


@facet("customer")
class After(Facet):
    """A facet that has gained fields."""

    name: str = field.text(length=40)
    code: str = field.text(fold=False)
    weight: int | None = field.integer(default=None)
    price: Money = field.money(default=Money("1.50", "EUR"))
    rate: Decimal = field.decimal(scale=2, default=Decimal("0.25"))
    day: dt.date = field.date(default=dt.date(2026, 1, 2))
    title: str = field.text(default='a "b"', length=30)
    more: dict[str, int] | None = field.json(default={"b": 1})


OLD = shape(
    "x", {"name": "text(40)", "name_fold": "text(40)", "size": "integer"}, frozenset(("name", "name_fold", "size"))
)
NEW = shape(
    "x",
    {
        "name": "text(40)",
        "name_fold": "text(40)",
        "weight": "integer",
        "code": "text(255)",
        "price": "decimal(4)",
        "price_currency": "code(3)",
        "rate": "decimal(2)",
        "day": "date",
        "title": "text(30)",
        "title_fold": "text(30)",
        "more": "text",
    },
    frozenset(("weight", "price", "price_currency", "rate", "day", "title", "title_fold", "more")),
)  # fmt: skip


def test_defaults_fill_rows_and_everything_else_is_asked() -> None:
    """Rows that are there would have no value where one is declared, or one that somebody guessed."""
    found = derive({"x": OLD}, {"x": NEW}, {"x": declared_fields(After)})
    assert [o.args[0] for o in found if o.open] == [
        "is x.weight the old size?",
        "what is x.code in rows that have no value?",
        "what is x.name in rows that have no value?",
    ]
    filled = {o.args[1]: o.args[3] for o in found if o.name == "fill"}
    assert filled == {
        "price": Decimal("1.50"),
        "price_currency": "EUR",
        "rate": Decimal("0.25"),
        "day": dt.date(2026, 1, 2),
        "title": 'a "b"',
        "more": '{"b":1}',
    }
    assert [o.args for o in found if o.name == "fold"] == [("x", "title", 30), ("x", "name", 40)]
    assert [o.args[1] for o in found if o.name == "require"] == ["code", "name", "name_fold"]


def test_the_file_reads_back_as_what_was_derived() -> None:
    """A value or a name would be written as something else than it is."""
    wide = shape("y", {f"c{n}": "integer" for n in range(20)})
    operations = derive({"x": OLD}, {"x": NEW, "y": wide}, {"x": declared_fields(After)})
    text = revision_text('Adds "y"\\ and\nmore.', "0002", "0001", "f", operations)
    module: dict[str, object] = {}
    exec(compile(text, "0002.py", "exec"), module)
    assert (module["revision"], module["down_revision"], module["fingerprint"]) == ("0002", "0001", "f")
    assert str(module["__doc__"]) == "Adds 'y'/ and more."
    calls: list[Operation] = []

    class Recorder:
        def __getattr__(self, name: str) -> object:
            return lambda *args, **options: calls.append(Operation(name, args, options))

    upgrade = module["upgrade"]
    assert callable(upgrade)
    upgrade(Recorder())
    assert calls == [Operation(o.name, o.args, dict(o.options)) for o in operations]
    assert all(len(line) <= 120 for line in text.splitlines())


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("text(20)", "text(30)", ["retype"]),
        ("text(30)", "text(20)", ["undecided"]),
        ("integer", "text(20)", ["undecided"]),
        ("text", "text(20)", ["retype"]),
    ],
)
def test_a_type_changes_by_itself_only_where_every_value_fits(old: str, new: str, names: list[str]) -> None:
    """Values would be cut or turned into something else."""
    found = derive({"x": shape("x", {"a": old})}, {"x": shape("x", {"a": new})}, {})
    assert [o.name for o in found] == names


def test_a_longer_text_gets_its_whole_fold() -> None:
    """What was cut from the fold of a long text would never be found."""

    @facet("customer")
    class Note(Facet):
        note: str | None = field.text(default=None, length=80)

    old, new = ({"x": shape("x", {"note": t, "note_fold": t})} for t in ("text(40)", "text(80)"))
    found = derive(old, new, {"x": declared_fields(Note)})
    assert [(o.name, *o.args) for o in found] == [
        ("retype", "x", "note", "text(80)"),
        ("retype", "x", "note_fold", "text(80)"),
        ("fold", "x", "note", 80),
    ]
    assert dict(found[-1].options) == {"cut": 40}


def test_a_table_that_may_be_another_one_is_asked_for() -> None:
    """The rows of a record type that was renamed would be dropped."""
    found = derive(
        {"a": shape("a", {"x": "date", "y": "integer"})}, {"b": shape("b", {"x": "date", "z": "integer"})}, {}
    )
    assert [o.name for o in found] == ["undecided", "create_table", "drop_table"]
    far = derive({"a": shape("a", {"x": "date", "y": "integer"})}, {"b": shape("b", {"z": "date", "q": "text"})}, {})
    assert [o.name for o in far] == ["create_table", "drop_table"]
