"""What becomes of the stamp of a database when a plugin is switched; nothing here touches a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from crmcore.domain.errors import InvalidSetting, MissingPlugin, PluginConflict, PluginDisabled, UnknownName
from crmcore.ports.retiring import Restamp
from crmcore.ports.stamp import KnownPlugin, Stamp

State = Literal["active", "disabled", "retired"]


def known_plugin(stamp: Stamp, name: str) -> KnownPlugin:
    """What the database keeps of a plugin; `UnknownName` for one that was never active in it."""
    if name in stamp.known:
        return stamp.known[name]
    if name in stamp.plugins:
        raise InvalidSetting(
            f"this database does not know yet what the plugin {name!r} keeps in it: run `crm db upgrade` once with it"
        )
    raise UnknownName("plugin", name, stamp.known, "this database")


def switched(name: str, state: State, by: str, at: str, check: Callable[[Stamp], object] = id) -> Restamp:
    """The change of the stamp that brings a plugin into a state; `check` is asked before, in the same transaction."""

    def change(stamp: Stamp) -> Stamp:
        check(stamp)
        known = attrs.evolve(known_plugin(stamp, name), state=state, by=by, at=at)
        active = {*stamp.plugins, name} if state == "active" else set(stamp.plugins) - {name}
        return attrs.evolve(stamp, plugins=tuple(sorted(active)), known={**stamp.known, name: known})

    return change


def forgotten(name: str) -> Restamp:
    """The change of the stamp after which a database knows nothing of a plugin."""

    def change(stamp: Stamp) -> Stamp:
        return attrs.evolve(
            stamp,
            revisions=_without(stamp.revisions, name),
            fingerprints=_without(stamp.fingerprints, name),
            known={each: known for each, known in stamp.known.items() if each != name},
        )

    return change


def check_free(stamp: Stamp, name: str, *states: State) -> None:
    """`PluginConflict` while plugins in one of these states require this one."""
    holding = sorted(n for n, known in stamp.known.items() if known.state in states and name in known.requires)
    if holding:
        verb = "disable" if states == ("active",) else "retire"
        raise PluginConflict(
            f"the plugin {name!r} is required by {' and '.join(map(repr, holding))}: first "
            + " and ".join(f"`crm plugins {verb} {each}`" for each in holding),
            plugin=name,
            required_by=holding,
        )


def check_required(stamp: Stamp, name: str, requires: tuple[str, ...]) -> None:
    """`PluginDisabled` or `MissingPlugin` unless every plugin that this one requires is active."""
    for each in sorted(set(requires) - set(stamp.plugins)):
        error = PluginDisabled if each in stamp.known else MissingPlugin
        state = stamp.known[each].state if each in stamp.known else "not active"
        raise error(
            f"the plugin {name!r} requires {each!r}, which is {state} in this database: enable that first with "
            f"`crm plugins enable {each}`",
            plugin=name,
            requires=each,
        )


def check_state(name: str, known: KnownPlugin, wanted: State, then: str) -> None:
    """`InvalidSetting` unless the plugin is in this state; `then` is what was to be done with it."""
    if known.state != wanted:
        way = {"disabled": "disable", "retired": "retire"}[wanted]
        raise InvalidSetting(
            f"the plugin {name!r} is {known.state}; only one that is {wanted} can be {then}: "
            f"`crm plugins {way} {name}` comes first",
            plugin=name,
            state=known.state,
        )


def _without(texts: Mapping[str, str], name: str) -> dict[str, str]:
    return {each: text for each, text in texts.items() if each != name}
