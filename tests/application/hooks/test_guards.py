"""Guards: one veto, or one that fails, and nothing of the write is there; they read, and set their own facet alone."""

from __future__ import annotations

from typing import Any

import pytest

from crmcore import Person
from crmcore.domain import field
from crmcore.domain.customer import Customer
from crmcore.domain.errors import IllegalTransition, PluginFailed, SchemaMismatch, Vetoed
from crmcore.domain.facet import Facet, facet
from crmcore.plugins import Amendment, Checking, Stepping, Veto
from crmcore.testing.specimens import Entry, Profile
from tests.application.hooks.acting import acting, hooked
from tests.shared import ZONE, SharedCrm


@facet("customer")
class Card(Facet):
    """A facet that nobody declares."""

    number: str = field.text()


def no_test_names(context: Checking) -> list[Veto]:
    """Refuses people who are called test."""
    named = [c for c in context.changes if isinstance(c.after, Customer) and c.after.name == "test"]
    return [Veto(each, "nobody is called that", "name") for each in named]


def test_a_veto_refuses_the_write_and_names_the_plugin(shared: SharedCrm) -> None:
    """Nothing was written, so the unit of work goes on."""
    crm = hooked(shared, acting(check_changes=no_test_names))
    with crm.work("sara") as work:
        with pytest.raises(Vetoed, match="refused by plugin 'specimen': nobody is called that") as caught:
            work.customers.add(Person("test"))
        work.customers.add(Person("Leila"))
    assert caught.value.details["plugin"] == "specimen"
    assert caught.value.details["hook"] == "check_changes"
    assert caught.value.problems.keys() == {"name"}
    with crm.work("sara") as work:
        assert work.customers.count() == 1


def test_a_veto_in_a_batch_refuses_all_of_it(shared: SharedCrm) -> None:
    """A batch holds as a whole or not at all."""
    crm = hooked(shared, acting(check_changes=no_test_names))
    with pytest.raises(Vetoed), crm.work("sara") as work:
        work.customers.add_many(Person(name) for name in ("a", "test", "b"))
    with crm.work("sara") as work:
        assert work.customers.count() == 0


def test_a_batch_is_one_call(shared: SharedCrm) -> None:
    """Bulk stays bulk: a guard sees a thousand records at once."""
    sizes: list[int] = []
    crm = hooked(shared, acting(check_changes=lambda context: sizes.append(len(context.changes))))
    with crm.work("sara") as work:
        work.customers.add_many(Person(f"p{n}") for n in range(1_200))
    assert sizes == [1_000, 200]


def test_every_kind_of_write_is_put_before_guards(shared: SharedCrm) -> None:
    """Adding, changing, writing a facet and taking it away, removing."""
    seen: list[tuple[str, frozenset[str]]] = []

    def look(context: Checking) -> None:
        seen.extend((each.operation, each.fields) for each in context.changes)

    crm = hooked(shared, acting(check_changes=look))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        work.customers.change(leila.id, name="Leila H")
        work.customers.put_facet(leila.id, Profile(motto="on"))
        work.customers.drop_facet(leila.id, Profile)
        work.customers.remove(leila.id)
    assert [operation for operation, _ in seen] == ["add", "change", "facet", "facet", "remove"]
    assert seen[1][1] == {"name"}
    assert "specimen.motto" in seen[2][1]


def test_a_veto_on_each_kind_of_write(shared: SharedCrm) -> None:
    """What was vetoed is as it was."""
    refused: list[str] = []

    def refuse(context: Checking) -> list[Veto]:
        return [Veto(each, "no") for each in context.changes if each.operation in refused]

    crm = hooked(shared, acting(check_changes=refuse))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(Profile(motto="on")))
    refused += ["change", "facet", "remove"]
    with crm.work("sara") as work:
        for write in (
            lambda: work.customers.change(leila.id, name="other"),
            lambda: work.customers.change(leila.id, {"specimen.motto": "off"}),
            lambda: work.customers.drop_facet(leila.id, Profile),
            lambda: work.customers.remove(leila.id),
        ):
            with pytest.raises(Vetoed):
                write()
    with crm.work("sara") as work:
        found = work.customers.get(leila.id, with_=[Profile])
        assert (found.name, found.facet(Profile).motto, found.version) == ("Leila", "on", 1)


def test_a_guard_sets_its_own_facet(shared: SharedCrm) -> None:
    """With a new record, with a change, and with a change of that very facet."""

    def count(context: Checking) -> list[Amendment]:
        kept = [each for each in context.changes if each.operation != "remove" and isinstance(each.after, Customer)]
        return [Amendment(each, Profile(points=len(each.after.name or ""))) for each in kept if each.after]  # type: ignore[attr-defined]  # as above

    crm = hooked(shared, acting(check_changes=count))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        assert leila.facet(Profile).points == 5
        work.customers.change(leila.id, name="Lei")
        assert work.customers.get(leila.id, with_=[Profile]).facet(Profile).points == 3
        work.customers.change(leila.id, {"specimen.points": 99})
        assert work.customers.get(leila.id, with_=[Profile]).facet(Profile).points == 3
    with crm.work("sara") as work:
        actors = [entry.actor for entry in work.customers.history(leila.id)]
    assert "plugin:specimen for sara" in actors


