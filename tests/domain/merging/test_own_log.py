"""What a record states by itself, read out of its log."""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import pytest

from crmcore.domain import catalogue
from crmcore.domain.change import LogEntry
from crmcore.domain.customer import Address, ContactPoint, Customer
from crmcore.domain.merging.family import Family, PartKey
from crmcore.domain.merging.identity import PartRule, part_rules
from crmcore.domain.merging.own_log import Reader, fact_date
from crmcore.domain.merging.own_values import Fact, OwnValues
from crmcore.domain.record import Record, RecordType
from crmcore.domain.records import CORE

TYPE: RecordType = catalogue.build([(None, cls) for cls in CORE]).of(Customer)
RULES: dict[str, PartRule] = {rule.part.attribute: rule for rule in part_rules(TYPE)}
READER = Reader({f.name: f for f in TYPE.own if not f.system}, (), tuple(RULES.values()))
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))
MAIL = {"no": 1, "kind": "email", "value": "a@x", "preferred": True}
CALL = {"no": 2, "kind": "phone", "value": "+491", "preferred": True}


def on(day: int) -> dt.datetime:
    """A day of January 2024."""
    return dt.datetime(2024, 1, day, tzinfo=dt.UTC)


def entry(day: int, operation: str, seq: int = 0, source: str | None = None, **changes: Any) -> LogEntry:
    """An entry of a log: what was set on a day; `seq` is the day, unless given."""
    work, text = UUID(int=day), json.dumps({"~": "salt", **changes})
    return LogEntry(on(day), "sara", source, work, "customer", ONE, ONE, 1, operation, text, "", seq or day)


def read(record: Record, *log: LogEntry, kept: Mapping[dt.datetime, Collection[str]] | None = None) -> OwnValues:
    """What the record states."""
    return READER.read(record, log, kept or {})


def customer(id: UUID = ONE, **values: Any) -> Any:
    """A row."""
    return Customer(id=id, changed_at=on(31), **values)


def test_a_value_stands_since_it_was_set() -> None:
    """The row says what, the log since when and by whom; without a system there it is that of the record."""
    log = [entry(1, "add", name=[None, "A"], note=[None, "n"]), entry(2, "change", source="web", name=["A", "B"])]
    facts = read(customer(name="B", note="n", source="erp"), *log).facts
    assert facts["name"] == Fact("B", on(2), "web", 2)
    assert facts["note"] == Fact("n", on(1), "erp", 1)


def test_what_was_never_logged_is_as_old_as_the_row() -> None:
    """Or whose values were taken out of the log: nobody knows more."""
    assert read(customer(name="A", source="erp")).facts["name"] == Fact("A", on(31), "erp", 0)
    assert "employer" not in read(customer(name="A")).facts


def test_what_a_merge_wrote_is_not_the_record_s_own() -> None:
    """It is read in the rows of those who said it; what was there before counts again."""
    log = [entry(1, "add", name=[None, "A"]), entry(2, "merge", name=["A", "B"], note=[None, "theirs"])]
    facts = read(customer(name="B", note="theirs"), *log).facts
    assert facts["name"] == Fact("A", on(1), None, 1)
    assert "note" not in facts
    undone = [*log, entry(3, "unmerge", name=["B", "A"], note=["theirs", None])]
    assert read(customer(name="A"), *undone).facts["name"] == Fact("A", on(1), None, 1)
    later = [*log, entry(3, "change", name=["B", "C"])]
    assert read(customer(name="C"), *later).facts["name"] == Fact("C", on(3), None, 3)
    before_the_log = read(customer(name="B"), entry(2, "merge", name=["A", "B"])).facts["name"]
    assert (before_the_log.value, before_the_log.at) == ("A", None)


def test_what_was_chosen_by_hand_counts_as_set_in_the_merge() -> None:
    """Also where the value is the survivor's own, so that the merge did not change it."""
    log = [entry(1, "add", name=[None, "A"], contact_points=[None, [MAIL]]), entry(2, "merge", note=[None, "x"])]
    own = read(customer(name="A", note="x"), *log, kept={on(2): ["name", "email"]})
    assert own.facts["name"] == Fact("A", on(2), None, 2, UUID(int=2))
    [told] = own.nominated.values()
    assert (told.at, told.work) == (on(2), UUID(int=2))


def test_who_was_removed_and_added_again_begins_anew() -> None:
    """What was said before is of somebody who is gone."""
    log = [entry(1, "add", name=[None, "A"], note=[None, "n"]), entry(2, "remove", name=["A", None])]
    assert "note" not in read(customer(name="B"), *log, entry(3, "add", name=[None, "B"])).facts


def test_a_part_stands_since_it_was_changed_last() -> None:
    """Being made the preferred one, or not, says nothing new about it."""
    other = {**MAIL, "preferred": False}
    log = [
        entry(1, "add", contact_points=[None, [MAIL]]),
        entry(2, "change", contact_points=[[MAIL], [other, CALL]]),
        entry(3, "change", contact_points=[[other, CALL], [other, {**CALL, "usage": "work"}]]),
    ]
    points = (ContactPoint("email", "a@x", no=1), ContactPoint("phone", "+491", usage="work", preferred=True, no=2))
    mail, call = read(customer(contact_points=points), *log).parts["contact_points"]
    assert (mail.at, mail.seq, call.at) == (on(1), 2, on(3))


