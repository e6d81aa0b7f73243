"""What plugins tell a person about themselves: plain, exact, and all of it or nothing."""

from __future__ import annotations

import datetime as dt
from collections import UserDict
from decimal import Decimal
from typing import Any

import pytest

from crmcore import Person
from crmcore.application.contributing.subject import disclosed
from crmcore.domain.errors import PluginFailed
from crmcore.plugins import Disclosing, hookimpl, on
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START, Restricted
from crmcore.testing.specimens import Profile, Sample
from tests.plugins.contributing import answering, euros
from tests.plugins.made import made, refused


def telling(name: str, answer: Any) -> Any:
    """A plugin that tells what a function of the context gives."""
    return made(name, hooks={"contribute_subject": answering(answer)})


def told(*plugins: Any, **given: Any) -> dict[str, dict[str, Any]]:
    """What these plugins tell Leila about herself."""
    with make_crm(plugins=[specimens, *plugins], **given) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile(motto="on"))).id
            work[Sample].add(Sample("one", START, customer=leila))
        with crm.work("sara") as work:
            return disclosed(work, work.customers.get(leila, with_=[Profile]))


def test_plugins_tell_in_their_order() -> None:
    """A person would not learn what is known of them in other systems, or who knows it."""
    whole = {"tier": "gold", "since": START, "share": Decimal("0.10"), "credit": euros("3"), "why": [{"a": (1, None)}]}
    found = told(telling("alpha", lambda context: whole), telling("beta", lambda context: None))
    assert found == {
        "alpha": {
            "tier": "gold",
            "since": "2025-01-15T10:00:00Z",
            "share": "0.10",
            "credit": {"amount": "3.00", "currency": "EUR"},
            "why": [{"a": [1, None]}],
        }
    }


def test_a_plugin_sees_the_customer_with_every_facet() -> None:
    """It could not explain what it keeps there."""

    def explain(context: Disclosing) -> dict[str, Any]:
        return {"motto": context.customer.facet(Profile).motto, "samples": context.work[Sample].count()}

    assert told(telling("alpha", explain)) == {"alpha": {"motto": "on", "samples": 1}}


def test_a_long_life_is_told_whole() -> None:
    """Who has been a customer for long would get nothing at all: an answer that is refused stops the export."""
    steps = [{"at": START, "points": n} for n in range(10_000)]
    found = told(telling("alpha", lambda context: {"steps": steps}))
    assert len(found["alpha"]["steps"]) == 10_000


def test_it_reads_what_the_one_may_who_hands_it_out() -> None:
    """What is withheld from a clerk would come out by way of a plugin."""

    def count(context: Disclosing) -> dict[str, Any]:
        return {"samples": context.work[Sample].count()}

    blind = Restricted(rows={"specimen.sample": 'label = "other"'})
    assert told(telling("alpha", count), policy=blind) == {"alpha": {"samples": 0}}


@pytest.mark.parametrize(
    ("answer", "blame"),
    [
        (lambda context: "text", "returned a value of type str, and neither a mapping nor None"),
        (lambda context: {"share": 0.1}, "a value of type float, which is not plain and exact"),
        (lambda context: {"at": dt.datetime(2025, 1, 1)}, "has no time zone"),
        (lambda context: {"": 1}, "in place of a name"),
        (lambda context: {"long": "x" * 10_000_000}, "more than can be shown: at most 10,000,000 characters"),
        (lambda context: Fickle(a=1), "looking at its answer raised ZeroDivisionError"),
        (lambda context: 1 / 0, "ZeroDivisionError"),
        (lambda context: exit(1), "SystemExit"),
        (lambda context: context.work.customers.add(Person("smuggled")), "only reads"),
    ],
)
def test_a_plugin_that_fails_stops_it(answer: Any, blame: str) -> None:
    """The person would take what is left for everything."""
    with pytest.raises(PluginFailed, match=blame) as caught:
        told(telling("alpha", lambda context: {"fine": 1}), telling("beta", answer))
    assert "plugin 'beta', hook contribute_subject" in str(caught.value)


class Fickle(UserDict[str, Any]):
    """A mapping that cannot be looked at."""

    def __iter__(self) -> Any:
        raise ZeroDivisionError


def test_the_unit_of_work_goes_on_after_one_that_failed() -> None:
    """A host that tells the clerk why would lose what it wrote before."""
    with make_crm(plugins=[specimens, telling("alpha", lambda context: 1 / 0)]) as crm:
        with crm.work("sara") as work:
            leila = work.customers.add(Person("Leila").with_facets(Profile()))
            with pytest.raises(PluginFailed):
                disclosed(work, leila)
        with crm.work("sara") as work:
            assert work.customers.count() == 1


def test_a_subject_hook_takes_no_record_types() -> None:
    """It is asked about customers and nothing else."""
    error = refused(PluginFailed, made("odd", hooks={"contribute_subject": hookimpl(on("customer")(lambda: None))}))
    assert "hook contribute_subject: it asks for record types" in str(error)
