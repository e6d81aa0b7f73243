"""Trying the plugins that are wanted: all of them or none, or as many as fit together."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence

import attrs

from crmcore.domain.dormant import Belongings
from crmcore.domain.errors import MissingPlugin
from crmcore.plugins.refusal import Origin, Problem, refuse
from crmcore.plugins.starting.declarations import Declared
from crmcore.plugins.starting.discovery import Candidate, Offer
from crmcore.plugins.starting.fitting import Answers, Fit, fit
from crmcore.plugins.starting.relations import Known


@attrs.frozen
class Failed:
    """A plugin that was left out, and why. Without a name it is a distribution that cannot be read. `traceback` is of
    what it raised, "" if it raised nothing."""

    name: str
    distribution: str
    problem: str
    traceback: str = ""


@attrs.frozen(eq=False)
class Trial:
    """Plugins that are wanted: those that could be `found`, the `problems` with these and the others, and what is
    asked of them."""

    found: Sequence[Candidate]
    problems: Sequence[Problem]
    offer: Offer
    answers: Answers
    dormant: Sequence[Belongings]

    def strict(self) -> tuple[Known, Fit]:
        """All of them. Raises one error for everything that is wrong."""
        asleep = () if self.problems else self.dormant  # what is kept may be about records of whoever is not there
        known, tried = self._without(_names(self.problems), asleep)
        refuse((*self.problems, *tried.problems))
        return known, tried

    def tolerant(self) -> tuple[Known, Fit, tuple[Failed, ...]]:
        """As many as fit, and those that are left out: for a problem everyone who has a part in it, and whoever
        requires one that is left out."""
        problems = list(self.problems)
        while True:
            problems += self._bereft(problems)
            known, tried = self._without(_names(problems), self.dormant)
            if not tried.problems:
                return known, tried, _failed(problems)
            if not _names(tried.problems) & set(known):
                refuse(tried.problems)  # nobody here is to blame: what is kept for plugins that are not active is
            problems += tried.problems

    def _without(self, failed: set[str], dormant: Sequence[Belongings]) -> tuple[Known, Fit]:
        ordered = sorted(self.found, key=lambda each: each.manifest.name)
        known = {each.manifest.name: each for each in ordered if each.manifest.name not in failed}
        asleep = [_asleep(each) for each in dormant if each.plugin not in known]
        return known, fit(known, frozenset(failed), self.offer, self.answers, asleep)

    def _bereft(self, problems: Sequence[Problem]) -> Iterator[Problem]:
        """Those that require what is left out, directly or not."""
        lost = _names(problems)
        waiting = {each.manifest.name: each for each in self.found if each.manifest.name not in lost}
        while bereft := [each for each in waiting.values() if lost & set(each.manifest.requires)]:
            for each in bereft:
                names = " and ".join(map(repr, sorted(lost & set(each.manifest.requires))))
                what, remedy = f"it requires {names}, which is left out", "See what is wrong there"
                yield Problem(error=MissingPlugin, origins=(each.origin,), what=what, remedy=remedy)
            lost |= {waiting.pop(each.manifest.name).manifest.name for each in bereft}


def _names(problems: Iterable[Problem]) -> set[str]:
    return {origin.plugin for each in problems for origin in each.origins}


def _failed(problems: Iterable[Problem]) -> tuple[Failed, ...]:
    found: dict[Origin, dict[str, Problem]] = {}
    for each in problems:
        for origin in each.origins:
            found.setdefault(origin, {})[str(each)] = each
    return tuple(
        Failed(origin.plugin, origin.distribution, "\n".join(sorted(each)), "\n".join(_traces(each)))
        for origin, each in sorted(found.items())
    )


def _traces(problems: dict[str, Problem]) -> list[str]:
    causes = [each.cause for _, each in sorted(problems.items()) if each.cause is not None]
    return ["".join(traceback.format_exception(cause)) for cause in causes]


def _asleep(own: Belongings) -> Declared:
    return Declared(Origin(own.plugin), tuple(t.cls for t in own.records), tuple(f.cls for f in own.facets))
