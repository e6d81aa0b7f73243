"""What a plugin holds back stays, and nothing more; once it lets go, the erasure is finished by itself (GDP-04)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from crmcore import Interaction, Person
from crmcore.application.subjects.erasing import finish_held
from crmcore.application.subjects.subjects import Subjects
from crmcore.crm import Crm
from crmcore.domain.errors import PluginFailed
from crmcore.domain.sales.invoice import Invoice
from crmcore.plugins import Erasing, Hold, Plugin, hookimpl, on
from crmcore.testing.crm import make_crm
from crmcore_loyalty import LoyaltyMember
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.dumps import dump
from tests.application.subjects.persons import NOON
from tests.application.subjects.test_erasing import erase, url_of

HELD: list[Hold] = []
"""What the guard holds."""


@hookimpl
@on("customer")
def check_erasures(context: Erasing) -> list[Hold]:
    return [*HELD]


class Keeper:
    """A plugin that holds what it is told."""

    plugin = Plugin("keeper", description="Holds")
    check_erasures = staticmethod(check_erasures)


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    """Each test begins with nothing held."""
    HELD.clear()
    yield
    HELD.clear()


def filled(crm: Crm) -> UUID:
    """A person with interactions, an invoice and a card."""
    with crm.work("sara") as work:
        card = LoyaltyMember(card_number="TOKcard")
        id = work.customers.add(Person("TOKname", emails=["tok@example.com"]).with_facets(card)).id
        work.interactions.add(Interaction(NOON, "call", customer=id, body="TOKcall"))
        work.invoices.add(Invoice(customer=id, number="1", note="TOKinvoice"))
        work.invoices.add(Invoice(customer=id, number="2", note="TOKother"))
    return id


def finish(crm: Crm) -> int:
    """What the pump does."""
    with crm.work("system:pump") as work:
        return finish_held(work)


def invoices(crm: Crm) -> list[UUID]:
    """Their ids, by number."""
    with crm.work("sara") as work:
        return [each.id for each in work.invoices.query(sort="number").items]


TOKENS = ("TOKname", "tok@example.com", "TOKcard", "TOKcall", "TOKinvoice", "TOKother")


@EVERYWHERE
@pytest.mark.parametrize(
    ("record", "stays"),
    [
        ("", set(TOKENS)),
        ("invoice", {"TOKinvoice", "TOKother"}),
        ("one invoice", {"TOKinvoice"}),
        ("customer", {"TOKname", "tok@example.com"}),
    ],
)
def test_what_is_held_stays_until_it_is_let_go(
    storage: str, record: str, stays: set[str], request: pytest.FixtureRequest
) -> None:
    """GDP-04: everything, a record type, one record, or the person's own row without what other plugins keep there."""
    url = url_of(storage, request)
    with make_crm(url or "memory", plugins=["loyalty", Keeper]) as crm:
        id = filled(crm)
        one = invoices(crm)[0] if record == "one invoice" else None
        HELD.append(Hold("the tax office wants it", record.removeprefix("one "), one))
        done = erase(crm, id)
        assert done.state == ("held" if record == "" else "partial")
        assert done.holds[0]["plugin"] == "keeper"
        assert done.holds[0]["reason"] == "the tax office wants it"
        held = dump(crm, url)
        assert {token for token in TOKENS if token in held} == stays
        assert finish(crm) == 0
        HELD.clear()
        assert finish(crm) == 1
        held = dump(crm, url)
        assert {token for token in TOKENS if token in held} == set()
        assert finish(crm) == 0
        with crm.work("sara") as work:
            rows = Subjects(work).erasures().rows
            assert [(row.state, row.holds, len(row.keys)) for row in rows] == [("done", None, 1)]
            assert work.customers.get(id).erased_at == NOON.replace(hour=10)


def test_holds_are_let_go_one_by_one() -> None:
    """What the first lets go is erased while the second still holds."""
    with make_crm(plugins=["loyalty", Keeper]) as crm:
        id = filled(crm)
        HELD.extend([Hold("tax", "invoice"), Hold("a quarrel", "interaction")])
        assert erase(crm, id).state == "partial"
        HELD.pop()
        assert finish(crm) == 0
        with crm.work("sara") as work:
            assert [each.body for each in work.interactions.query().items] == [None]
            assert [each.note for each in work.invoices.query(sort="number").items] == ["TOKinvoice", "TOKother"]
            assert Subjects(work).erasures().rows[0].state == "partial"
        HELD.clear()
        assert finish(crm) == 1


def test_a_guard_that_fails_might_have_held_something() -> None:
    """Nothing is erased then, nor entered anywhere."""
    with make_crm(plugins=["loyalty", Keeper]) as crm:
        id = filled(crm)
        HELD.append(Hold("x", "invoices"))
        with pytest.raises(PluginFailed, match="keeper"):
            erase(crm, id)
        with crm.work("sara") as work:
            assert work.customers.get(id).name == "TOKname"
            assert Subjects(work).erasures().rows == ()


def test_a_held_person_can_come_again() -> None:
    """While everything is held, nothing tells that they were to be erased: no digest is kept yet."""
    with make_crm(plugins=["loyalty", Keeper]) as crm:
        id = filled(crm)
        HELD.append(Hold("a suit"))
        erase(crm, id)
        with crm.work("sara") as work:
            work.customers.change(id, note="of the suit")
            work.customers.add(Person("Another", emails=["tok@example.com"]))


def test_without_erasures_nothing_is_asked() -> None:
    """The pump finishes nothing where nobody was erased."""
    with make_crm(plugins=["loyalty", Keeper]) as crm:
        filled(crm)
        assert finish(crm) == 0
