"""Whether plugins fit together: what they answer is collected once, then tried as a whole; only if that fails is it
tried plugin by plugin, to find who is to blame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import attrs

from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.errors import InvalidDeclaration, PluginFailed
from crmcore.domain.extension import owned
from crmcore.plugins.dispatch import bind
from crmcore.plugins.refusal import Origin, Problem, text_of
from crmcore.plugins.routing import Calls, strangers
from crmcore.plugins.slots import Slots
from crmcore.plugins.starting.claims import clashes
from crmcore.plugins.starting.deadline import Overdue, each_within
from crmcore.plugins.starting.declarations import CORE_DECLARED, Declared, gather
from crmcore.plugins.starting.discovery import Offer
from crmcore.plugins.starting.foreign import names_others
from crmcore.plugins.starting.importing import PATIENCE
from crmcore.plugins.starting.relations import Known, circles, conflicts, ordered, requirements, unmet
from crmcore.plugins.starting.settling import settle


@attrs.frozen(eq=False)
class Fit:
    """What plugins declare, in their order, what follows from all of it, and what is wrong with it. If anything is, the
    catalogue is the core's."""

    declared: Mapping[str, Declared]
    slots: Slots
    catalogue: Catalogue
    problems: tuple[Problem, ...]


@attrs.define(eq=False)
class Answers:
    """What plugins answer: each is searched for its hooks, and asked for its declarations, once, however often it is
    tried which of them fit. Each may take so many `seconds` for either."""

    seconds: float
    bound: dict[str, tuple[Calls, Sequence[Problem]]] = attrs.field(factory=dict)
    told: dict[str, tuple[Declared, Sequence[Problem]]] = attrs.field(factory=dict)

    def search(self, known: Known) -> list[Problem]:
        """Look for the hooks of these plugins; gives what is wrong with them."""
        tasks = {name: partial(bind, each) for name, each in known.items() if name not in self.bound}
        for name, found in each_within(self.seconds, tasks).items():
            self.bound[name] = (
                ({}, [_late(known[name].origin, "", f"looking for its hooks {found}")])
                if isinstance(found, Overdue)
                else found
            )
        return [problem for name in known for problem in self.bound[name][1]]

    def ask(self, known: Known) -> tuple[dict[str, Declared], list[Problem]]:
        """What these plugins declare, in their order, and what is wrong with that."""
        order = [each.manifest.name for each in ordered(known)]
        begun: dict[str, list[str]] = {name: [] for name in order if name not in self.told}
        tasks = {name: partial(gather, known[name].origin, self.bound[name][0], begun[name]) for name in begun}
        for name, found in each_within(self.seconds, tasks).items():
            origin = known[name].origin
            self.told[name] = (
                (Declared(origin), [_late(origin, "".join(begun[name][-1:]), f"it {found}")])
                if isinstance(found, Overdue)
                else found
            )
        return {name: self.told[name][0] for name in order}, [p for name in order for p in self.told[name][1]]


def _late(origin: Origin, hook: str, what: str) -> Problem:
    return Problem(error=PluginFailed, origins=(origin,), hook=hook, what=what, remedy=PATIENCE)


def fit(known: Known, failed: frozenset[str], offer: Offer, answers: Answers, asleep: Sequence[Declared] = ()) -> Fit:
    """Try these plugins together. `failed`: names of others, of which it is reported already why they are not there.
    `asleep`: what is only kept, for plugins that are not active."""
    problems = [*unmet(known, failed, offer), *conflicts(known), *circles(known), *answers.search(known)]
    declared, wrong = answers.ask(_sound(known, problems))
    problems += wrong
    problems += clashes([CORE_DECLARED, *declared.values(), *asleep])
    slots, unsettled = settle(declared.values(), {name: known[name].manifest.replaces for name in declared})
    problems += unsettled
    if problems or set(declared) != set(known):
        sound = _sound(known, problems)
        problems += [p for name in sound for p in _blame(known, declared, name)]
        return Fit(declared, slots, _catalogue(()), tuple(problems))
    catalogue, misfits = _whole(known, declared, asleep)
    return Fit(declared, slots, catalogue, tuple(misfits))


def _whole(
    known: Known, declared: Mapping[str, Declared], asleep: Sequence[Declared]
) -> tuple[Catalogue, list[Problem]]:
    """The catalogue of everything; if there can be none, that of the core, and at least one problem."""
    try:
        catalogue = _catalogue([*declared.values(), *asleep])
    except Exception as error:
        failure = error
    else:
        catalogue = attrs.evolve(catalogue, dormant=frozenset(each.origin.plugin for each in asleep))
        doubtful = [name for name in known if _is_doubtful(known, declared[name], catalogue)]
        return catalogue, [p for name in doubtful for p in _blame(known, declared, name)]
    problems = [p for name in known for p in _blame(known, declared, name)]
    if not problems:
        raise failure
    return _catalogue(()), problems


def _is_doubtful(known: Known, each: Declared, catalogue: Catalogue) -> bool:
    """Tell whether a plugin may depend on one that it does not require."""
    allowed = requirements(known, each.origin.plugin) | {each.origin.plugin}
    return names_others(each, known[each.origin.plugin].manifest.capabilities, allowed, catalogue)


def _sound(known: Known, problems: Iterable[Problem]) -> Known:
    """The plugins with which nothing is wrong, nor with any that they require."""
    bad = {origin.plugin for each in problems for origin in each.origins}
    found = {}
    for name, each in known.items():
        needed = requirements(known, name)
        if needed <= set(known) and not (needed | {name}) & bad:
            found[name] = each
    return found


def _catalogue(declared: Iterable[Declared]) -> Catalogue:
    everything = [CORE_DECLARED, *declared]
    return build(
        [(each.plugin, cls) for each in everything for cls in each.records],
        [(each.origin.plugin, cls) for each in everything for cls in each.facets],
        [owned(w, each.plugin) if each.plugin else w for each in everything for w in each.workflows],
        [(each.origin.plugin, extension) for each in everything for extension in each.extensions],
    )


def _blame(known: Known, declared: Mapping[str, Declared], name: str) -> Iterator[Problem]:
    """Try a plugin's declarations with those of what it requires alone: so the blame is clear, and a name of a
    plugin that it does not require is refused also where that one happens to be active."""
    try:
        catalogue = _catalogue(declared[each] for each in sorted(requirements(known, name) | {name}))
        yield from strangers(known[name].manifest, declared[name].calls, catalogue)
    except Exception as error:
        text = str(error) if isinstance(error, InvalidDeclaration) else text_of(error)
        yield Problem(
            error=PluginFailed,
            origins=(known[name].origin,),
            what=f"its declarations do not fit: {text}",
            remedy="Mend them; it may name record types of the core, of its own, and of plugins that it requires",
            cause=error,
        )