def test_parts_that_a_merge_brought_are_not_the_record_s_own() -> None:
    """Until somebody changes one of them there; what somebody takes away is remembered, too."""
    log = [entry(1, "add", contact_points=[None, [MAIL]]), entry(2, "merge", contact_points=[[MAIL], [MAIL, CALL]])]
    held = (ContactPoint("email", "a@x", preferred=True, no=1), ContactPoint("phone", "+491", preferred=True, no=2))
    own = read(customer(contact_points=held), *log)
    assert [p.values["value"] for p in own.parts["contact_points"]] == ["a@x"]
    changed = entry(3, "change", contact_points=[[MAIL, CALL], [{**CALL, "usage": "work"}]])
    own = read(customer(contact_points=held[1:]), *log, changed)
    assert [(p.values["value"], p.values["usage"]) for p in own.parts["contact_points"]] == [("+491", "work")]
    assert own.dropped == {("contact_points", RULES["contact_points"].identity(MAIL)): 3}


def test_the_day_from_which_a_part_is_valid_comes_first() -> None:
    """Then when it was verified, then when it was written down."""
    assert fact_date({"valid_from": on(1).date(), "verified_at": on(2)}, on(3)) == on(1)
    assert fact_date({"valid_from": None, "verified_at": on(2)}, on(3)) == on(2)
    assert fact_date({}, on(3)) == on(3)
    assert fact_date({}, None) is None


def test_what_is_said_of_a_survivor_is_said_of_all_its_parts() -> None:
    """THREE joined TWO, which joined ONE; what was set on ONE later stands for all three, what was set earlier does
    not."""
    into_two, into_one = ([None, str(id)] for id in (TWO, ONE))
    log = [entry(1, "add", name=[None, "c"], note=[None, "n"]), entry(4, "merge", merged_into=into_two)]
    three = read(customer(THREE, name="c", note="n", merged_into=ONE), *log)
    log = [entry(2, "add", name=[None, "b"]), entry(6, "merge", merged_into=into_one)]
    two = read(customer(TWO, name="b", merged_into=ONE), *log)
    one = read(customer(name="a", note="m"), entry(5, "add", note=[None, "m"]), entry(7, "change", name=[None, "a"]))
    family = Family(READER, [one, two, three])
    assert [(c.value, c.votes) for c in family.claims("name")] == [("a", 3)]
    assert sorted((c.value, c.votes) for c in family.claims("note")) == [("m", 1), ("n", 1)]


def test_who_left_a_family_is_not_spoken_for() -> None:
    """After a merge was taken back and the two became one again, only what is said since then counts for both."""
    moves = [(2, "merge", [None, str(ONE)]), (4, "unmerge", [str(ONE), None]), (6, "merge", [None, str(ONE)])]
    log = [entry(1, "add", name=[None, "b"]), *(entry(day, name, merged_into=move) for day, name, move in moves)]
    two = read(customer(TWO, name="b", merged_into=ONE), *log)
    for day, voices in ((3, 2), (5, 2), (7, 1)):
        one = read(customer(name="a"), entry(day, "change", name=[None, "a"]))
        assert len(Family(READER, [one, two]).claims("name")) == voices


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"kind": "email", "value": "A@X.example"}, {"kind": "email", "value": "a@x.example "}, True),
        ({"kind": "email", "value": "ß@x"}, {"kind": "email", "value": "ss@x"}, False),
        ({"kind": "phone", "value": "+98 (21) 1"}, {"kind": "phone", "value": "۰۰۹۸-۲۱-۱"}, True),
        ({"kind": "phone", "value": "+981"}, {"kind": "fax", "value": "+981"}, False),
        ({"kind": "phone", "value": "call me"}, {"kind": "phone", "value": "or not"}, False),
        ({"kind": "website", "value": "x/A"}, {"kind": "website", "value": "x/a"}, False),
        ({"kind": "email", "value": "a@x", "usage": "work"}, {"kind": "email", "value": "a@x"}, True),
    ],
)
def test_contact_points_are_one_by_their_match_keys(one: Any, other: Any, same: bool) -> None:
    """E-mail addresses and numbers as they are dialled; all else as it is written."""
    rule = RULES["contact_points"]
    assert (rule.identity(one) == rule.identity(other)) is same


def test_addresses_are_one_if_they_say_the_same() -> None:
    """But for which of them is preferred."""
    rule = RULES["addresses"]
    assert rule.identity(rule.plain(Address(city="قم", preferred=True))) == rule.identity({"city": "قم"})
    assert rule.identity({"city": "قم"}) != rule.identity({"city": "قم", "kind": "home"})
    assert PartKey(rule.identity({"city": "قم"})) != PartKey(rule.identity({"city": "قم"}), 1)
