"""Who has which of the shared names, who takes over whose, and what cannot be settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from crmcore.domain.errors import PluginConflict, PluginFailed, nearest
from crmcore.plugins.manifest import squash
from crmcore.plugins.refusal import Origin, Problem
from crmcore.plugins.slots import COMMANDS, CORE, FORMATS, OWN, REPLACEABLE, Slot, Slots
from crmcore.plugins.specs import Format
from crmcore.plugins.starting.clashing import clash
from crmcore.plugins.starting.declarations import Declared


@attrs.frozen
class Bid:
    """A slot that somebody wants, and by whose declaration."""

    slot: Slot
    origin: Origin
    takes_over: bool = False

    @property
    def text(self) -> str:
        """What it is, in words."""
        return f"the {self.slot.kind} {self.slot.name!r}"


@attrs.define
class Settlement:
    """What is settled so far, and what is wrong."""

    slots: dict[str, dict[str, Slot]] = attrs.field(factory=dict)
    problems: list[Problem] = attrs.field(factory=list)

    def take(self, slot: Slot) -> None:
        """Give somebody a name."""
        self.slots.setdefault(slot.kind, {})[slot.name] = slot

    def frozen(self) -> Slots:
        """All slots, sorted."""
        return MappingProxyType(
            {kind: MappingProxyType(dict(sorted(held.items()))) for kind, held in sorted(self.slots.items())}
        )


def settle(declared: Iterable[Declared], replaces: Mapping[str, tuple[str, ...]]) -> tuple[Slots, list[Problem]]:
    """Who has which name, and all that two want. `replaces`: by plugin, the slots that it takes over, as
    "report:sales"."""
    everything = tuple(declared)
    bids = [*_core(), *(o for each in everything for o in _bids(each, replaces.get(each.origin.plugin, ())))]
    settled = Settlement()
    for same in _alike(bids):
        _settle_one(same, settled)
    for same in _alike(_suffixes(settled.slots.get("format", {}).values(), {o.slot.plugin: o.origin for o in bids})):
        _settle_one(same, settled)
    for each in everything:
        settled.problems += _unfounded(each, replaces.get(each.origin.plugin, ()), bids)
        settled.problems += _shadowing(each.origin)
    return settled.frozen(), settled.problems


def _core() -> Iterator[Bid]:
    return (Bid(Slot(kind, name, None), Origin("")) for kind, names in CORE.items() for name in names)


def _bids(each: Declared, replaces: tuple[str, ...]) -> Iterator[Bid]:
    for kind, name, spec in _named(each):
        known_as = f"{each.plugin}.{name}" if kind in OWN else name
        yield Bid(Slot(kind, known_as, each.plugin, spec), each.origin, f"{kind}:{name}" in replaces)


def _named(each: Declared) -> Iterator[tuple[str, str, object]]:
    yield from (("command", spec.name, spec) for spec in each.commands)
    yield from (("job", spec.name, spec) for spec in each.jobs)
    yield from (("channel", spec.name, spec) for spec in each.channels)
    yield from (("format", spec.name, spec) for spec in each.formats)
    yield from (("metric", spec.name, spec) for spec in each.metrics)
    yield from (("report", spec.name, spec) for spec in each.reports)
    yield from (("template", spec.key, spec) for spec in each.templates)


def _suffixes(formats: Iterable[Slot], origins: Mapping[str | None, Origin]) -> Iterator[Bid]:
    """The endings of the formats as they are after replacing: whoever takes over a format gets all its endings."""
    for each in formats:
        old = each.replaced
        before = _endings(old) if old else ()
        for suffix in dict.fromkeys((*_endings(each), *before)):
            replaced = Slot("suffix", suffix, old.plugin, old.spec) if old and suffix in before else None
            yield Bid(Slot("suffix", suffix, each.plugin, each.spec, replaced), origins[each.plugin])


def _endings(each: Slot) -> tuple[str, ...]:
    return each.spec.suffixes if isinstance(each.spec, Format) else FORMATS[each.name]


def _alike(bids: Iterable[Bid]) -> Iterable[list[Bid]]:
    """The bids in groups of names that a person takes for one."""
    found: dict[tuple[str, str | None, str], list[Bid]] = {}
    for each in bids:
        owner = each.slot.plugin if each.slot.kind in OWN else None
        found.setdefault((each.slot.kind, owner, _squash(each.slot.name)), []).append(each)
    return found.values()


def _squash(name: str) -> str:
    return squash(name.replace("-", "_"))


def _settle_one(bids: list[Bid], settled: Settlement) -> None:
    first = [each for each in bids if not each.takes_over]
    after = [each for each in bids if each.takes_over]
    if len(first) > 1:
        settled.problems.append(_clash(first))
    elif len(after) > 1 and len({each.origin for each in after}) == 1:
        settled.problems.append(_clash(after))
    elif len(after) > 1:
        what, remedy = f"each of them replaces {after[0].text}, which one may", "Leave all but one of them out"
        settled.problems.append(_problem(PluginConflict, after, what, remedy))
    elif first and after:
        settled.take(attrs.evolve(after[0].slot, replaced=first[0].slot))
    elif first:
        settled.take(first[0].slot)


def _clash(bids: list[Bid]) -> Problem:
    slot, names = bids[0].slot, {each.text for each in bids}
    takes = len(names) == 1 and slot.kind in REPLACEABLE
    said = f"replaces=({f'{slot.kind}:{slot.name}'!r},)"
    hint = f", or say {said} in the manifest of the one that is to take it over" if takes else ""
    return clash(bids, f"call that otherwise{hint}")


def _problem(error: type[PluginConflict | PluginFailed], bids: Iterable[Bid], what: str, remedy: str) -> Problem:
    origins = tuple(sorted({each.origin for each in bids if each.origin.plugin}))
    return Problem(error=error, origins=origins, what=what, remedy=remedy)


def _unfounded(each: Declared, replaces: tuple[str, ...], bids: list[Bid]) -> Iterator[Problem]:
    """What a plugin says it replaces, and cannot."""
    for wanted in sorted(set(replaces)):
        kind, _, name = wanted.partition(":")
        others = {o.slot.name for o in bids if o.slot.kind == kind and not o.takes_over and o.origin != each.origin}
        if kind not in REPLACEABLE:
            remedy = f"These can: {', '.join(REPLACEABLE)}"
            what = f"it replaces {wanted!r}, and a {kind} cannot be taken over"
        elif name not in others:
            close = nearest(name, others)
            hint = f"Did you mean {' or '.join(repr(f'{kind}:{c}') for c in close)}? Else leave" if close else "Leave"
            remedy = f"{hint} that out, or activate the plugin that has it"
            what = f"it replaces {wanted!r}, and neither the core nor an active plugin has that {kind}"
        elif not any(o.takes_over and o.origin == each.origin and wanted == _known_as(o) for o in bids):
            remedy = f"Declare a {kind} of exactly that name, or leave it out of `replaces`"
            what = f"it replaces {wanted!r}, and declares no such {kind} itself"
        else:
            continue
        yield Problem(error=PluginFailed, origins=(each.origin,), what=what, remedy=remedy)


def _known_as(bid: Bid) -> str:
    return f"{bid.slot.kind}:{bid.slot.name}"


def _shadowing(origin: Origin) -> Iterator[Problem]:
    """A plugin's commands stand under its name, next to those of the core."""
    if command := RESERVED.get(_squash(origin.plugin)):
        what = f"its commands would be called `crm {origin.plugin} ...`, and `crm {command}` is one of the core"
        yield Problem(error=PluginConflict, origins=(origin,), what=what, remedy="Rename the plugin")


RESERVED: Final = {_squash(command): command for command in sorted(COMMANDS)}
