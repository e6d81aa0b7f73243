"""Plugins that are careless or hostile: they are named, what they left is undone, and nobody else notices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from crmcore import Person
from crmcore.domain.customer import Customer
from crmcore.domain.errors import DuplicateValue, InvalidSetting, PluginFailed, Vetoed
from crmcore.plugins import Changed, Veto
from crmcore.plugins.routing import NO_HOOKS
from crmcore.ports.work import Work
from crmcore.testing import make_crm
from crmcore.testing.specimens import Profile
from tests.application.hooks.acting import acting, hooked
from tests.shared import SharedCrm

NASTY = "\x1b[31mred\u202e \x00\ud800"


class Mute(Exception):
    """Its message ends the process of whoever asks for it."""

    def __str__(self) -> str:
        raise SystemExit(3)


class Fickle(list[Any]):
    """A list that fails when it is looked at."""

    def __iter__(self) -> Any:
        raise RuntimeError("not today")


class Masked:
    """An object that fails when it is asked for its class."""

    @property  # type: ignore[misc]  # that is what is wrong with it
    def __class__(self) -> Any:
        raise RuntimeError("guess")


def _raising(error: BaseException) -> Callable[[Any], None]:
    def hook(context: Any) -> None:
        raise error

    return hook


def _hook(name: str, function: Callable[[Any], Any]) -> dict[str, Any]:
    return {name: function}


@pytest.mark.parametrize("error", [Mute(), GeneratorExit(), SystemExit(3), MemoryError(), StopIteration()], ids=repr)
@pytest.mark.parametrize("hook", ["check_changes", "react_changes"])
def test_whatever_a_hook_raises_has_its_name(shared_memory: SharedCrm, hook: str, error: BaseException) -> None:
    """Also what has no message that can be read, and what would end a process."""
    crm = hooked(shared_memory, acting(**_hook(hook, _raising(error))))
    blame = f"plugin 'specimen', hook {hook}: it raised {type(error).__name__}"
    with pytest.raises(PluginFailed, match=blame), crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    with crm.work("sara") as work:
        assert work.customers.count() == 0


@pytest.mark.parametrize("answer", [lambda: Fickle([1]), Masked, lambda: [Masked()]], ids=["list", "object", "within"])
def test_an_answer_that_fails_when_looked_at_has_a_name(shared_memory: SharedCrm, answer: Any) -> None:
    """It is the plugin's, and so is the error."""
    crm = hooked(shared_memory, acting(check_changes=lambda context: answer()))
    with pytest.raises(PluginFailed, match="plugin 'specimen', hook check_changes"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))


def test_the_words_of_a_plugin_can_be_shown(shared_memory: SharedCrm) -> None:
    """Nothing in them is obeyed by a terminal or refused by an encoding, and they come to an end."""
    said = NASTY + "x" * 1_000_000
    veto, failure = (lambda context: [Veto(context.changes[0], said)]), _raising(ValueError(said))
    for hook in (_hook("check_changes", veto), _hook("react_changes", failure)):
        crm = hooked(shared_memory, acting(**hook))
        with pytest.raises((Vetoed, PluginFailed)) as caught, crm.work("sara") as work:
            work.customers.add(Person("Leila"))
        told = str(caught.value)
        assert "\\x1b[31mred\\u202e" in told
        assert "\\ud800" in told
        assert told.isprintable()
        assert len(told) < 3_000


def test_json_in_facets_of_others_cannot_be_altered(shared: SharedCrm) -> None:
    """Neither before it is written nor after: the next plugin, the database and the log have what was asked for."""
    seen: list[Any] = []

    def alter(context: Any) -> None:
        for each in context.changes:
            data = each.after.facets[Profile].data
            seen.append(dict(data))
            data["altered"] = True

    acts = acting("other", check_changes=alter, react_changes=alter), acting("third", check_changes=alter)
    crm = hooked(shared, *acts)
    with crm.work("sara") as work:
        new = work.customers.add(Person("Leila").with_facets(Profile(data={"a": 1})))
        work.customers.put_facet(new.id, Profile(data={}))
    with crm.work("sara") as work:
        assert work.customers.get(new.id, with_=(Profile,)).facet(Profile).data == {}
        logged = [each.values()["specimen.data"][1] for each in work.customers.history(new.id)]
    assert logged == [{"a": 1}, {}]
    assert seen == [{"a": 1}] * 3 + [{}] * 3


def _poke(context: Changed) -> None:
    catalogue: Any = context.work.catalogue
    pokes: list[Callable[[], object]] = [
        lambda: catalogue.records.pop("customer"),
        lambda: catalogue.by_class.clear(),
        lambda: catalogue.facets.setdefault("customer", ()),
        lambda: catalogue.workflows.clear(),
        lambda: setattr(catalogue, "records", {}),
        lambda: setattr(context.work, "actor", "root"),
        lambda: setattr(context.work.actor, "id", "root"),
        lambda: context.changes[0].fields.add("x"),  # type: ignore[attr-defined]
    ]
    for poke in pokes:
        with pytest.raises(AttributeError):
            poke()


