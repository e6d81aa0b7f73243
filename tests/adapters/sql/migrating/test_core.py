"""The core's own tables are migrated as those of plugins are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmcore.adapters.sql.engine import own_engine
from crmcore.adapters.sql.migrating.authoring import fields_of
from crmcore.adapters.sql.migrating.deriving import derive
from crmcore.adapters.sql.migrating.shapes import from_plain, shapes_of
from crmcore.adapters.sql.storage import SqlStorage
from crmcore.adapters.sql.tables import build_tables
from crmcore.application.readiness import Readiness
from crmcore.application.upgrading import upgrade
from crmcore.crm import Crm
from crmcore.domain import field
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.customer import Person
from crmcore.domain.product import Product
from crmcore.domain.record import Record, record
from crmcore.domain.records import CORE, WORKFLOWS
from crmcore.plugins.registry import load
from crmcore.plugins.revisions import CORE_PACKAGE, core_chain, folder_of
from crmcore.ports.migration import FIRST, Chain, Operations, Revision
from tests.adapters.sql.migrating.releases import release
from tests.adapters.sql.migrating.schema import described


@record("product", title=Product.__crm__.title if Product.__crm__ else (), indexes=(("warranty",),))
class LaterProduct(Product):
    """The product of a later release: it tells how long it is guaranteed."""

    warranty: int = field.integer(default=24)


@record("ticket")
class Ticket(Record):
    """A record type that the core did not have."""

    text: str = field.text(length=80, index=True)


def later() -> Catalogue:
    """The core of a later release."""
    classes = [LaterProduct if cls is Product else cls for cls in CORE]
    return build([(None, cls) for cls in (*classes, Ticket)], workflows=WORKFLOWS)


def revision(old: Catalogue, new: Catalogue) -> Revision:
    """What leads from the one core to the other."""
    before, after = build_tables(old, ""), build_tables(new, "")
    operations = derive(shapes_of(before, "core"), shapes_of(after, "core"), fields_of(new, after, "core"))
    assert operations
    assert not any(each.open for each in operations)

    def run(op: Operations) -> None:
        for each in operations:
            getattr(op, each.name)(*each.args, **each.options)

    return Revision("0002", FIRST, new.fingerprint(None), run)


@pytest.fixture
def engine(fresh_url: str) -> Iterator[sa.Engine]:
    """An engine on an empty database."""
    made = own_engine(fresh_url)
    yield made
    made.dispose()


def test_a_later_core_keeps_the_rows(engine: sa.Engine) -> None:
    """An upgrade of crmcore itself would lose customers, or leave tables that it does not know."""
    crm = Crm(engine)
    crm.upgrade()
    with crm.work("sara") as work:
        work.customers.add(Person("Leila"))
        work[Product].add(Product(code="A1", name="Tea", category=None, price=None))
    new = later()
    storage = SqlStorage(engine, new)
    chain = Chain("core", (revision(crm.catalogue, new),))
    readiness = Readiness(new, (), storage.stamp, chain=lambda name: chain)
    assert readiness.waiting() == {"core": ["0002"]}
    assert upgrade(readiness, storage, lambda step: None) == {"core": "0002"}
    readiness.check()
    SqlStorage(engine, new, "new_").create(readiness.next_stamp()[0], ["core"])
    with engine.connect() as connection:
        assert described(connection, "crm_") == described(connection, "new_")
        product = sa.text("SELECT name, warranty FROM crm_product")
        assert connection.execute(product).all() == [("Tea", 24)]
        assert connection.execute(sa.text("SELECT count(*) FROM crm_customer")).scalar() == 1


def test_the_cores_revisions_lead_to_what_it_declares() -> None:
    """A release would change the core's tables without a revision, and every database of the last one is refused."""
    chain, catalogue = core_chain(), load().catalogue
    if not chain.revisions:  # nothing is released yet: the first release is made from the declarations
        assert chain.newest == FIRST
        return
    assert chain.fingerprint == catalogue.fingerprint(None)
    [snapshot] = folder_of(CORE_PACKAGE).glob(f"{chain.newest}_*.json")
    told = json.loads(snapshot.read_text(encoding="utf-8"))
    recorded = {name: from_plain(name, plain) for name, plain in told["tables"].items()}
    assert recorded == shapes_of(build_tables(catalogue, ""), "core")


def test_processes_that_upgrade_at_once(fresh_url: str, releases: Path) -> None:
    """Of two services that start with a new release, both would change the same table, or one would fail."""
    engine = own_engine(fresh_url)
    Crm(engine, plugins=[release(1)]).upgrade()
    program = (
        "import sys; sys.path.insert(0, sys.argv[2]); import crmcore, wear3; "
        "crm = crmcore.open(sys.argv[1], plugins=[wear3]); crm.upgrade(); print(crm.status()); crm.close()"
    )
    command = [sys.executable, "-W", "error", "-c", program, fresh_url, str(releases)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    ended = [each.communicate(timeout=120) for each in running]
    assert ended == [("({'core': '0001', 'wear': '0003'}, True)\n", "")] * 3
    engine.dispose()
