"""Units of work side by side: nothing is lost, whoever comes first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

import pytest

from crmcore import Link, Person, User
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.errors import (
    ConcurrentChange,
    CrmError,
    DanglingReference,
    InvalidSetting,
    NotFound,
    StillReferenced,
    StorageBusy,
)
from crmcore.testing.specimens import Profile
from tests.shared import SharedCrm

Step = Callable[[UnitOfWork], object]


def side_by_side(*jobs: Callable[[], None]) -> None:
    """Run these at once, and raise what any of them raised."""
    raised: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if raised:
        raise raised[0]


def test_two_threads_lose_no_change(shared: SharedCrm) -> None:
    """DBP-10: of two who raise one number at once, one would overwrite what the other wrote."""
    crm = shared.fresh()
    with crm.work("root") as work:
        id = work.customers.add(Person("Leila", note="0").with_facets(Profile(points=0))).id

    def raise_note(work: UnitOfWork) -> None:
        held = work.customers.get(id)
        work.customers.change(id, version=held.version, note=str(int(held.note or 0) + 1))

    def raise_points(work: UnitOfWork) -> None:
        held = work.customers.get(id, with_=[Profile]).facet(Profile)
        work.customers.put_facet(id, Profile(points=(held.points or 0) + 1, version=held.version))

    def job(step: Callable[[UnitOfWork], None]) -> Callable[[], None]:
        def repeat() -> None:
            for _ in range(50):
                crm.run(step, actor="sara", retries=40)

        return repeat

    side_by_side(job(raise_note), job(raise_note), job(raise_points), job(raise_points))
    with crm.work("root") as work:
        held = work.customers.get(id, with_=[Profile])
        assert (held.note, held.facet(Profile).points) == ("100", 100)
        assert (held.version, held.facet(Profile).version) == (101, 101)
        logged = [(e.operation, e.version) for e in work.customers.history(id)]
    assert sorted(logged[1:]) == [(o, n) for o in ("change", "facet") for n in range(2, 102)]


def test_changes_without_a_version_lose_nothing(shared: SharedCrm) -> None:
    """Two changes of different fields of one record would undo each other."""
    crm = shared.fresh()
    with crm.work("root") as work:
        id = work.customers.add(Person("Leila")).id

    def writer(field: str) -> Callable[[], None]:
        def change(work: UnitOfWork, value: str) -> None:
            work.customers.change(id, {field: value})

        def job() -> None:
            for n in range(25):
                crm.run(partial(change, value=str(n)), actor=field, retries=40)

        return job

    side_by_side(writer("note"), writer("job_title"), writer("employer"))
    with crm.work("root") as work:
        held = work.customers.get(id)
        assert (held.note, held.job_title, held.employer, held.version) == ("24", "24", "24", 76)
        for before, after in zip(work.customers.history(id), work.customers.history(id)[1:], strict=False):
            [(field, (old, new))] = after.values().items()
            assert (old is None and new == "0") or int(new) == int(old) + 1, (field, before)


def test_lists_grow_by_what_was_acknowledged(shared: SharedCrm) -> None:
    """DBP-10: list-append over three records: an acknowledged element would be missing, or two orders be seen."""
    crm = shared.fresh()
    with crm.work("root") as work:
        ids = [work.customers.add(Person(f"list {n}", note="")).id for n in range(3)]
    acknowledged: list[list[str]] = [[] for _ in ids]
    seen: list[tuple[int, list[str]]] = []

    def client(name: str) -> None:
        for n in range(12):
            at = (n + ord(name)) % 3

            def append(work: UnitOfWork, at: int = at, element: str = f"{name}{n}") -> list[str]:
                held = work.customers.get(ids[at])
                grown = [*(held.note or "").split(), element]
                work.customers.change(ids[at], version=held.version, note=" ".join(grown))
                return grown

            seen.append((at, crm.run(append, actor=name, retries=60)))
            acknowledged[at].append(f"{name}{n}")

    side_by_side(*(partial(client, name) for name in "abcd"))
    with crm.work("root") as work:
        final = [(work.customers.get(id).note or "").split() for id in ids]
    assert [sorted(each) for each in final] == [sorted(each) for each in acknowledged]
    for at, prefix in seen:
        assert final[at][: len(prefix)] == prefix


def test_run_repeats_what_repeating_helps(shared_memory: SharedCrm) -> None:
    """A lost race would reach the host, or a real refusal be repeated in vain."""
    crm = shared_memory.fresh()
    tried: list[type[Exception]] = []

    def failing(error: Exception, times: int) -> Step:
        def step(work: UnitOfWork) -> str:
            tried.append(type(error))
            work.users.add(User(f"attempt {len(tried)}"))
            if len(tried) <= times:
                raise error
            return "done"

        return step

    for error in (ConcurrentChange("stale"), StorageBusy("busy")):
        tried.clear()
        assert crm.run(failing(error, 2), actor="sara", retries=2) == "done"
        assert len(tried) == 3
        tried.clear()
        with pytest.raises(type(error)):
            crm.run(failing(error, 3), actor="sara", retries=2)
        assert len(tried) == 3
    tried.clear()
    with pytest.raises(NotFound):
        crm.run(failing(NotFound("none"), 1), actor="sara", retries=2)
    assert len(tried) == 1
    with pytest.raises(InvalidSetting):
        crm.run(failing(NotFound("none"), 0), actor="sara", retries=-1)
    with crm.work("root") as work:
        assert work.users.count() == 2  # what was repeated left nothing but its last attempt


def test_a_lock_holds_a_record(shared: SharedCrm) -> None:
    """Two who first look and then write would both act on what they saw."""
    crm = shared.fresh()
    with crm.work("root") as work:
        id = work.customers.add(Person("Leila").with_facets(Profile(points=10))).id
    spent: list[str] = []

    def spend(name: str) -> None:
        def step(work: UnitOfWork) -> bool:
            work.lock(type(work.customers.get(id)), id)
            points = work.customers.get(id, with_=[Profile]).facet(Profile).points or 0
            if points >= 10:
                work.customers.change(id, {"specimen.points": points - 10})
            return points >= 10

        if crm.run(step, actor=name, retries=40):
            spent.append(name)

    side_by_side(*(partial(spend, name) for name in "abcd"))
    assert len(spent) == 1
    with crm.work("root") as work:
        assert work.customers.get(id, with_=[Profile]).facet(Profile).points == 0


def test_links_never_dangle(shared: SharedCrm) -> None:
    """A record would be removed while somebody links to it, and the link point at nothing."""
    crm = shared.fresh()
    for _ in range(8):
        with crm.work("root") as work:
            one, two = work.users.add(User("one")).id, work.users.add(User("two")).id

        def link(one: UUID = one, two: UUID = two) -> None:
            attempt(crm, lambda work: work.links.add(Link("user", one, "user", two, "knows")))

        def remove(two: UUID = two) -> None:
            attempt(crm, lambda work: work.users.remove(two))

        side_by_side(link, remove)
        with crm.work("root") as work:
            links = work.links.query(f'to_id = "{two}"').items
            assert len(links) == work.users.count(f'id = "{two}"')


def attempt(crm: Crm, step: Step) -> None:
    """Run a step that may be refused because of what the other one did."""
    with suppress(StillReferenced, DanglingReference, NotFound):
        crm.run(step, actor="sara", retries=20)


@pytest.mark.postgres
def test_a_failed_read_is_no_silent_rollback(shared_postgres: SharedCrm) -> None:
    """PostgreSQL rolls back a transaction in which anything failed, and calls that a commit."""
    crm = shared_postgres.fresh()
    with pytest.raises(CrmError), crm.work("root") as work:
        work.users.add(User("kept?"))
        transaction = work.transaction
        with pytest.raises(CrmError):
            transaction._ask(transaction._runner.run, "SELECT 1 / 0")  # type: ignore[attr-defined]  # any failure
    with crm.work("root") as work:
        assert work.users.count() == 0
