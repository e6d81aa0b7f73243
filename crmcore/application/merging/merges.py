"""Merges, as hosts and the command line use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.application import reading
from crmcore.application.merging import apart, merging, previewing, unmerging
from crmcore.application.merging.golden import Choices
from crmcore.application.session import Session
from crmcore.domain.bound import BoundQuery, Test, every
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidValue
from crmcore.domain.merging.merge import Merge
from crmcore.domain.merging.not_duplicate import NotDuplicate
from crmcore.domain.merging.outcome import Merged, Preview, Unmerged


class Merges:
    """Making customers one, and taking that back. `rules` gives a field another rule than the declared one, `keep` the
    record whose value is to stand, `sources` the systems that are trusted most, first of all (else those of the Crm).
    `overrule`: though somebody decided that they are two."""

    def __init__(self, unit: Session) -> None:
        self._unit = unit

    def preview(
        self,
        survivor: UUID,
        others: Sequence[UUID],
        *,
        rules: Mapping[str, Any] | None = None,
        keep: Mapping[str, UUID] | None = None,
        sources: Sequence[str] = (),
        overrule: bool = False,
    ) -> Preview:
        """What a merge would do, and everything for which it would be refused; nothing is written."""
        choices = self._choices(rules, keep, sources)
        return previewing.preview(self._unit, survivor, others, choices, overrule=overrule)

    def merge(
        self,
        survivor: UUID,
        others: Sequence[UUID],
        *,
        rules: Mapping[str, Any] | None = None,
        keep: Mapping[str, UUID] | None = None,
        sources: Sequence[str] = (),
        overrule: bool = False,
    ) -> Merged:
        """Make the others a part of the survivor. Their ids lead there from then on.

        Raises MergeRefused with every reason, Vetoed, Denied, NotFound, ConcurrentChange, UnknownName, InvalidValue.
        """
        choices = self._choices(rules, keep, sources)
        return merging.merge(self._unit, survivor, others, choices, overrule=overrule)

    def _choices(
        self, rules: Mapping[str, Any] | None, keep: Mapping[str, UUID] | None, sources: Sequence[str]
    ) -> Choices:
        for each in (sources,) if isinstance(sources, str) else sources:
            if isinstance(sources, str) or not isinstance(each, str):
                raise InvalidValue(f"systems of origin are a list of texts, not {sources!r}", value=repr(sources))
        return Choices(dict(rules or {}), dict(keep or {}), tuple(sources) or self._unit.kernel.sources)

    def undo(self, merge: UUID, *, only: Sequence[UUID] = ()) -> Unmerged:
        """Take a merge back, exactly. `only`: these leave, the others stay one.

        Raises UnmergeBlocked with everything that is in the way, NotFound, InvalidValue, Denied.
        """
        return unmerging.undo(self._unit, merge, only)

    def set_apart(self, one: UUID, other: UUID, reason: str | None = None) -> NotDuplicate:
        """Remember that two customers who look alike are two: a merge of them is refused from then on."""
        return apart.set_apart(self._unit, one, other, reason)

    def apart(self, one: UUID) -> tuple[UUID, ...]:
        """The customers of whom it was decided that they are not this one."""
        return apart.apart(self._unit, one)

    def of(self, customer: UUID) -> list[Merge]:
        """The merges in which a customer took part, as survivor or not, oldest first; also those that were taken
        back. `NotFound` for one that the actor may not see."""
        unit = self._unit
        customers, type = unit.catalogue.of(Customer), unit.catalogue.of(Merge)
        row, field = reading.raw(unit, customers, customer), type.field("survivor")
        if field is None:
            return []
        log = unit.transaction.history(customers.name, row.id)
        survivors = {row.id, *_led_to(log)}
        where = every(unit.binder().scope(type), Test(field, "in", tuple(sorted(survivors))))
        found = [each.record for each in unit.transaction.select(BoundQuery(type=type, where=where))]
        merges = [each for each in found if isinstance(each, Merge)]
        own = [each for each in merges if each.survivor == row.id or str(row.id) in (each.others or ())]
        shown: Any = [reading.blanked(unit, type, each) for each in sorted(own, key=lambda each: each.id)]
        return list(shown)


def _led_to(log: Sequence[Any]) -> set[UUID]:
    """The customers into whom merges made this one a part."""
    into = (entry.values().get("merged_into", (None, None))[1] for entry in log if entry.operation == "merge")
    return {UUID(id) for id in into if id is not None}
