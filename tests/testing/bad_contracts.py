"""Plugins that are bad in one way each, held to the contract: `test_plugin_contract` runs this and expects failures."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import attrs
from hypothesis import Phase, settings

settings.register_profile("bad", parent=settings(phases=(Phase.generate,), derandomize=True, database=None))
settings.load_profile("bad")  # before the contract takes its settings from it: what fails need not be made small

from crmcore.domain import field  # noqa: E402
from crmcore.domain.customer import Customer  # noqa: E402
from crmcore.domain.facet import Facet, facet  # noqa: E402
from crmcore.domain.interaction import Interaction  # noqa: E402
from crmcore.domain.record import Record, record  # noqa: E402
from crmcore.domain.workflow import Transition, Workflow  # noqa: E402
from crmcore.plugins import (  # noqa: E402
    Changed,
    Checking,
    Hold,
    JobRun,
    Observed,
    Plugin,
    Viewing,
    hookimpl,
    on,
)
from crmcore.plugins.specs import Job, Report  # noqa: E402
from crmcore.testing import PluginContract  # noqa: E402
from tests.testing.bad import (  # noqa: E402
    changes_the_environment,
    forgets_a_module,
    knows_the_database,
    knows_the_insides,
    opens_a_socket,
    starts_a_thread,
    well_behaved,
    writes_a_file,
)

START = dt.datetime(2025, 1, 15, tzinfo=dt.UTC)


def hooked(name: str, record: str = "customer", capabilities: tuple[str, ...] = (), **hooks: Any) -> Any:
    """A plugin with these hooks for one record type, which writes points if it wants to."""
    marked = {hook: hookimpl(on(record)(function)) for hook, function in hooks.items()}
    return SimpleNamespace(plugin=Plugin(name, capabilities=capabilities), **marked)


def declaring(name: str, **answers: Any) -> Any:
    """A plugin that declares these: functions that are called, or values."""
    returning = {f"declare_{kind}": hookimpl(_returning(each)) for kind, each in answers.items()}
    return SimpleNamespace(plugin=Plugin(name), **returning)


def _returning(answer: Any) -> Any:
    return (lambda: answer()) if callable(answer) else (lambda: answer)


class Bad(PluginContract):
    """In memory only: what is wrong is wrong everywhere."""

    storages = ("memory",)


# What importing does


class TestStartsAThread(Bad):
    plugin = starts_a_thread


class TestChangesTheEnvironment(Bad):
    plugin = changes_the_environment


class TestOpensASocket(Bad):
    plugin = opens_a_socket


class TestWritesAFile(Bad):
    plugin = writes_a_file


class TestForgetsAModule(Bad):
    plugin = forgets_a_module


class TestKnowsTheDatabase(Bad):
    plugin = knows_the_database


class TestKnowsTheInsides(Bad):
    plugin = knows_the_insides


class TestInstalledUnderAnotherName(Bad):
    """With the distribution that the test which runs this has made."""

    plugin = well_behaved


# What is declared

numbers = itertools.count()


def another_each_time() -> Sequence[type[Facet]]:
    """A facet whose field has another length each time."""

    @facet("customer")
    class Counted(Facet):
        note: str | None = field.text(default=None, length=10 + next(numbers))

    return (Counted,)


class TestDeclaresAnotherEachTime(Bad):  # so that it does not fit its tables when it comes back
    plugin = declaring("forgetful", facets=another_each_time)


@facet("customer")
class HalfNamed(Facet):
    """One field is named in two languages, the other in one."""

    shoe: str | None = field.text(default=None, label={"en": "Shoe", "ar": "حذاء"})
    hat: str | None = field.text(default=None, label={"en": "Hat"})


class TestIsHalfTranslated(Bad):
    plugin = declaring("half_named", facets=(HalfNamed,))


def shorter(before: Any, after: Any) -> Any:
    """Keeps the first letter."""
    return after.__class__(title=after.title[:1], id=after.id, version=after.version)


@record("note", complete=shorter)
class Note(Record):
    """A text of which one letter is kept."""

    title: str = field.text()


class TestLosesWhatItIsGiven(Bad):
    plugin = declaring("lossy", records=(Note,))


@facet("customer")
class Picky(Facet):
    """A field that refuses everything."""

    word: str = field.text(default="a", validators=(lambda word: "never good enough",))


class TestRefusesEveryFacet(Bad):
    plugin = declaring("picky", facets=(Picky,))


@record("case", validators=(lambda case: {"state": "no case is ever closed"} if case.state == "closed" else {},))
class Case(Record):
    """A workflow leads to a state that the validator refuses."""

    title: str = field.text()
    state: str = field.choice("open", "closed", default="open")


CASES = Workflow(
    record="stuck.case",
    field="state",
    states=("open", "closed"),
    initial=("open",),
    transitions=(Transition(name="close", sources=("open",), target="closed"),),
)


class TestForbidsItsOwnSteps(Bad):
    plugin = declaring("stuck", records=(Case,), workflows=(CASES,))


class TestForgotToMigrate(Bad):
    plugin = SimpleNamespace(
        plugin=Plugin("behind", migrations="tests.testing.bad.migrations"),
        declare_records=hookimpl(lambda: (Case,)),
    )


@record("note")
class ReadNote(Record):
    """A note of the second release."""

    title: str = field.text()
    read: bool | None = field.boolean(default=None)


class TestLosesRowsWhenUpgraded(Bad):
    storages = ("sqlite",)
    plugin = SimpleNamespace(
        plugin=Plugin("careless", migrations="tests.testing.bad.releases"),
        declare_records=hookimpl(lambda: (ReadNote,)),
    )


# Guards and reactions


def guard_that_writes(context: Checking) -> None:
    """A guard only reads."""
    context.work.interactions.add(Interaction(START, "phone"))


class TestGuardThatWrites(Bad):
    plugin = hooked("writing_guard", check_changes=guard_that_writes, capabilities=("interaction:add",))


def reaction_beyond_its_rights(context: Changed) -> None:
    """It has no capability for interactions."""
    context.work.interactions.add(Interaction(START, "phone"))


class TestReactionBeyondItsRights(Bad):
    plugin = hooked("greedy", react_changes=reaction_beyond_its_rights)


def reaction_that_answers(context: Changed) -> int:
    """A reaction returns nothing."""
    return 1


class TestReactionThatAnswers(Bad):
    plugin = hooked("chatty", react_changes=reaction_that_answers)


def guard_that_raises(context: Checking) -> None:
    """Has not thought of people without a birthday."""
    for change in context.changes:
        if isinstance(change.after, Customer):
            assert change.after.birth_date is not None


class TestGuardThatRaises(Bad):
    plugin = hooked("hasty", check_changes=guard_that_raises)


def guard_that_alters(context: Checking) -> None:
    """Gets round what is frozen."""
    for change in context.changes:
        if change.after is not None:
            object.__setattr__(change.after, "version", change.after.version + 1)


class TestGuardThatAlters(Bad):
    plugin = hooked("meddler", check_changes=guard_that_alters)


# What is done after the commit


@record("points", append_only=True)
class Points(Record):
    """Points of a customer."""

    customer: UUID = field.reference("customer")
    points: int = field.integer()


def points_again(context: Observed) -> None:
    """Gives points each time it is called."""
    for event in context.events:
        if event.operation == "add" and context.work.customers.count(f'id = "{event.id}"'):
            context.work[Points].add(Points(event.id, 10))


def with_points(name: str, **hooks: Any) -> Any:
    """A plugin that declares points and has these hooks."""
    return SimpleNamespace(plugin=Plugin(name), declare_records=hookimpl(lambda: (Points,)), **hooks)


class TestObserverThatRepeats(Bad):
    plugin = with_points("repeater", observe_changes=hookimpl(on("customer")(points_again)))


def observer_that_raises(context: Observed) -> None:
    """Takes every change for that of a name."""
    for event in context.events:
        event.fields["no such field"]


class TestObserverThatRaises(Bad):
    plugin = hooked("brittle", observe_changes=observer_that_raises)


def job_again(context: JobRun) -> None:
    """Gives points each time it is run."""
    for customer in context.work.customers.query().items[:1]:
        context.work[Points].add(Points(customer.id, 1))


class TestJobThatRepeats(Bad):
    plugin = with_points("daily", declare_jobs=hookimpl(lambda: (Job("give", every="day", run=job_again),)))


# What is told


def panel_that_raises(context: Viewing) -> dict[str, Any]:
    """Divides by nothing."""
    return {"share": 1 // 0}


class TestPanelThatRaises(Bad):
    plugin = SimpleNamespace(plugin=Plugin("divider"), contribute_panel=hookimpl(panel_that_raises))


def no_table(context: object) -> int:
    """A report that is no table."""
    return 7


class TestReportWithoutTable(Bad):
    plugin = declaring(
        "seven", reports=(Report("seven.report", target="tests.testing.bad_contracts:no_table", columns=("n",)),)
    )


class TestHookThatDoesNotFit(Bad):
    plugin = SimpleNamespace(plugin=Plugin("misfit"), declare_facet=hookimpl(lambda: ()))


# What is kept about persons


@record("diary")
class Diary(Record):
    """What somebody said, and nobody knows who."""

    said: str = field.text(personal=True)


class TestNobodyKnowsWhose(Bad):
    plugin = declaring("diary", records=(Diary,))


def repeat_name(before: Any, after: Any) -> Any:
    """Keeps a copy of what is personal."""
    return attrs.evolve(after, copy=after.name)


@record("badge", complete=repeat_name)
class Badge(Record):
    """A name, and the same name where nobody looks for it."""

    customer: UUID = field.reference("customer")
    name: str = field.text(personal=True)
    copy: str | None = field.text(default=None)


class TestKeepsACopy(Bad):
    plugin = declaring("badges", records=(Badge,))


@record("stay")
class Stay(Record):
    """A stay of a guest."""

    customer: UUID = field.reference("customer")
    room: str = field.text(personal=True)


def staying(name: str, **hooks: Any) -> Any:
    """A plugin that keeps stays, with these hooks as they are."""
    return SimpleNamespace(plugin=Plugin(name), declare_records=hookimpl(lambda: (Stay,)), **hooks)


def fail(context: Any) -> Any:
    """Divides by nothing."""
    return 1 // 0


class TestSubjectThatRaises(Bad):
    plugin = staying("silent", contribute_subject=hookimpl(fail))


class TestHoldWithoutReason(Bad):
    plugin = staying("hoarder", check_erasures=hookimpl(on("customer")(lambda context: [Hold("")])))


class TestMergeGuardThatRaises(Bad):
    plugin = staying("divider", check_merges=hookimpl(on("customer")(lambda context: fail(context))))


def note_merges(context: Changed) -> None:
    """Writes down on the survivor that there was a merge."""
    for change in context.changes:
        if change.operation == "merge":
            context.work.customers.put_facet(change.id, Merges(1))


@facet("customer")
class Merges(Facet):
    """How many customers became this one."""

    count: int = field.integer()


class TestReactionThatOutlastsAMerge(Bad):
    plugin = SimpleNamespace(
        plugin=Plugin("counter"),
        declare_facets=hookimpl(lambda: (Merges,)),
        react_changes=hookimpl(on("customer")(note_merges)),
    )
