"""The golden record: what survives of customers who are one."""

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from crmcore import Organisation, Person
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Address, AlternativeName, ContactPoint, Role
from crmcore.domain.errors import InvalidValue, UnknownName
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import FrozenClock
from tests.application.merging.golden_world import DOOR, TRIAL, Door, Trial, golden_of, merged, rows, view
from tests.databases import storages


def day(text: str) -> dt.datetime:
    """Noon of a day, in UTC."""
    return dt.datetime.fromisoformat(text).replace(hour=12, tzinfo=dt.UTC)


class World:
    """A Crm whose clock is set by what is written: each fact has its day."""

    def __init__(self, crm: Crm, clock: FrozenClock) -> None:
        self.crm = crm
        self.clock = clock

    def add(self, on: str, record: Any, source: str | None = None) -> UUID:
        """Add a customer on a day."""
        self.clock.set(day(on))
        with self.crm.work("sara", source=source) as work:
            id: UUID = work.customers.add(record).id
        return id

    def change(self, on: str, id: UUID, source: str | None = None, **values: Any) -> None:
        """Change a customer on a day."""
        self.clock.set(day(on))
        with self.crm.work("sara", source=source) as work:
            work.customers.change(id, {name.replace("__", "."): value for name, value in values.items()})

    def merge(self, on: str, survivor: UUID, *others: UUID, **choices: Any) -> Any:
        """Merge customers on a day; the survivor."""
        self.clock.set(day(on))
        with self.crm.work("sara") as work:
            return merged(work, survivor, *others, **choices)

    def golden(self, *ids: UUID, **choices: Any) -> Any:
        """The golden record of these."""
        with self.crm.work("sara") as work:
            return golden_of(work, *ids, **choices)

    def row(self, id: UUID) -> Any:
        """The very row of a customer."""
        with self.crm.work("sara") as work:
            return rows(work, [id])[0]


