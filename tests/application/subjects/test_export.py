"""Everything about a person is handed out, and nothing about anybody else (GDP-02)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from crmcore import Interaction, Link, Person
from crmcore.adapters.reports.subject import subject_page
from crmcore.application.subjects.belongings import belongings, family, passages
from crmcore.application.subjects.handing_out import handed_out
from crmcore.application.subjects.subjects import Subjects
from crmcore.crm import Crm
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.errors import NotFound
from crmcore.domain.field import Field
from crmcore.domain.privacy.belonging import belonging
from crmcore.domain.record import Record, RecordType
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.persons import NOON, Told, fill, opened


def exported(crm: Crm, customer: UUID, actor: str = "root") -> dict[str, Any]:
    """The document, read back from its JSON."""
    with handed_out(partial(crm.work, actor), lambda: crm.storage, customer) as export:
        read: dict[str, Any] = json.loads(json.dumps(export.document()))
        return read


def page(crm: Crm, customer: UUID) -> str:
    """The page of a customer."""
    with handed_out(partial(crm.work, "root"), lambda: crm.storage, customer) as export:
        return "".join(subject_page(export))


def assert_whole(document: dict[str, Any], about: Told, other: Told) -> None:
    """Every token of the one, none of the other, nor what is said of a bystander."""
    text = json.dumps(document, ensure_ascii=False)
    assert [token for token in about.tokens if token not in text] == []
    assert [token for token in other.tokens if token in text] == []
    assert "ystander" not in text


@pytest.fixture
def crm(request: pytest.FixtureRequest) -> Iterator[Crm]:
    """A Crm in memory."""
    with opened("memory", request) as made:
        yield made


@EVERYWHERE
def test_everything_about_a_person_is_handed_out(storage: str, request: pytest.FixtureRequest) -> None:
    """GDP-02: every canary of the person, none of another, whichever plugins are active, disabled or retired."""
    with opened(storage, request) as crm:
        ann, bob = fill(crm, "ann"), fill(crm, "bob")
        document = exported(crm, ann.customer)
        assert_whole(document, ann, bob)
        assert document["withheld"] == []
        assert document["persons"] == [str(ann.customer), str(ann.merged)]
        crm.plugins.disable("loyalty", actor="root")
        crm.plugins.disable("specimen", actor="root")
        crm.plugins.disable("visits", actor="root")
        assert_whole(exported(crm, ann.customer), ann, bob)
        crm.plugins.retire("visits", actor="root")
        crm.plugins.retire("loyalty", actor="root")
        document = exported(crm, bob.merged)
        assert_whole(document, bob, ann)
        assert_whole({"page": page(crm, bob.customer)}, bob, ann)
        assert set(document["retired"]) == {"visits", "loyalty"}
        assert document["subject"] == str(bob.customer)


def test_every_personal_field_holds_a_token(crm: Crm) -> None:
    """A personal field that is declared tomorrow and that these tests do not fill would make them prove less."""
    ann = fill(crm, "ann")
    with crm.work("root") as work:
        wanted = set(_personal(work.catalogue))
        persons = [ann.customer, ann.merged]
        found = belongings(work, persons, whole=True)
        seen = {name for type, records in found for each in records for name in _filled(work.catalogue, type, each)}
    assert wanted - seen == set()


def _personal(catalogue: Catalogue) -> Iterator[str]:
    """Every personal field of what belongs to persons as a whole."""
    for type in (way.type for way in belonging(catalogue) if way.routes or not way.distance):
        holders = [("", type.fields), *((f".{p.name}", p.fields) for p in type.parts)]
        holders += [(f".{x.name}", x.fields) for x in catalogue.facets.get(type.name, ())]
        yield from (f"{type.name}{place}.{f.name}" for place, fields in holders for f in fields if f.personal)


def _filled(catalogue: Catalogue, type: RecordType, record: Record) -> Iterator[str]:
    """The fields of a record that have a value."""
    held: list[tuple[str, Sequence[Field], Any]] = [("", type.fields, record)]
    held += [(f".{p.name}", p.fields, each) for p in type.parts for each in getattr(record, p.attribute)]
    held += [(f".{x.name}", x.fields, record.facets[x.cls]) for x in catalogue.facets.get(type.name, ())]
    for place, fields, value in held:
        yield from (f"{type.name}{place}.{f.name}" for f in fields if getattr(value, f.name, None))


@EVERYWHERE
def test_belongings_come_once_and_in_order(
    storage: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Customers first, each type after those that it refers to, no record twice, however small the chunks are."""
    with opened(storage, request) as crm:
        ann = fill(crm, "ann")
        with crm.work("root") as work:
            assert family(work, ann.merged) == family(work, ann.customer) == (ann.customer, ann.merged)
            found = [(t.name, r.id) for t, rs in belongings(work, [ann.customer, ann.merged], whole=True) for r in rs]
            mentioned = passages_of(work, ann)
            monkeypatch.setattr("crmcore.application.subjects.belongings.CHUNK", 1)
            chunks = list(belongings(work, [ann.customer, ann.merged], whole=True))
            assert max(len(records) for _, records in chunks) == 1
            assert {(type.name, each.id) for type, records in chunks for each in records} == set(found)
            assert len(chunks) == len(found) and passages_of(work, ann) == mentioned
        names = [name for name, _ in found]
        assert len(set(found)) == len(found)
        assert names[:2] == ["customer", "customer"]
        assert names.index("lead_change") > names.index("lead")
        assert ("opportunity", ann.ids["deal"]) in found
        assert set(mentioned).isdisjoint(found)
        assert {name for name, _ in mentioned} == {"opportunity", "specimen.sample", "archive.dossier"}