def test_what_is_declared_cannot_be_altered(shared_memory: SharedCrm) -> None:
    """One plugin would take a record type away from all others."""
    crm = hooked(shared_memory, acting(react_changes=_poke))
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        assert work.customers.count() == 1


@pytest.mark.parametrize("hook", ["check_changes", "react_changes"])
def test_a_work_that_is_kept_is_of_no_use(shared: SharedCrm, hook: str) -> None:
    """Once the unit of work has ended nothing is read or written through it, in whatever unit of work it is tried."""
    kept: list[Work] = []
    keep = _hook(hook, lambda context: kept.append(context.work))
    crm = hooked(shared, acting("other", capabilities=("customer:change",), **keep))
    with crm.work("sara") as work:
        leila = work.customers.add(Person("Leila"))
        customers = kept[0].customers
    uses: list[Callable[[], object]] = [
        lambda: customers.count(),
        lambda: kept[0].customers.get(leila.id),
        lambda: kept[0].customers.change(leila.id, name="x"),
        lambda: kept[0].lock(Customer, leila.id),
        lambda: kept[0].savepoint().__enter__(),
    ]
    for use in uses:
        with pytest.raises(InvalidSetting, match="in the call that it is for"):
            use()
        with crm.work("sara"), pytest.raises(InvalidSetting):
            use()
    with crm.work("sara") as work:
        assert work.customers.get(leila.id).name == "Leila"


def test_what_was_lent_for_one_call_is_of_no_use_in_another(shared: SharedCrm) -> None:
    """A plugin that keeps it in its module would show one host's customers to another, or write in a guard."""
    kept: list[Work] = []

    def react(context: Changed) -> None:
        kept.append(context.work)
        if len(kept) == 1:
            context.work.customers.add(Person("more"))
        assert context.work.customers.count()  # also after another call in it has ended

    def use() -> None:
        for work in kept:
            with pytest.raises(InvalidSetting, match="in the call that it is for"):
                work.customers.count()

    crm = hooked(shared, acting("other", capabilities=("customer:add",), react_changes=react))
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        assert len(kept) == 2
        use()
        theirs = acting("other", "customer", check_changes=lambda context: use())
        with make_crm(plugins=[theirs]) as another, another.work("omid") as their_work:
            their_work.customers.add(Person("Omid"))
        work.customers.add(Person("Mina"))


def test_a_hook_that_uses_the_work_of_another_unit_has_a_name(shared: SharedCrm) -> None:
    """It is the plugin's fault and not the database's: repeating would not help."""
    kept: list[Work] = []

    def use(context: Changed) -> None:
        kept.append(context.work)
        kept[0].customers.count()

    crm = hooked(shared, acting(react_changes=use))
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    with pytest.raises(PluginFailed, match="hook react_changes: it raised InvalidSetting"), crm.work("sara") as work:
        work.customers.add(Person("Omid"))


def test_a_savepoint_that_is_left_open_is_refused(shared: SharedCrm) -> None:
    """Ended in a later call, it would undo what the person wrote in between."""
    left: list[Any] = []

    def leave(context: Changed) -> None:
        left.append(context.work.savepoint())
        left[-1].__enter__()

    crm = hooked(shared, acting(react_changes=leave))
    with crm.work("sara") as work:
        with pytest.raises(PluginFailed, match="left a savepoint open"), work.savepoint():
            work.customers.add(Person("Leila"))
        crm.kernel.hooks = NO_HOOKS
        work.customers.add(Person("Omid"))
        with pytest.raises(InvalidSetting, match="in the call in which it began"):
            left.pop().__exit__(ValueError, ValueError(), None)
        work.customers.add(Person("Mina"))
    with crm.work("sara") as work:
        assert [each.name for each in work.customers.query(sort="name").items] == ["Mina", "Omid"]


def test_a_savepoint_that_ends_is_fine(shared: SharedCrm) -> None:
    """What fails in it is undone alone, and the reaction goes on."""

    def twice(context: Changed) -> None:
        after = context.changes[0].after
        if isinstance(after, Customer) and after.external_id is None:
            for _ in range(2):
                with suppress(DuplicateValue), context.work.savepoint():
                    context.work.customers.add(Person("twin", source="s", external_id="1"))

    crm = hooked(shared, acting("other", capabilities=("customer:add",), react_changes=twice))
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    with crm.work("sara") as work:
        assert sorted(str(each.name) for each in work.customers.stream()) == ["Leila", "twin"]


def test_who_swallowed_a_failed_write_is_named(shared: SharedCrm) -> None:
    """At once, and not at the end, when nobody knows any more who it was."""

    def swallow(context: Changed) -> None:
        after = context.changes[0].after
        if isinstance(after, Customer) and after.external_id != "1":
            with suppress(DuplicateValue):
                context.work.customers.add(Person("twin", source="s", external_id="1"))

    crm = hooked(shared, acting("other", capabilities=("customer:add",), react_changes=swallow))
    with crm.work("sara") as work:
        work.customers.add(Person("first", source="s", external_id="2"))
    with pytest.raises(PluginFailed, match="went on after a write of its own had failed"), crm.work("sara") as work:
        work.customers.add(Person("Leila"))
    with crm.work("sara") as work:
        assert work.customers.count() == 2
