"""Killed at any step of retiring, restoring or purging: doing it again ends as if nothing had happened."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

import crmcore
from crmcore import Person
from crmcore.crm import Crm
from crmcore.domain import field
from crmcore.domain.facet import Facet, facet
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record
from crmcore.testing import make_crm
from tests.databases import storages
from tests.plugins.made import made

STEPS: Final = ("ALTER", "CREATE", "DROP", "RENAME", "INSERT", "DELETE", "UPDATE")


@part("line")
class Line(Part):
    """A part with a reference."""

    maker: Any = field.reference("customer", default=None)


@record("slip")
class Slip(Record):
    """A record with a reference and parts."""

    customer: Any = field.reference("customer", default=None)
    title: str | None = field.text(default=None, search="name")
    lines: tuple[Line, ...] = parts(Line, default=())


@facet("customer")
class Mark(Facet):
    """A facet."""

    mark: str | None = field.text(default=None, unique=True, length=40)


SMALL = made("small", records=[Slip], facets=[Mark])
Switch = Callable[[Crm, Path], object]
SWITCHES: Final[dict[str, Switch]] = {
    "retire": lambda crm, folder: crm.plugins.retire("small", actor="root"),
    "enable": lambda crm, folder: crm.plugins.enable(SMALL, actor="root"),
    "purge": lambda crm, folder: crm.plugins.purge("small", actor="root", archive=folder),
}


def killed_at(step: int, switch: Switch, url: str, folder: Path) -> bool:
    """Whether the switch was killed at that step: with one step fewer it ends by itself."""
    fork = multiprocessing.get_context("fork")
    process = fork.Process(target=_run, args=(step, switch, url, folder))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode != 0


def _run(step: int, switch: Switch, url: str, folder: Path) -> None:
    crm, left = crmcore.open(url, plugins="none"), [step]

    def count(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.lstrip().split()[0].upper() in STEPS:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    switch(crm, folder)
    os._exit(0)


def until_done(switch: str, url: str, folder: Path) -> int:
    """Run a switch, killed one step later each time, until it ends; how often it was killed."""
    step = 1
    while killed_at(step, SWITCHES[switch], url, folder):
        step += 1
    return step - 1


def rows(url: str) -> list[Any]:
    """What the plugin has."""
    with make_crm(url, plugins=[SMALL]) as crm, crm.work("reader") as work:
        slips = [(s.id, s.title, s.customer, s.lines) for s in work[Slip].stream()]
        marks = [(c.id, c.facet(Mark).mark) for c in work.customers.stream(with_=[Mark])]
        return [slips, marks, [hit.id for hit in work.search("first")]]


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_killed_at_any_step(fresh_url: str, tmp_path: Path) -> None:
    """Half of the tables would be gone, or rows be lost, or a foreign key not come back."""
    with make_crm(fresh_url, plugins=[SMALL]) as crm, crm.work("sara") as work:
        leila = work.customers.add(Person("Leila").with_facets(Mark(mark="m"))).id
        work[Slip].add(Slip(customer=leila, title="first", lines=(Line(maker=leila), Line())))
    folder = tmp_path / "archives"
    before, joined = rows(fresh_url), sorted(foreign_keys(fresh_url))
    assert len(joined) == 4
    with make_crm(fresh_url, plugins=[SMALL]) as crm:
        crm.plugins.disable("small", actor="root")
    assert until_done("retire", fresh_url, tmp_path) > 3
    assert until_done("enable", fresh_url, tmp_path) > 3
    assert rows(fresh_url) == before
    assert sorted(foreign_keys(fresh_url)) == joined
    with make_crm(fresh_url, plugins=[SMALL]) as crm:
        crm.plugins.disable("small", actor="root")
        crm.plugins.retire("small", actor="root")
    assert until_done("purge", fresh_url, folder) > 3
    first = min(folder.iterdir(), key=lambda each: (len(each.name), each.name))
    told = {each.stem: each.read_text().splitlines() for each in first.glob("*.jsonl")}
    counts = {name: len(lines) for name, lines in told.items()}
    assert counts == {"small_slip": 1, "small_slip_line": 2, "small_customer": 1}
    assert json.loads(told["small_slip"][0])["title"] == "first"
    assert [name for name in table_names(fresh_url) if "small" in name] == []
    with make_crm(fresh_url) as crm, crm.work("sara") as work:
        assert work.customers.count() == 1


def table_names(url: str) -> list[str]:
    engine = sa.create_engine(url)
    found = sa.inspect(engine).get_table_names()
    engine.dispose()
    return found


def foreign_keys(url: str) -> list[tuple[str, str]]:
    """(table, table that it refers to) of the plugin's tables."""
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    names = [name for name in inspector.get_table_names() if "small" in name]
    found = [(name, key["referred_table"]) for name in names for key in inspector.get_foreign_keys(name)]
    engine.dispose()
    return found