@pytest.fixture(params=storages("memory", "sqlite", "postgres", "mariadb"))
def anywhere(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world on each storage."""
    url = "memory" if request.param == "memory" else request.getfixturevalue(f"{request.param}_url")
    clock = FrozenClock()
    with make_crm(url, plugins=[TRIAL, DOOR, "loyalty"], clock=clock) as crm:
        yield World(crm, clock)


@pytest.fixture
def world() -> Iterator[World]:
    """A world in memory."""
    clock = FrozenClock()
    with make_crm(plugins=[TRIAL, DOOR], clock=clock) as crm:
        yield World(crm, clock)


def values(record: Any, kind: str) -> list[str]:
    """The contact points of a kind, the preferred one first."""
    points = [p for p in record.contact_points if p.kind == kind]
    return [p.value for p in sorted(points, key=lambda p: (not p.preferred, p.value))]


def test_example_10(anywhere: World) -> None:
    """EX-10: each field by its own rule; without R2 the view is again what R1 and R3 say."""
    world = anywhere
    r1 = world.add("2023-05-01", Person("محمد علی", emails=["a@x"]), source="erp")
    world.change("2024-01-01", r1, source="erp", phone="+20100", trial__consent="given")
    r3 = world.add("2022-01-01", Person("محمد علي"), source="manual")
    world.change("2022-01-01", r3, source="manual", city="Cairo", trial__consent="given")
    world.change("2024-06-01", r3, source="manual", email="b@x")
    r2 = world.add("2025-02-01", Person("محمد"), source="web")
    world.change("2025-02-01", r2, source="web", phone="+20111", city="Giza", trial__consent="withdrawn")
    chosen: dict[str, Any] = {
        "rules": {"phone": "most_recent", "email": "source_priority", "city": "most_recent"},
        "sources": ("erp", "manual", "web"),
    }

    found = world.golden(r1, r2, r3, **chosen)
    assert values(found.after, "phone") == ["+20111", "+20100"]
    assert values(found.after, "email") == ["a@x", "b@x"]
    assert [(a.city, a.preferred) for a in found.after.addresses] == [("Cairo", False), ("Giza", True)]
    assert found.after.facets[Trial].consent == "withdrawn"
    assert (found.origins["trial.consent"].record, found.origins["trial.consent"].source) == (r2, "web")
    assert found.preferred["phone"].record == found.preferred["city"].record == r2
    assert (found.preferred["email"].record, found.preferred["email"].at) == (r1, day("2023-05-01"))

    without = world.golden(r1, r3, **chosen).after
    assert (values(without, "phone"), values(without, "email")) == (["+20100"], ["a@x", "b@x"])
    assert [a.city for a in without.addresses] == ["Cairo"]
    assert without.facets[Trial].consent == "given"

    alone = world.row(r2)
    world.merge("2025-03-01", r1, r2, r3, **chosen)
    assert view(world.row(r1)) == view(found.after)

    world.clock.set(day("2025-04-01"))
    with world.crm.work("sara") as work:
        [merge] = work.merges.of(r1)
        left = work.merges.undo(merge.id, only=[r2])
    assert left.again is not None and left.again.merge.others == [str(r3)]
    now = world.row(r1)
    assert view(now) == view(without)
    assert (values(now, "phone"), values(now, "email")) == (["+20100"], ["a@x", "b@x"])
    assert ([a.city for a in now.addresses], now.facets[Trial].consent) == (["Cairo"], "given")
    assert evolve(world.row(r2), version=alone.version, changed_at=alone.changed_at) == alone


def test_any_grouping_gives_one_view(anywhere: World) -> None:
    """INV-6: three merged one by one, by twos, or with another survivor; a value keeps the day on which it was said,
    however late it is merged."""
    people = [
        Person("علي", emails=["Ali@x.example"], tags=frozenset("a"), note="short"),
        Person("علی رضایی", emails=["ali@X.example"], phones=["+98 21 1"], tags=frozenset("b")),
        Person("Ali", emails=["other@x.example"], phones=["+98211"], note="the longest note", employer="Persepolis"),
    ]
    seen = []
    for turn, (first, second) in enumerate([((0, 1), 2), ((2, 1), 0), ((1, 0), 2)]):
        ids = [anywhere.add(f"2024-0{n + 1}-01", person) for n, person in enumerate(people)]
        anywhere.merge(f"2025-01-0{turn + 1}", ids[first[0]], ids[first[1]])
        survivor, other = (ids[second], ids[first[0]]) if turn % 2 else (ids[first[0]], ids[second])
        seen.append(view(anywhere.merge(f"2025-02-0{turn + 1}", survivor, other)))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0]["name"] == "علی رضایی"
    assert seen[0]["note"] == "the longest note"
    assert len(seen[0]["contact_points"]) == 3  # two ways to write one address, and two to write one number


def test_merging_again_changes_nothing(world: World) -> None:
    """INV-7: the golden record of a golden record is itself."""
    one = world.add("2024-01-01", Person("Zoë", emails=["z@x"], phones=["+491"], tags=frozenset("a")))
    two = world.add("2024-02-01", Person("Zoë Ñandú", emails=["y@x"], phones=["+492"]))
    after = world.merge("2024-03-01", one, two)
    again = world.golden(one)
    assert (again.after, again.after.contact_points) == (after, after.contact_points)


def test_a_correction_after_a_merge_is_said_of_all(world: World) -> None:
    """Or the next merge would bring back what somebody has corrected, out of the row of one merged before."""
    one = world.add("2024-01-01", Person("Ali", phones=["+491"], note="short"))
    two = world.add("2024-02-01", Person("Ali Reza Rezaei", phones=["+492"], note="a long and wrong note"))
    after = world.merge("2024-03-01", one, two)
    assert (after.name, after.note) == ("Ali Reza Rezaei", "a long and wrong note")
    world.change("2024-04-01", one, name="Ali R", note=None)
    world.change("2024-04-02", one, contact_points=[p for p in after.contact_points if p.value == "+491"])

    three = world.add("2024-05-01", Person("Reza", emails=["r@x"]))
    found = world.golden(three, one).after
    assert (found.name, found.note) == ("Ali R", None)
    assert values(found, "phone") == ["+491"]
    assert view(world.golden(one, three).after) == view(found)


def test_a_correction_has_the_votes_of_all_who_were_merged_by_then(world: World) -> None:
    """`most_frequent` counts the rows of those merged before; what somebody set since then counts for each of them."""
    people = [Person("A", employer="Nile"), Person("B", employer="Nile"), Person("C", employer="Giza")]
    one, two, three = (world.add(f"2024-01-0{n + 1}", person) for n, person in enumerate(people))
    chosen = {"rules": {"employer": "most_frequent"}}
    world.merge("2024-02-01", one, three)
    assert world.golden(one, two, **chosen).after.employer == "Nile"
    world.change("2024-03-01", one, employer="Luxor")
    found = world.golden(two, one, **chosen)
    assert (found.after.employer, found.origins["employer"].record) == ("Luxor", one)


def test_what_was_chosen_by_hand_holds_in_later_merges(world: World) -> None:
    """Against those among whom it was chosen; else it would be forgotten as soon as a third record turns up."""
    one = world.add("2024-01-01", Person("Ali", emails=["a@x"], employer="Nile"))
    two = world.add("2024-02-01", Person("Ali Rezaei", emails=["b@x"], employer="Giza"))
    after = world.merge("2024-03-01", one, two, keep={"name": one, "employer": one, "email": one})
    assert (after.name, after.employer, values(after, "email")) == ("Ali", "Nile", ["a@x", "b@x"])
    three = world.add("2024-02-15", Person("Al"))
    found = world.golden(three, one)
    assert (found.after.name, found.after.employer, values(found.after, "email")) == ("Ali", "Nile", ["a@x", "b@x"])


def test_rules_that_were_chosen_hold_in_later_merges(world: World) -> None:
    """Else a value that nobody touched would change as soon as somebody else joins; who says otherwise is heard."""
    one = world.add("2024-01-01", Person("Ali", emails=["a@x"], employer="Nile"), source="erp")
    two = world.add("2024-02-01", Person("Ali", emails=["b@x"], employer="Giza"), source="web")
    chosen: dict[str, Any] = {"rules": {"employer": "longest", "email": "source_priority"}, "sources": ("erp",)}
    world.merge("2024-03-01", one, two, rules={"employer": "longest", "name": "longest"})
    world.merge("2024-03-01", one, world.add("2024-02-03", Person("Ali")), **chosen)
    three = world.add("2024-02-15", Person("A", employer="Luxor", emails=["c@x"]))
    found = world.golden(three, one)
    assert (found.after.employer, values(found.after, "email")[0]) == ("Luxor", "a@x")
    again = world.golden(three, one, rules={"employer": "most_frequent", "email": "longest"}, sources=("web",))
    assert (again.origins["employer"].rule, again.preferred["email"].rule) == ("most_frequent", "longest")


def test_a_part_that_agrees_with_another_keeps_what_a_merge_brought(world: World) -> None:
    """Somebody gives another number, which is the one that is there already but for a space: what the merge had brought
    of the first would be lost as soon as a third joins."""
    one = world.add("2024-01-01", Person("Ali", phones=["+491", "+492"]))
    dated = ContactPoint("phone", "+491", valid_from=dt.date(2020, 1, 1))
    two = world.add("2024-02-01", Person("Ali", contact_points=[dated]))
    after = world.merge("2024-03-01", one, two)
    points = [evolve(p, value="+49 1") if p.value == "+492" else p for p in after.contact_points]
    world.change("2024-04-01", one, contact_points=points)
    row = world.row(one)
    assert [(p.value, p.valid_from) for p in row.contact_points] == [("+491", dated.valid_from), ("+49 1", None)]
    assert view(world.golden(one).after) == view(row)


def test_who_empties_a_name_leaves_what_stands_beside_it(world: World) -> None:
    """The family name of somebody merged before, which did not survive, would turn up in the next merge."""
    one = world.add("2024-01-01", Person("Ali"))
    two = world.add("2024-02-01", Person(None, family_name="Rezaei", phones=["+491"]))
    assert world.merge("2024-03-01", one, two).family_name is None
    world.change("2024-04-01", one, name=None)
    assert world.golden(one).after.family_name is None


def test_a_preference_stated_after_a_merge_holds(world: World) -> None:
    """Whoever called up and said which number to use would be called at another one after the next merge."""
    one = world.add("2024-01-01", Person(phones=["+491"]))
    two = world.add("2024-02-01", Person(phones=["+492"]))
    assert values(world.merge("2024-03-01", one, two), "phone") == ["+492", "+491"]
    world.change("2024-04-01", one, phone="+491")
    three = world.add("2023-01-01", Person("Zoë", phones=["+493"]))
    assert values(world.golden(one, three).after, "phone")[0] == "+491"
    assert values(world.golden(three, one).after, "phone")[0] == "+491"


def test_parts_that_are_one_become_one(world: World) -> None:
    """The kind and the normalised value make a contact point; each other field of it survives by its rule, and the
    survivor's keeps its number."""
    checked = day("2024-05-05")
    points = (
        ContactPoint("email", "LEILA@x.example", usage="work", verified_at=checked),
        ContactPoint("phone", "0049 (30) 1"),
        ContactPoint("fax", "+49301"),
        ContactPoint("website", "https://x.example/A"),
    )
    one = world.add("2024-01-01", Person("Leila", contact_points=points))
    others = (
        ContactPoint("email", "leila@X.example", usage="private", valid_to=dt.date(2026, 1, 1)),
        ContactPoint("phone", "+49 30-1"),
        ContactPoint("website", "https://x.example/a"),
    )
    two = world.add("2024-02-01", Person("لیلا", contact_points=others))
    found = world.golden(one, two).after
    assert [(p.no, p.kind) for p in found.contact_points] == [
        (1, "email"), (2, "phone"), (3, "fax"), (4, "website"), (0, "website"),
    ]  # fmt: skip
    mail, phone, *_ = found.contact_points
    assert (mail.value, mail.usage, mail.verified_at, mail.valid_to) == (
        "LEILA@x.example", "work", checked, dt.date(2026, 1, 1),
    )  # fmt: skip
    assert phone.value == "+49 30-1"


def test_nothing_that_a_part_says_is_lost(world: World) -> None:
    """Addresses, names and roles are one only if they say the same; a record that has one twice keeps both."""
    giza: dict[str, Any] = {"street": "النيل ١", "city": "الجيزة", "country": "EG"}
    one = Person(
        "فاطمة",
        addresses=(Address(**giza, preferred=True), Address(city="Cairo")),
        alternative_names=(AlternativeName("Fatima", kind="transliteration"), AlternativeName("علي")),
    )
    two = Person(
        "فاطمه",
        addresses=(Address(**giza), Address(**{**giza, "street": "النيل ٢"})),
        alternative_names=(AlternativeName("Fatima"), AlternativeName("علی")),
        contact_points=(ContactPoint("phone", "+201", usage="work"), ContactPoint("phone", "+201", usage="private")),
    )
    roles = (Role("donor"), Role("donor", from_date=dt.date(2024, 1, 1)))
    first, second = world.add("2024-01-01", one), world.add("2024-02-01", two)
    world.change("2024-02-02", first, roles=roles)
    world.change("2024-02-03", second, roles=roles[1:])
    found = world.golden(first, second).after
    assert [a.street for a in found.addresses] == ["النيل ١", None, "النيل ٢"]
    assert [a.preferred for a in found.addresses] == [True, False, False]
    assert [n.name for n in found.alternative_names] == ["Fatima", "علي", "علی"]
    assert [r.from_date for r in found.roles] == [None, dt.date(2024, 1, 1)]
    assert {p.usage for p in found.contact_points} == {"work", "private"}


def test_an_address_is_chosen_as_a_unit(world: World) -> None:
    """The street of one record beside the city of another is no address."""
    old = Address(street="Nile 1", city="Cairo", postal_code="11511", country="EG")
    one = world.add("2024-01-01", Person("A", addresses=(old,)))
    two = world.add("2024-02-01", Person("B", addresses=(Address(city="Giza"),)))
    shown = {
        rule: next(a for a in world.golden(one, two, rules={name: rule}).after.addresses if a.preferred).city
        for name, rule in (("city", "most_recent"), ("address", "most_complete"), ("street", "pin"))
    }
    assert shown == {"most_recent": "Giza", "most_complete": "Cairo", "pin": "Cairo"}
    kept = world.golden(one, two, keep={"postal_code": one})
    assert kept.preferred["city"].rule == "keep"
    assert [a.city for a in kept.after.addresses if a.preferred] == ["Cairo"]


def test_the_day_from_which_a_contact_point_is_valid_counts(world: World) -> None:
    """A number that was imported late need not be new."""
    new = ContactPoint("phone", "+491", valid_from=dt.date(2024, 6, 1))
    old = ContactPoint("phone", "+492", valid_from=dt.date(2020, 1, 1))
    one = world.add("2024-06-01", Person("A", contact_points=(new,)))
    two = world.add("2025-01-01", Person("B", contact_points=(old,)))
    three = world.add(
        "2025-01-02", Person("C", contact_points=(ContactPoint("phone", "+493", verified_at=day("2021-01-01")),))
    )
    found = world.golden(two, one, three)
    assert values(found.after, "phone") == ["+491", "+492", "+493"]
    assert found.preferred["phone"].at == dt.datetime(2024, 6, 1, tzinfo=dt.UTC)


def test_a_facet_that_only_others_have_comes_whole(anywhere: World) -> None:
    """Also one of a plugin that is switched off, which may not be written but is not lost either."""
    world = anywhere
    one = world.add("2024-01-01", Person("A"))
    two = world.add("2024-02-01", Person("B"))
    world.change("2024-03-01", two, loyalty__card_number="C-1", loyalty__tier="gold", trial__recent="x")
    world.crm.plugins.disable("loyalty", actor="root")
    found = world.golden(one, two)
    [loyalty] = [f for f in found.after.facets.values() if f is not None and hasattr(f, "tier")]
    assert (loyalty.version, loyalty.tier, loyalty.card_number) == (0, "gold", "C-1")
    assert found.origins["loyalty.tier"].record == two
    assert found.after.facets[Door] is None


def test_a_facet_keeps_the_version_that_the_survivor_has(world: World) -> None:
    """Its next change is the next of its own."""
    one = world.add("2024-01-01", Person("A").with_facets(Trial(recent="old", longest="the longest")))
    world.change("2024-01-02", one, trial__recent="newer")
    two = world.add("2024-02-01", Person("B").with_facets(Trial(recent="newest", longest="short")))
    facet = world.golden(one, two).after.facets[Trial]
    assert (facet.version, facet.recent, facet.longest) == (2, "newest", "the longest")


def test_a_facet_that_cannot_be_mixed_stands_whole(world: World) -> None:
    """Of the record that has the most recent fact of it."""
    one = world.add("2024-01-01", Person("A").with_facets(Door(state="shut", keeper="Zoë")))
    two = world.add("2024-02-01", Person("B").with_facets(Door(state="open", keeper="Zoë Ñandú")))
    found = world.golden(one, two)
    assert (found.after.facets[Door].state, found.after.facets[Door].keeper) == ("open", "Zoë Ñandú")
    assert {found.origins["door.state"].record, found.origins["door.keeper"].record} == {two}


def test_a_facet_that_was_taken_away_after_a_merge_stays_away(world: World) -> None:
    """It would come back with the next merge, out of the row of one merged before."""
    one = world.add("2024-01-01", Person("A"))
    two = world.add("2024-02-01", Person("B").with_facets(Trial(recent="x")))
    assert world.merge("2024-03-01", one, two).facets[Trial].recent == "x"
    world.clock.set(day("2024-04-01"))
    with world.crm.work("sara") as work:
        work.customers.drop_facet(one, Trial)
    three = world.add("2024-05-01", Person("C"))
    assert world.golden(one, three).after.facets[Trial] is None


def test_nobody_comes_to_refer_to_himself(world: World) -> None:
    """The partner of one who is the other."""
    one = world.add("2024-01-01", Person("A"))
    friend = world.add("2024-01-01", Person("F"))
    two = world.add("2024-02-01", Person("B"))
    world.change("2024-02-02", two, trial__partner=friend)
    world.change("2024-02-03", one, trial__partner=two)
    assert world.golden(one, two).after.facets[Trial].partner == friend
    assert world.golden(one, two, friend).after.facets[Trial].partner is None


def test_choices_that_cannot_be_are_told(world: World) -> None:
    """A misspelt choice would be no choice."""
    one, two = world.add("2024-01-01", Person("A")), world.add("2024-02-01", Person("B"))
    stranger = world.add("2024-01-01", Person("S"))
    with pytest.raises(UnknownName, match="did you mean 'phone'"):
        world.golden(one, two, rules={"phnoe": "longest"})
    with pytest.raises(UnknownName):
        world.golden(one, two, keep={"merged_into": one})
    with pytest.raises(InvalidValue, match="'longet' is no rule"):
        world.golden(one, two, rules={"name": "longet"})
    with pytest.raises(InvalidValue, match="none of those merged"):
        world.golden(one, two, keep={"name": stranger})


def test_organisations_and_their_origins(world: World) -> None:
    """Every value that is there tells where it is from: record, day and system."""
    one = world.add("2024-01-01", Organisation("شركة النيل", tags=frozenset("a")), source="erp")
    two = world.add("2024-02-01", Organisation("Nile", source="web", external_id="7"))
    found = world.golden(one, two)
    assert (found.after.source, found.after.external_id, found.after.id, found.after.version) == (None, None, one, 1)
    name, tags = found.origins["name"], found.origins["tags"]
    assert (name.record, name.at, name.source, name.rule) == (one, day("2024-01-01"), "erp", "most_complete")
    assert (tags.record, found.origins["kind"].source) == (one, "web")
    assert "note" not in found.origins
    assert name.plain() == {
        "from": str(one),
        "at": day("2024-01-01").isoformat(),
        "source": "erp",
        "rule": "most_complete",
    }


def test_names_are_not_mixed(world: World) -> None:
    """Core.md 5: given and family name would come from one spelling and the name from another."""
    one = world.add("2024-01-01", Person("Jonathan Smith", given_name="Jonathan", family_name="Smith"))
    two = world.add("2024-02-01", Person("J. Smith-Jones", family_name="Smith-Jones"))
    three = world.add("2024-03-01", Person("j. smith-jones", given_name="J."))
    found = world.golden(one, two, three).after
    assert (found.name, found.given_name, found.family_name) == ("j. smith-jones", "J.", "Smith-Jones")
    nameless = world.add("2024-01-01", Person(given_name="Leila"))
    assert world.golden(nameless, world.add("2024-02-01", Person(family_name="Hosseini"))).after.given_name == "Leila"


def test_a_surviving_reference_leads_to_the_survivor(world: World) -> None:
    """The log names whom a value referred to then; that one may be a part of somebody else by now."""
    friend, twin, one, two, three = (world.add("2024-01-01", Person(name)) for name in "FTABC")
    world.change("2024-02-01", one, trial__partner=friend)
    world.change("2024-03-01", two, trial__partner=three)
    world.merge("2024-04-01", one, two)
    world.merge("2024-05-01", twin, friend)
    assert world.golden(one).after.facets[Trial].partner == three
    assert world.golden(one, three).after.facets[Trial].partner == twin
