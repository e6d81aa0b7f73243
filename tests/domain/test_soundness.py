"""Declarations that cannot work: each is refused when the catalogue is built, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crmcore.domain import field
from crmcore.domain.catalogue import build
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidDeclaration
from crmcore.domain.facet import Facet, facet, facet_type
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Derived, Flat, Record, record
from crmcore.domain.records import CORE
from crmcore.domain.workflow import Transition, Workflow
from tests.domain.clinic import STATE, Finding, Patient, Reading, catalogue


def _record(name: str = "sample", *, annotations: dict[str, Any] | None = None, **options: Any) -> type[Record]:
    """A record type made from `annotations`: attribute to field specifier."""
    namespace = {"__annotations__": dict.fromkeys(annotations or {}, Any), **(annotations or {})}
    made: type[Record] = record(name, **options)(type("Sample", (Record,), namespace))
    return made


def _declares(**annotations: Any) -> Callable[[], object]:
    return lambda: catalogue([_record(annotations=annotations)])


def _log(**annotations: Any) -> Callable[[], object]:
    fields = {"order": field.reference("order", on_remove="follow"), **annotations}
    return lambda: catalogue([_record(annotations=fields, append_only=True)])


def _options(**options: Any) -> Callable[[], object]:
    def declare() -> object:
        fields = {
            "size": field.integer(default=0),
            "owner": field.reference("user", default=None),
            "at": field.datetime(default=None),
            "tags": field.choices(default=frozenset()),
            "findings": parts(Finding, default=()),
        }
        return catalogue([_record(annotations=fields, **options)])

    return declare


def _part(name: str, **annotations: Any) -> Callable[[], object]:
    def declare() -> object:
        namespace = {"__annotations__": dict.fromkeys(annotations, Any), **annotations}
        made: type[Part] = part(name)(type("Piece", (Part,), namespace))
        return catalogue([_record(annotations={"line": field.text(default=None), "pieces": parts(made, default=())})])

    return declare


def _facet(target: str = "order", plugin: str = "clinic", **annotations: Any) -> Callable[[], object]:
    def declare() -> object:
        namespace = {"__annotations__": dict.fromkeys(annotations, Any), **annotations}
        made: type[Facet] = facet(target)(type("Extra", (Facet,), namespace))
        return catalogue(facets=[(plugin, made)])

    return declare


def _flow(**changes: Any) -> Callable[[], object]:
    given: dict[str, Any] = {
        "record": "order",
        "field": "status",
        "states": ("open", "paid"),
        "initial": ("open",),
        "transitions": (Transition(name="pay", sources=("open",), target="paid"),),
    }
    return lambda: catalogue(workflows=[Workflow(**{**given, **changes})])


def _undecorated() -> object:
    class Bare(Record):
        pass

    return catalogue([Bare])


def _view(**changes: Any) -> Callable[[], object]:
    return _options(flats=(Flat(**{"name": "pain", "part": "finding", "field": "label", **changes}),))


def _figure(**changes: Any) -> Callable[[], object]:
    given = {"name": "last", "record": "clinic.reading", "via": "visit", "field": "taken_at", "how": "max"}
    return _options(derived=(Derived(**{**given, **changes}),))


NO_RECORD: Any = Finding
STEP = Transition(name="pay", sources=("open",), target="paid")


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (_declares(friend=field.reference("nobody")), "'nobody', which is no record type"),
        (_declares(friend=field.reference("visit")), "which is no record type here; did you mean 'clinic.visit'?"),
        (_declares(Name=field.text()), "cannot be a name"),
        (_declares(where=field.text()), "no word of the filter language"),
        (_declares(history=field.text()), "cannot be a name"),
        (_declares(**{"x" * 41: field.text()}), "at most 40"),
        (_declares(version=field.integer()), "rename it"),
        (_declares(facets=field.text()), "rename it"),
        (_declares(size=5), "would never be stored"),
        (_declares(kind=field.text(default="x" * 300)), "default is too long"),
        (_declares(level=field.choice("a", default="b")), "its default"),
        (_declares(tags=field.choices(default=None)), "frozenset()"),
        (_declares(size=field.integer(search="name")), "only a text"),
        (_declares(size=field.integer(fold=True)), "only a text"),
        (_declares(tags=field.choices(default=frozenset(), unique=True)), "cannot be unique"),
        (_declares(data=field.json(default=None, index=True)), "cannot be indexed"),
        (_declares(owner=field.reference("user", on_remove="clear")), "may be missing"),
        (_declares(size=field.integer(on_merge="stay")), "is for references"),
        (_declares(size=field.integer(keep_reason="the law")), "a keep_reason is for what"),
        (_declares(size=field.integer(merge_with="size")), "another field of the same type"),
        (_declares(why=field.text(default=None, tells=("name",))), "no field of what the log is about"),
        (_log(why=field.text(default=None, tells=("colour",))), "tells 'colour'"),
        (_part("piece", why=field.text(default=None, tells=("line",))), "no field of what the log is about"),
        (_facet(why=field.text(default=None, tells=("status",))), "append-only"),
        (_declares(about=field.reference("*")), "target_field"),
        (_declares(about=field.reference("*", target_field="about")), "target_field"),
        (_declares(level=field.choice("a", " ")), "not blank"),
        (lambda: field.choice(), "distinct options"),
        (lambda: field.choice("a", "a"), "distinct options"),
        (_declares(size=field.integer(default=0), code=field.text()), "put required fields first"),
        (lambda: field.text(length=0), "length"),
        (lambda: field.decimal(scale=13), "scale"),
        (lambda: catalogue([_record("Sample")]), "cannot be a name"),
        (lambda: catalogue([_record("no")]), "no word of the filter language"),
        (lambda: catalogue([_record("visit")]), "'clinic.visit' is declared twice"),
        (lambda: build([(None, cls) for cls in (*CORE, Customer)]), "'customer' is declared twice"),
        (lambda: build([("a", Reading), ("b", Reading)]), "as two record types"),
        (_undecorated, "@record"),
        (lambda: record("sample")(NO_RECORD), "must inherit from Record"),
        (_options(title=("colour",)), "'colour'"),
        (_options(indexes=(("size", "colour"),)), "'colour'"),
        (_options(indexes=(("size", "findings"),)), "cannot be indexed"),
        (_options(unique=(("tags",),)), "cannot be indexed"),
        (_options(unique=(("size", "size"),)), "distinct"),
        (_options(unique=((),)), "cannot be indexed"),
        (_options(subject="size"), "no reference"),
        (_options(timeline=("owner", "at")), "timeline"),
        (_options(timeline=("owner", "size")), "timeline"),
        (_view(part="colour"), "unknown colour.label"),
        (_view(field="colour"), "unknown finding.colour"),
        (_view(where={"colour": "red"}), "colour 'red'"),
        (_view(where={"kind": "ache"}), "no finding has kind 'ache'"),
        (_view(where={"count": "1"}), "no finding has count"),
        (_view(field="count", search="code"), "search key"),
        (_view(name="size"), "stands for something else"),
        (_view(name="finding"), "stands for something else"),
        (_view(name="is"), "cannot be a name"),
        (_options(flats=2 * (Flat(name="pain", part="finding", field="label"),)), "stands for something else"),
        (_figure(record="colour"), "unknown colour.taken_at"),
        (_figure(via="taken_at"), "no reference"),
        (_figure(), "no reference to a clinic.sample"),
        (_figure(name="findings"), "something else"),
        (_part("line", size=field.integer(default=0)), "name of a field"),
        (_part("order", size=field.integer(default=0)), "name of a record type"),
        (_part("Piece", size=field.integer(default=0)), "cannot be a name"),
        (_part("piece", no=field.integer(default=0)), "rename it"),
        (_part("piece", owner=field.text(default="")), "rename it"),
        (_part("piece", size=1), "would never be stored"),
        (_part("piece", tags=field.choices(default=frozenset())), "sets"),
        (_part("piece", code=field.text(default="", unique=True)), "unique"),
        (_part("piece", about=field.reference("*", target_field="x")), "only a record's own field"),
        (_facet(version=field.integer(default=0)), "rename it"),
        (_facet(), "declares no field"),
        (_facet("colour", size=field.integer()), "'colour', which is no record type"),
        (_facet("customer", size=field.integer()), "two facets"),
        (_facet(plugin="status", size=field.integer()), "has a field 'status'"),
        (_facet(size=field.reference("colour")), "'colour', which is no record type"),
        (_facet(kind=field.text(), about=field.reference("*", target_field="kind")), "only a record's own field"),
        (lambda: facet_type(Facet, "clinic"), "@facet"),
        (lambda: catalogue(facets=[("other", Patient)]), "declared twice"),
        (_flow(), "states and the field's options differ"),
        (_flow(field="total"), "no choice field"),
        (_flow(field="colour"), "no choice field"),
        (_flow(record="colour"), "no choice field"),
        (_flow(initial=("paid", "gone")), "does not declare"),
        (_flow(states=("open", "paid", "lost")), "no step reaches"),
        (_flow(transitions=(STEP, STEP)), "two steps"),
        (lambda: catalogue(workflows=[STATE]), "declared twice"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(declare: Callable[[], object], words: str) -> None:
    """It would fail later, in the middle of somebody's work, or lose data in silence."""
    with pytest.raises(InvalidDeclaration) as refused:
        declare()
    assert words in str(refused.value)


def test_a_good_declaration_of_the_same_shape_is_taken() -> None:
    """The refusals above would come from how the test declares, not from the fault."""
    assert "clinic.sample" in catalogue([_record(annotations={"size": field.integer(default=0)})]).records
    assert _options(title=("size",), indexes=(("size", "at"),), unique=(("size", "owner"),), subject="owner")()
    assert _view(where={"kind": "sign"}, search="name")()
    assert _log(why=field.text(default=None, tells=("status", "total")))()
    assert _part("piece", size=field.integer(default=0))()
    assert _facet(size=field.integer(default=0))()
    assert _declares(kind=field.text(), about=field.reference("*", target_field="kind"))()