@pytest.mark.parametrize(
    ("answer", "blame"),
    [
        (lambda context: "no", "returned a value of type str"),
        (lambda context: ["no"], "returned a value of type str in its list"),
        (lambda context: [Veto(context.changes[0], "")], "without a reason"),
        (lambda context: [Amendment(context.changes[0], Card(number="1"))], "no facet of its own"),
        (lambda context: 1 / 0, "ZeroDivisionError"),
        (lambda context: exit(1), "SystemExit"),
        (lambda context: context.work.customers.add(Person("smuggled")), "a guard only reads"),
        (lambda context: context.work[Entry].add(None), "only reads|InvalidRecord"),
        (lambda context: context.work.transaction.commit(), "has no 'transaction'"),
        (lambda context: context.work._unit.transaction.commit(), "does not commit"),
        (lambda context: context.work._unit.transaction.rollback(), "does not roll back"),
    ],
)
def test_a_guard_that_fails_fails_closed(shared: SharedCrm, answer: Any, blame: str) -> None:
    """Its plugin and hook are named, the unit of work is rolled back, and the next one works."""
    crm = hooked(shared, acting(check_changes=answer))
    with crm.work("sara") as work:
        interaction = work.products.count()
    with pytest.raises(PluginFailed, match=blame) as caught, crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert "plugin 'specimen', hook check_changes" in str(caught.value)
    crm.kernel.hooks = type(crm.kernel.hooks)()
    with crm.work("sara") as work:
        assert (work.customers.count(), work.products.count()) == (0, interaction)
        work.customers.add(Person("Leila"))


def test_a_guard_that_failed_cannot_be_passed_over(shared: SharedCrm) -> None:
    """A host that swallows the error commits nothing."""
    crm = hooked(shared, acting(check_changes=lambda context: 1 / 0))
    with pytest.raises(Exception, match="rolled back"), crm.work("sara") as work, pytest.raises(PluginFailed):
        work.customers.add(Person("Leila"))


def test_guards_cannot_alter_what_they_are_given(shared: SharedCrm) -> None:
    """The next plugin, and the database, get what was asked for."""

    def meddle(context: Checking) -> None:
        for change in context.changes:
            assert change.after is not None
            with pytest.raises((AttributeError, TypeError)):
                change.after.facets[Profile] = None  # type: ignore[index]  # that is the point
            with pytest.raises((AttributeError, TypeError)):
                change.after.name = "x"  # type: ignore[attr-defined]  # that is the point
            with pytest.raises((AttributeError, TypeError)):
                context.changes = ()  # type: ignore[misc]  # that is the point

    crm = hooked(shared, acting(check_changes=meddle))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        work.customers.change(leila.id, given_name="Leila")
        work.customers.put_facet(leila.id, Profile(motto="on"))


def test_a_guard_knows_the_zone_and_the_currency(shared: SharedCrm) -> None:
    """A reason with a time in it is read by people who have a clock on their wall."""
    seen: list[str] = []
    crm = hooked(
        shared, acting(check_changes=lambda context: seen.append(f"{context.work.zone} {context.work.currency}"))
    )
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    assert seen == [f"{ZONE} EUR"]


def test_a_guard_vetoes_a_step(shared: SharedCrm) -> None:
    """It sees where an opportunity comes from and goes to; a beginning is a step as well."""
    seen: list[tuple[str, str | None, str | None, str]] = []

    def look(context: Stepping) -> list[Veto]:
        seen.extend((s.workflow, s.transition, s.source, s.target) for s in context.steps)
        return [Veto(step.change, "not yet", "status") for step in context.steps if step.target == "lost"]

    crm = hooked(shared, acting("specimen", "opportunity", check_steps=look))
    with crm.work("sara") as work:
        deal = work.opportunities.add(_deal())
        with pytest.raises(Vetoed, match="not yet"):
            work.opportunities.lose(deal.id, "price")
        work.opportunities.win(deal.id)
    assert seen[0] == ("opportunity:status", None, None, "open")
    assert seen[-1][0::2] == ("opportunity:status", "open")
    assert seen[-1][3] == "won"
    with crm.work("sara") as work:
        assert work.opportunities.get(deal.id).status == "won"


def _deal() -> Any:
    from crmcore import Opportunity

    return Opportunity("Annual plan")


def test_errors_of_the_database_pass_through(shared: SharedCrm) -> None:
    """A host repeats after StorageBusy; were it called a failure of the plugin, it would not."""
    from crmcore.domain.errors import StorageBusy

    def busy(context: Checking) -> None:
        raise StorageBusy("another writer")

    crm = hooked(shared, acting(check_changes=busy))
    with pytest.raises(StorageBusy), crm.work("sara") as work:
        work.customers.add(Person("Leila"))


def test_a_refusal_of_the_unit_is_told_first(shared: SharedCrm) -> None:
    """In a snapshot nothing is written, whatever guards think."""
    crm = hooked(shared, acting(check_changes=no_test_names))
    with pytest.raises((SchemaMismatch, IllegalTransition)), crm.work("sara", snapshot=True) as work:
        work.customers.add(Person("Leila"))
