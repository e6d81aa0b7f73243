"""Tests that the order in which plugins are found means nothing: whatever they say of each other, and whatever is wrong
with them, the application is the same, or the refusal is."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import CrmError
from crmcore.plugins import hookimpl, on
from crmcore.plugins.registry import Registry, load
from crmcore.plugins.specs import Channel, Format, Job, Metric, Report
from tests.plugins.made import facet_class, made, record_class

NAMES = ("ant", "bee", "cat", "dog", "eel")
SLOTS = ("sales", "stock", "sa_les")
TARGETS = ("customer", "order", "nobody", *(f"{name}.entry" for name in NAMES))


@on("customer", "order")
@hookimpl
def react_changes(context: object) -> None:
    """A reaction that does nothing."""


@on("*")
@hookimpl
def observe_changes(context: object) -> None:
    """An observer that does nothing."""


def _some(names: Any, most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(names), max_size=most, unique=True).map(tuple)


@st.composite
def plugins(draw: st.DrawFn, sound: bool) -> list[Any]:
    """Plugins that say something of each other; with `sound`, nothing that is refused."""
    chosen = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    return [_plugin(draw, name, tuple(chosen[:place]), sound) for place, name in enumerate(chosen)]


def _plugin(draw: st.DrawFn, name: str, earlier: tuple[str, ...], sound: bool) -> Any:
    others = earlier if sound else tuple(each for each in NAMES if each != name)
    requires: tuple[str, ...] = draw(_some(others)) if others else ()
    after: tuple[str, ...] = draw(_some(others)) if others else ()
    targets = ["customer", "order", *(f"{each}.entry" for each in requires)] if sound else TARGETS
    taken = (f"{earlier[-1]}_sales",) if sound and earlier and draw(st.booleans()) else ()
    reports = (f"{name}_sales", *taken) if sound else draw(_some(SLOTS))
    replaced = taken if sound else draw(_some(SLOTS, 1))
    awkward = not sound and draw(st.integers(0, 3)) == 0
    hooks = {"react_changes": react_changes, "observe_changes": observe_changes}
    return made(
        name,
        requires=requires,
        after=after,
        conflicts=draw(_some(others, 1)) if awkward else (),
        replaces=tuple(f"report:{each}" for each in replaced),
        records=[record_class("entry")],
        facets=[facet_class(each) for each in draw(_some(targets))],
        declares={
            "reports": [Report(name=each, target="a:b") for each in reports],
            "metrics": [Metric(name=f"{name}_points", unit="points")],
            "channels": [Channel(name="post" if awkward else name)],
            "formats": [Format(name=name, suffixes=(f".{name}",), reader="a:b")],
            "jobs": [Job(name="tidy", every="day", run=print)],
        },
        hooks={hook: hooks[hook] for hook in draw(_some(tuple(hooks)))},
    )


def told(registry: Registry) -> list[object]:
    """Everything that an application is made of, as values that can be compared."""
    catalogue = registry.catalogue
    calls = {
        (hook, record): [(call.plugin, call.hook, call.function) for call in registry.hooks.of(hook, record)]
        for hook in ("react_changes", "observe_changes")
        for record in catalogue.records
    }
    slots = {(kind, name): slot for kind, held in registry.slots.items() for name, slot in held.items()}
    fingerprints = {name: catalogue.fingerprint(name) for name in (None, *registry.names)}
    return [
        registry.describe(()),
        registry.plugins,
        list(catalogue.records),
        fingerprints,
        calls,
        list(slots.items()),
        registry.failed,
    ]


def outcome(wanted: list[Any]) -> object:
    """What becomes of these plugins: the application, or the text and class of the refusal."""
    try:
        return told(load(wanted, installed=()))
    except CrmError as error:
        return type(error), str(error), error.details


@given(plugins(sound=True), st.data())
def test_any_order_of_discovery_gives_the_same_application(wanted: list[Any], data: st.DataObject) -> None:
    """What an application does would hang on the order of directories on a disk."""
    first = load(wanted, installed=())
    assert told(first) == told(load(data.draw(st.permutations(wanted)), installed=()))
    for each in wanted:
        manifest = each.plugin
        before = set(first.names[: first.names.index(manifest.name)])
        assert {*manifest.requires, *manifest.after} <= before


@given(plugins(sound=False), st.data())
def test_any_order_of_discovery_gives_the_same_outcome(wanted: list[Any], data: st.DataObject) -> None:
    """A host would see another message at each start, or be refused only on some machines."""
    assert outcome(wanted) == outcome(data.draw(st.permutations(wanted)))


@given(plugins(sound=False), st.data())
def test_any_order_of_discovery_leaves_the_same_out(wanted: list[Any], data: st.DataObject) -> None:
    """Administration would see other plugins than those that are broken."""
    registry = load(wanted, installed=(), tolerant=True)
    again = load(data.draw(st.permutations(wanted)), installed=(), tolerant=True)
    assert told(registry) == told(again)
    kept = [each for each in wanted if each.plugin.name in registry.names]
    assert told(registry)[1:-1] == told(load(kept, installed=()))[1:-1]
    assert {each.name for each in registry.failed} | set(registry.names) == {each.plugin.name for each in wanted}
