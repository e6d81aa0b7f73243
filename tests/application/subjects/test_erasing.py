"""Nothing personal of an erased person is anywhere any more, and what is nobody's, or somebody else's, stays."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Link, Person
from crmcore.adapters.memory.source import MemorySource
from crmcore.adapters.sql.engine import own_engine
from crmcore.application.subjects.belongings import belongings, passages
from crmcore.application.subjects.subjects import Subjects
from crmcore.application.subjects.tally import Erased
from crmcore.crm import Crm
from crmcore.domain import field
from crmcore.domain.change import Change
from crmcore.domain.errors import Denied, ErasedPerson, InvalidRecord, InvalidValue, NotFound
from crmcore.domain.facet import Facet, facet
from crmcore.domain.record import Record, record
from crmcore.plugins import Plugin, hookimpl
from crmcore.ports.policy import AllowAll
from crmcore.testing.crm import make_crm
from crmcore_loyalty import LoyaltyMember
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.dumps import dump, file_bytes
from tests.application.subjects.persons import NOON, Told, fill, opened


def url_of(storage: str, request: pytest.FixtureRequest) -> str | None:
    """Where the database of `opened` is; None for memory."""
    return None if storage == "memory" else str(request.getfixturevalue(f"{storage}_url"))


def erase(crm: Crm, customer: UUID, *, dry: bool = False) -> Erased:
    """Erase somebody."""
    with crm.work("dpo") as work:
        return Subjects(work).erase(customer, "asked for it", dry=dry)


def personal(crm: Crm, told: Told) -> set[str]:
    """The tokens that stand in no field that is not personal."""
    with crm.work("root") as work:
        persons = (told.customer, told.merged)
        rows = [(t, r) for t, records in belongings(work, persons, whole=True) for r in records]
        rows += [(p.type, p.record) for p in passages(work, persons, whole=True)]
        public = " ".join(text for type, each in rows for text in _public(work.catalogue.facets, type, each))
        logged = [e for type, each in rows if type.name == "link" for e in work.records("link").history(each.id)]
        public += " ".join(entry.changes for entry in logged)
    return {token for token in told.tokens if token not in public}


def _public(facets: Any, type: Any, each: Record) -> Iterator[str]:
    is_person = type.name == "customer"
    kept = [f for f in type.fields if not f.personal and not (is_person and f.name in ("source", "external_id"))]
    yield from (str(getattr(each, f.name)) for f in kept)
    for part in type.parts:
        names = [f.name for f in part.fields if not f.personal]
        if not is_person or len(names) == len(part.fields):
            yield from (str(getattr(p, name)) for p in getattr(each, part.attribute) for name in names)
    for described in facets.get(type.name, ()):
        if (held := each.facets.get(described.cls)) is not None:
            yield from (str(getattr(held, f.name)) for f in described.fields if not f.personal)


@EVERYWHERE
def test_nothing_personal_is_left(storage: str, request: pytest.FixtureRequest) -> None:
    """GDP-01, INV-19: of every token in a personal field, of the core, of plugins and of fields that were added at run
    time, in the rows, their history and the match keys, none is left; those of others all are."""
    url = url_of(storage, request)
    with opened(storage, request) as crm:
        ann, bob = fill(crm, "ann"), fill(crm, "bob")
        crm.pump()
        secret = personal(crm, ann)
        before = dump(crm, url)
        assert all(token in before for token in (*ann.tokens, *bob.tokens))
        crm.plugins.disable("visits", actor="root")
        crm.plugins.disable("loyalty", actor="root")
        done = erase(crm, ann.merged)
        after = dump(crm, url)
        left = {token for token in ann.tokens if token in after}
        assert left & secret == set()
        assert left == set(ann.tokens) - secret
        assert len(secret) > 50
        assert [token for token in bob.tokens if token not in after] == []
        assert done.persons == (ann.customer, ann.merged)
        assert done.state == "done"
        assert done.wiped["customer"] == done.wiped["customer.loyalty"] == 2
        assert any(kept.record == "relationship" for kept in done.kept)
        if storage == "sqlite":
            assert url is not None
            found = file_bytes(url)
            assert [token for token in secret if token.encode() in found] == []
            assert bob.tokens[0].encode() in found


@EVERYWHERE
def test_what_went_is_proven(storage: str, request: pytest.FixtureRequest) -> None:
    """Each entry that lost values keeps its digest and loses its salt; the erasure names it with its new text's
    SHA-256, and the past can still be read without the person."""
    with opened(storage, request) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["leila@example.com"], language="fa")).id
            work.customers.change(id, note="calls at night", language="en")
        with crm.work("sara") as work:
            told = {entry.seq: entry for entry in work.customers.history(id)}
        erase(crm, id)
        with crm.work("sara") as work:
            entries = work.customers.history(id)
            proofs = {int(seq): each for e in entries for seq, each in e.values().get("rows", [None, {}])[1].items()}
            for entry in (e for e in entries if e.seq in told):
                assert entry.digest == told[entry.seq].digest
                assert "~" not in entry.changes
                assert proofs.pop(entry.seq) == hashlib.sha256(entry.changes.encode()).hexdigest()
            assert proofs == {}
            now = work.customers.get(id)
            past = work.customers.get(id, as_of=NOON)
            assert (now.name, now.language, now.version, now.erased_at) == (None, "en", 3, NOON)
            assert (past.name, past.language, past.version, past.erased_at) == (None, "en", 3, NOON)


@EVERYWHERE
def test_many_entries_are_proven_page_by_page(storage: str, request: pytest.FixtureRequest) -> None:
    """A proof names at most 1,000 entries."""
    with opened(storage, request) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
            work.interactions.add_many(Interaction(NOON, "call", customer=id, body=f"call {n}") for n in range(1_203))
        done = erase(crm, id)
        assert done.wiped == {"customer": 1, "interaction": 1_203}
        assert done.log == 1_204
        with crm.work("sara") as work:
            pages = [rows[1] for e in work.customers.history(id) if (rows := e.values().get("rows"))]
            assert [len(page) for page in pages] == [1_000, 204]
            assert work.interactions.count("body is missing") == 1_203


def test_a_trial_changes_nothing(sqlite_url: str) -> None:
    """What would go is told, and still there."""
    with make_crm(sqlite_url) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["leila@example.com"])).id
        before = dump(crm, sqlite_url)
        tried = erase(crm, id, dry=True)
        assert (tried.wiped, tried.state) == ({"customer": 1}, "done")
        assert dump(crm, sqlite_url) == before
        assert erase(crm, id).wiped == tried.wiped


def test_erasing_again_finds_nothing() -> None:
    """It is the same erasure, and nothing is written twice."""
    with make_crm() as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
        first = erase(crm, id)
        again = erase(crm, id)
        assert (again.erasure, again.wiped, again.log) == (first.erasure, {}, 0)
        with pytest.raises(ErasedPerson, match="was erased"), crm.work("sara") as work:
            work.interactions.add(Interaction(NOON, "call", customer=id, body="again"))


def test_a_host_erases_in_its_own_transaction(sqlite_url: str) -> None:
    """It comes about with the host's commit, or not at all; the write-ahead log is the host's."""
    engine = own_engine(sqlite_url)
    with make_crm(sqlite_url) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", note="TOKnote")).id
        for commits in (False, True):
            with engine.connect() as connection:
                with crm.work("dpo", connection=connection) as work:
                    Subjects(work).erase(id, "asked for it")
                (connection.commit if commits else connection.rollback)()
            assert ("TOKnote" in dump(crm, sqlite_url)) is not commits
    engine.dispose()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_an_erasure_needs_a_reason(reason: str) -> None:
    """It is kept with the erasure for ever."""
    with make_crm() as crm, crm.work("sara") as work:
        id = work.customers.add(Person("Leila")).id
        with pytest.raises(InvalidValue, match="a reason of 1 to 500"):
            Subjects(work).erase(id, reason)


def test_nobody_is_erased_who_is_not_there() -> None:
    """The error is that of every reading."""
    with make_crm() as crm, crm.work("sara") as work, pytest.raises(NotFound):
        Subjects(work).erase(UUID(int=7), "asked for it")


class NoErasing(AllowAll):
    """Lets nobody erase interactions."""

    def write(self, actor: object, changes: Sequence[Change]) -> None:
        if any(each.operation == "erase" and each.type.name == "interaction" for each in changes):
            raise Denied("interactions are not erased here")


def test_the_policy_is_asked() -> None:
    """Once it says no, nothing is erased at all."""
    with make_crm(policy=NoErasing()) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
            work.interactions.add(Interaction(NOON, "call", customer=id, body="secret"))
        with pytest.raises(Denied, match="not erased here"):
            erase(crm, id)
        with crm.work("sara") as work:
            assert work.customers.get(id).name == "Leila"


def test_an_erased_person_is_not_written_again() -> None:
    """Neither their fields nor what others would put back."""
    with make_crm(plugins=["loyalty"]) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
        erase(crm, id)
        with crm.work("sara") as work, pytest.raises(InvalidRecord, match="erased on 2025-01-15"):
            work.customers.change(id, name="Leila")
        with crm.work("sara") as work, pytest.raises(InvalidRecord, match="erased on 2025-01-15"):
            work.customers.put_facet(id, LoyaltyMember(card_number="C-1"))
        with crm.work("sara") as work, pytest.raises(InvalidRecord, match="erased on 2025-01-15"):
            work.customers.change(id, {"loyalty.card_number": "C-1"})


def test_an_erased_person_is_found_by_nothing() -> None:
    """No name, address or number leads to the empty row."""
    with make_crm() as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila", emails=["leila@example.com"], phones=["+49 30 1234567"])).id
        erase(crm, id)
        with crm.work("sara") as work:
            assert work.search("Leila") == []
            assert work.customers.find(email="leila@example.com") is None
            assert work.customers.find(phone="+49301234567") is None


@record("diagnosis", subject="patient")
class Diagnosis(Record):
    """Of a required kind that cannot be emptied: it goes as a whole, unless something refers to it."""

    patient: UUID = field.reference("customer")
    found_on: dt.date = field.date(personal=True)
    fee: int = field.integer(default=0)


@record("referral")
class Referral(Record):
    """Refers to a diagnosis."""

    diagnosis: UUID = field.reference("clinic.diagnosis")


def _long_enough(value: str) -> str | None:
    return None if len(value) >= 20 else "is too short"


@record("letter", subject="patient")
class Letter(Record):
    """A validator refuses what would be left of it."""

    patient: UUID = field.reference("customer")
    text: str = field.text(personal=True, validators=(_long_enough,))
    code: str = field.text(personal=True, unique=True, length=60)


@record("chart", subject="patient")
class Chart(Record):
    """Some of it is kept although it is personal."""

    patient: UUID = field.reference("customer")
    born: dt.date = field.date(personal=True)
    legal: str | None = field.text(default=None, personal=True, on_erase="keep", keep_reason="ten years, section 630f")


@facet("customer")
class Patient(Facet):
    """A required day is personal: the facet goes as a whole."""

    born: dt.date = field.date(personal=True)


@hookimpl
def declare_records() -> Sequence[type[Record]]:
    return (Diagnosis, Referral, Letter, Chart)


@hookimpl
def declare_facets() -> Sequence[type[Facet]]:
    return (Patient,)


class Clinic:
    """A plugin with what is hard to erase."""

    plugin = Plugin("clinic", description="Patients")
    declare_records = staticmethod(declare_records)
    declare_facets = staticmethod(declare_facets)


@EVERYWHERE
def test_what_cannot_be_emptied_goes(storage: str, request: pytest.FixtureRequest) -> None:
    """A record that nothing refers to goes as a whole, another one gets values that mean nothing."""
    url = url_of(storage, request)
    with make_crm(url or "memory", plugins=[Clinic]) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila").with_facets(Patient(dt.date(1980, 5, 1)))).id
            kept, gone = (work[Diagnosis].add(Diagnosis(id, dt.date(2024, 2, n), fee=n)).id for n in (1, 2))
            work[Referral].add(Referral(kept))
            letter = work[Letter].add(Letter(id, "a" * 30, "L-1")).id
            chart = work[Chart].add(Chart(id, dt.date(1980, 5, 1), "findings")).id
            other = work[Letter].add(Letter(id, "b" * 30, "L-2")).id
        done = erase(crm, id)
        assert done.removed == {"clinic.diagnosis": 1, "clinic.letter": 2, "customer.clinic": 1}
        assert [(k.record, k.field, k.count) for k in done.kept if k.field] == [("clinic.chart", "legal", 1)]
        with crm.work("sara") as work:
            assert work[Diagnosis].get(kept).found_on == dt.date(1900, 1, 1)
            assert work[Diagnosis].get(kept).fee == 1
            for type, missing in ((Diagnosis, gone), (Letter, letter), (Letter, other)):
                with pytest.raises(NotFound):
                    work.records(work.catalogue.of(type).name).get(missing)
            assert work.customers.get(id, with_=[Patient]).facet_or_none(Patient) is None
            assert work[Chart].get(chart).born == dt.date(1900, 1, 1)
            assert work[Chart].get(chart).legal == "findings"
        after = dump(crm, url)
        assert "1980-05-01" not in after
        assert "2024-02-0" not in after


@record("rumour")
class Rumour(Record):
    """Its author forgot to say about whom it is."""

    about: UUID = field.reference("customer")
    text: str = field.text(personal=True)


@hookimpl
def declare_rumours() -> Sequence[type[Record]]:
    return (Rumour,)


class Gossip:
    """A plugin whose author forgot something."""

    plugin = Plugin("gossip", description="Rumours")
    declare_records = staticmethod(declare_rumours)


@EVERYWHERE
def test_removed_records_that_name_nobody_are_found(storage: str, request: pytest.FixtureRequest) -> None:
    """The log says of them no more than what they referred to; of others nothing is lost."""
    url = url_of(storage, request)
    with make_crm(url or "memory", plugins=[Gossip]) as crm:
        with crm.work("sara") as work:
            id, other = (work.customers.add(Person(name)).id for name in ("Leila", "Ali"))
            said = [work[Rumour].add(Rumour(each, f"TOK{n}")).id for n, each in enumerate((id, id, other))]
            work[Rumour].remove(said[0])
            work[Rumour].remove(said[2])
        crm.pump()
        with crm.work("sara") as work:
            work[Rumour].remove(said[1])
        erase(crm, id)
        held = dump(crm, url)
        assert [token in held for token in ("TOK0", "TOK1", "TOK2")] == [False, False, True]


def test_what_refuses_to_go_is_named() -> None:
    """Where a validator refuses what would be left, and something refers to the record, the erasure fails as a whole
    and says by which field."""
    with make_crm(MemorySource(), plugins=[Clinic]) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
            letter = work[Letter].add(Letter(id, "a" * 30, "L-1")).id
            work.links.add(Link("clinic.letter", letter, "customer", id, "about"))
        with pytest.raises(InvalidRecord, match="text: cannot be erased"):
            erase(crm, id)
        with crm.work("sara") as work:
            assert work.customers.get(id).name == "Leila"


def test_unique_texts_stay_unique() -> None:
    """Two cards of erased members are two values."""
    with make_crm(plugins=["loyalty"]) as crm:
        with crm.work("sara") as work:
            ids = [work.customers.add(Person(n).with_facets(LoyaltyMember(card_number=n))).id for n in ("A", "B")]
        for id in ids:
            erase(crm, id)
        with crm.work("sara") as work:
            left = [work.customers.get(id, with_=[LoyaltyMember]).facet(LoyaltyMember) for id in ids]
            assert [(each.card_number, each.tier, each.version) for each in left] == [(None, "bronze", 2)] * 2


def test_customers_are_exported_empty() -> None:
    """Lists and counts go on with the row: figures do not change."""
    with make_crm() as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila")).id
        erase(crm, id)
        with crm.work("sara") as work:
            page = work.customers.query()
            assert [(c.id, c.name) for c in page.items] == [(id, None)]