def passages_of(work: Any, about: Told) -> list[tuple[str, UUID]]:
    """Where others' records say something of a person."""
    found = passages(work, [about.customer, about.merged], whole=True)
    return [(each.type.name, each.record.id) for each in found]


def test_who_takes_out_whose_data_is_logged(crm: Crm) -> None:
    """An entry with operation "read", also in what is handed out the next time."""
    ann = fill(crm, "ann")
    exported(crm, ann.customer, "sara")
    with crm.work("root") as work:
        last = work.customers.history(ann.customer)[-1]
        assert (last.operation, last.actor, last.subject) == ("read", "sara", ann.customer)
        assert dict(last.values()) == {"subject export": [None, True]}
        assert work.customers.get(ann.customer).version == last.version
    reads = [each for each in exported(crm, ann.customer)["history"] if each["operation"] == "read"]
    assert [each["actor"] for each in reads] == ["sara", "root"]


def test_a_removed_record_is_in_the_history(crm: Crm) -> None:
    """With its values, and what was removed together with it; a lead's changes name no person themselves."""
    ann, bob = fill(crm, "ann"), fill(crm, "bob")
    with crm.work("root") as work:
        work.leads.remove(ann.ids["lead"])
    document = exported(crm, ann.customer)
    assert_whole(document, ann, bob)
    gone = [each["record"] for each in document["history"] if each["operation"] == "remove"]
    assert gone.count("lead_change") == 2


def test_what_became_somebody_elses_is_theirs(crm: Crm) -> None:
    """A call that was noted with the wrong person: nothing of it is told to that person, all of it to the right one;
    also when it was removed since."""
    ann, bob = fill(crm, "ann"), fill(crm, "bob")
    with crm.work("root") as work:
        call = work.interactions.add(Interaction(NOON, "call", customer=bob.customer, body="of ann alone"))
        work.interactions.change(call.id, customer=ann.customer)
        free = work.interactions.add(Interaction(NOON, "call", body="of nobody yet"))
        work.interactions.change(free.id, body="of nobody still")
        work.interactions.change(free.id, customer=ann.customer, body="of ann now")
    for gone in ((), (call.id, free.id)):
        with crm.work("root") as work:
            for id in gone:
                work.interactions.remove(id)
        assert "of ann alone" not in json.dumps(exported(crm, bob.customer))
        text = json.dumps(exported(crm, ann.customer))
        assert "of ann alone" in text and "of nobody yet" in text


def test_nothing_but_the_id_of_others(crm: Crm) -> None:
    """A link and a relationship have two ends; a party to one's own sale is somebody else."""
    ann = fill(crm, "ann")
    document = exported(crm, ann.customer)
    [deal] = [each for each in document["records"]["opportunity"] if each["id"] == str(ann.ids["deal"])]
    assert set(deal["parties"][0]) == {"no", "customer"}
    assert {each["kind"] for each in document["records"]["relationship"]} == {"employs"}
    mentioned = document["mentions"]["opportunity"]
    assert [set(each) for each in mentioned] == [{"id", "parties"}] * 2
    assert all(set(each) == {"id", "pages"} for each in document["mentions"]["archive.dossier"])


def test_a_customer_who_is_not_there(crm: Crm) -> None:
    """Nothing is logged about nobody."""
    with pytest.raises(NotFound), crm.work("root") as work:
        Subjects(work).export(UUID(int=7))


def test_an_export_in_a_unit_of_work_names_what_it_could_not_look_at(crm: Crm) -> None:
    """Tables that are put aside, and fields that were removed and not purged."""
    ann = fill(crm, "ann")
    crm.fields.remove("customer", "nickname")
    with crm.work("root") as work:
        export = Subjects(work).export(ann.customer)
        document = export.document()
    assert document["withheld"] == ["customer.custom.nickname", "retired plugins"]
    assert export.counts["customer"] == 2


def test_a_link_between_strangers_is_not_handed_out(crm: Crm) -> None:
    """A reference to any record belongs to a person only where it is the person's id."""
    ann = fill(crm, "ann")
    with crm.work("root") as work:
        one, two = work.customers.add(Person("One")).id, work.customers.add(Person("Two")).id
        work.links.add(Link("customer", one, "customer", two, "strangers"))
    assert "strangers" not in json.dumps(exported(crm, ann.customer))


@EVERYWHERE
def test_who_was_merged_is_handed_out_with_the_survivor(storage: str, request: pytest.FixtureRequest) -> None:
    """Everything of both while they are one; of each their own when it was a mistake, with nothing that the one had
    from the other."""
    with opened(storage, request) as crm:
        ann, bob, eve = fill(crm, "ann"), fill(crm, "bob"), fill(crm, "eve")
        with crm.work("root") as work:
            work.customers.change(ann.customer, name=None, note=None)
            merged = work.merges.merge(ann.customer, [bob.customer]).merge
            assert work.customers.get(ann.customer).name in bob.tokens
        both = Told("both", tokens=[*ann.tokens, *bob.tokens])
        document = exported(crm, bob.merged)
        assert_whole(document, both, eve)
        assert set(document["persons"]) == {str(id) for each in (ann, bob) for id in (each.customer, each.merged)}
        assert [each["id"] for each in document["merges"]] == [str(merged.id)]
        with crm.work("root") as work:
            work.customers.change(ann.customer, job_title=ann.token())
        with crm.work("root") as work:
            work.merges.undo(merged.id)
        document = exported(crm, ann.customer)
        assert_whole(document, ann, bob)
        assert [each["status"] for each in document["merges"]] == ["undone"]
        assert_whole(exported(crm, bob.customer), bob, ann)
