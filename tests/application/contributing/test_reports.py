"""Tests of reports: run where the data are, within what a person may see, and checked before anybody reads them."""

from __future__ import annotations

import pytest

from crmcore import Person
from crmcore.crm import Crm
from crmcore.domain.errors import InvalidDeclaration, PluginFailed, StorageBusy, UnknownName
from crmcore.plugins import Chart, Reporting, ReportTable
from crmcore.plugins.specs import Report
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import START, Restricted
from tests.plugins import contributing
from tests.plugins.contributing import Earning
from tests.plugins.made import made


def test_a_report_counts_what_is_stored(crm: Crm) -> None:
    """A report would be right in memory only."""
    with crm.work("sara") as work:
        leila, omar = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
        work[Earning].add_many(Earning(each, START, points) for each, points in ((leila, 2), (omar, 3), (leila, 5)))
    with crm.work("sara", snapshot=True) as work:
        table = work.report("rewards.points")
    assert (table.columns, table.rows) == (("customer", "points"), (("Leila", 7), ("Omar", 3)))
    assert table.chart == Chart("customer", "points")


def test_a_report_holds_what_the_person_may_see_and_no_more() -> None:
    """Whoever may see some rows would read the sums of all, though the plugin reads its own records as it likes."""
    policy = Restricted(rows={"rewards.earning": "points < 5"}, hidden={"customer": ["name"]})
    with make_crm(plugins=[contributing], policy=policy) as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
            work[Earning].add_many(Earning(leila, START, points) for points in (2, 5))
            assert work.report("rewards.points").rows == (("Leila", 7),)
        with crm.work("sara") as work:
            assert work.report("rewards.points").rows == (("", 2),)


def busy(context: Reporting) -> ReportTable:
    """A report that the database does not answer."""
    raise StorageBusy("another writer")


def test_what_the_database_refuses_is_no_fault_of_the_plugin() -> None:
    """A host that repeats what was busy would be told to mend the plugin."""
    plugin = made("odd", declares={"reports": [Report("odd", f"{__name__}:busy")]})
    with make_crm(plugins=[plugin]) as crm, crm.work("sara") as work, pytest.raises(StorageBusy):
        work.report("odd")


def test_a_report_that_is_not_there_is_named_with_the_nearest() -> None:
    """A typo would look like a failure."""
    named = pytest.raises(UnknownName, match=r"did you mean 'rewards\.points'")
    with make_crm(plugins=[contributing]) as crm, crm.work("sara") as work, named:
        work.report("rewards.pionts")


def test_a_target_that_is_not_there_names_plugin_and_path() -> None:
    """Nobody could tell which plugin is broken, or where."""
    plugin = made("odd", declares={"reports": [Report("odd", f"{__name__}:missing")]})
    named = pytest.raises(PluginFailed, match=r"plugin 'odd', hook declare_reports: the report 'odd'.*:missing")
    with make_crm(plugins=[plugin]) as crm, crm.work("sara") as work, named:
        work.report("odd")


def test_no_report_is_called_list() -> None:
    """It could not be run: `crm report list` lists the reports."""
    with pytest.raises(InvalidDeclaration, match="list"):
        Report("list", "some.where:run")
