"""Merges by several at once, and by those who may not see or do everything; undone by savepoints and dry runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Person
from crmcore.application.merging.merges import Merges
from crmcore.domain.change import Change
from crmcore.domain.errors import ConcurrentChange, Denied, MergeRefused, NotFound, UnknownName
from crmcore.domain.merging.merge import Merge
from crmcore.testing.fakes import Restricted
from crmcore.testing.specimens import Profile
from tests.application.merging.test_merging import NOW, add, call
from tests.application.merging.worlds import dump
from tests.application.test_running import side_by_side
from tests.shared import SharedCrm


def hidden(*names: str, rows: dict[str, str] | None = None, **how: Any) -> Restricted:
    """A policy that hides fields of customers."""
    return Restricted(hidden={"customer": names}, rows=rows, **how)


def test_what_is_hidden_does_not_come_out(shared: SharedCrm) -> None:
    """PRM: a preview, or what a merge answers, would tell what one may not see."""
    policy = hidden("note", "contact_points", "email", "specimen", rows={"interaction": 'channel = "mail"'})
    crm = shared.fresh(policy=policy)
    a, b = add(
        crm, Person("A"), Person("B", note="canary", emails=["canary@example.com"]).with_facets(Profile(motto="canary"))
    )
    with crm.work("root") as work:
        work.interactions.add(call(b, "canary"))
        work.interactions.add(Interaction(at=NOW, channel="mail", customer=b))
    with crm.work("sara") as work:
        shown = work.merges.preview(a, [b])
        assert "canary" not in repr(shown)
        assert shown.moves == {"interaction": 1}
        with pytest.raises(UnknownName):
            work.merges.preview(a, [b], rules={"note": "pin"})
        done = work.merges.merge(a, [b])
        assert "canary" not in repr(done.survivor) and done.repointed == {"interaction": 1}
    with crm.work("root") as work:
        assert work.customers.get(a).note == "canary" and work.merges.of(a)[0].repointed == {"interaction": 2}


def test_who_does_not_see_one_or_may_not_merge(shared: SharedCrm) -> None:
    """A merge would tell that there is a customer whom one may not see, or widen what one sees."""

    def refuse(change: Change) -> str | None:
        return "not yours" if change.operation == "merge" and change.id == c else None

    crm = shared.fresh(policy=Restricted(rows={"customer": 'name != "B"'}, refuse=refuse))
    a, b, c = add(crm, Person("A"), Person("B"), Person("C"))
    before = dump(crm)
    for ids in ((a, b), (b, a), (a, UUID(int=9))):
        with crm.work("sara") as work:
            for ask in (work.merges.merge, work.merges.preview):
                with pytest.raises(NotFound):
                    ask(ids[0], [ids[1]])
    with crm.work("sara") as work:
        assert work.merges.preview(a, [c]).reasons == ("sara may not merge this customer: not yours",)
        with pytest.raises(Denied):
            work.merges.merge(a, [c])
    assert dump(crm) == before


def test_two_at_once(shared: SharedCrm) -> None:
    """Two merges that cross would leave a customer in two families, or both half done."""
    crm = shared.fresh()
    a, b, c = add(crm, Person("A"), Person("B"), Person("C"))
    lost: list[Exception] = []

    def merge(survivor: UUID, other: UUID) -> Callable[[], None]:
        def run() -> None:
            try:
                crm.run(lambda work: Merges(work).merge(survivor, [other]), actor="root")
            except (MergeRefused, ConcurrentChange) as error:
                lost.append(error)

        return run

    side_by_side(merge(a, b), merge(b, a), merge(c, b))
    with crm.work("root") as work:
        merges = list(work[Merge].stream())
        merged = list(work.customers.query("merged_into is not missing").items)
        survivors = {work.customers.get(id).id for id in (a, b, c)}
        assert len(merges) == len(merged) and len(merges) + len(lost) == 3
        assert len(survivors) == 3 - len(merges) and all(each.merged_into in survivors for each in merged)


def test_a_savepoint_undoes_it(shared: SharedCrm) -> None:
    """Some of a merge would stay where the rest was undone."""
    crm = shared.fresh()
    a, b = add(crm, Person("A").with_facets(Profile(card="1")), Person("B").with_facets(Profile(card="2")))
    with crm.work("root") as work:
        work.interactions.add(call(b, "Hello"))
    before = dump(crm)
    with crm.work("root") as work, pytest.raises(ZeroDivisionError), work.savepoint():
        work.merges.merge(a, [b])
        raise ZeroDivisionError
    assert dump(crm) == before
    with crm.work("root") as work:
        assert work[Merge].count() == 0
        assert work.merges.merge(a, [b]).repointed["interaction"] == 1


def test_a_dry_run(shared: SharedCrm) -> None:
    """A unit of work that rolls back would leave moves behind."""
    crm = shared.fresh()
    a, b = add(crm, Person("A"), Person("B"))
    before = dump(crm)
    with crm.work("root", dry=True) as work:
        done = work.merges.merge(a, [b])
    assert dump(crm) == before
    with crm.work("root") as work:
        assert work.transaction.moving.moved(done.merge.id) == {}


def test_who_looks_at_a_preview_has_read(shared_memory: SharedCrm) -> None:
    """What is sensitive would be seen without a trace."""
    crm = shared_memory.fresh()
    a, b = add(crm, Person("A"), Person("B", birth_date=NOW.date()))
    crm.kernel.log_reads = True
    with crm.work("sara") as work:
        work.merges.preview(a, [b])
    with crm.work("root") as work:
        told = [entry.values() for entry in work.transaction.history("customer", b) if entry.operation == "read"]
        assert told == [{"read": [None, ["birth_date"]]}]
