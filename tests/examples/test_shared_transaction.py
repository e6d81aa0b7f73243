"""The plain script: the host's row and the CRM's rows share one fate in a SQLAlchemy transaction."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import attrs
import pytest
import sqlalchemy as sa

from crmcore import Crm, Customer, Money, Person
from crmcore.domain.errors import DanglingReference
from examples import shared_transaction
from examples.shared_transaction import PaymentRefused, basket, buy, open_crm
from tests.examples.both_sides import rows

TABLES = ("basket", "crm_order", "crm_interaction", "crm_change")
NOTHING = {"basket": 0, "crm_order": 0, "crm_interaction": 0, "crm_change": 1}
"""The customer is there already, with an entry in the log."""
PRICE = Money("12.50", "EUR")
NOBODY = UUID("019a0000-0000-7000-8000-000000000000")


@attrs.frozen
class Shop:
    """The script's shop on one database, with one customer."""

    url: str
    engine: sa.Engine
    crm: Crm
    leila: Customer


@pytest.fixture
def shop(fresh_url: str) -> Iterator[Shop]:
    """A shop on each storage."""
    engine = sa.create_engine(fresh_url)
    crm = open_crm(engine)
    with crm.work(actor="test") as work:
        leila = work.customers.add(Person("Leila"))
    yield Shop(fresh_url, engine, crm, leila)
    engine.dispose()


def test_both_sides_commit_together(shop: Shop) -> None:
    """A paid order would be missing on one side."""
    buy(shop.engine, shop.crm, shop.leila.id, "saffron", PRICE, paid=True)
    assert rows(shop.url, TABLES) == {"basket": 1, "crm_order": 1, "crm_interaction": 1, "crm_change": 3}


def test_both_sides_roll_back_together(shop: Shop) -> None:
    """The CRM would have committed by itself, before the host knew whether it would."""
    with pytest.raises(PaymentRefused):
        buy(shop.engine, shop.crm, shop.leila.id, "saffron", PRICE, paid=False)
    assert rows(shop.url, TABLES) == NOTHING


def test_a_refusal_of_the_crm_undoes_the_host_too(shop: Shop) -> None:
    """The basket would be sold to nobody."""
    with pytest.raises(DanglingReference):
        buy(shop.engine, shop.crm, NOBODY, "saffron", PRICE, paid=True)
    assert rows(shop.url, TABLES) == NOTHING


def test_a_host_may_catch_the_refusal_and_go_on(shop: Shop) -> None:
    """The CRM would have broken the host's transaction, or left half of its own writes in it."""
    with shop.engine.begin() as connection:
        connection.execute(sa.insert(basket).values(item="saffron", customer=str(shop.leila.id)))
        with pytest.raises(ZeroDivisionError), shop.crm.work(connection=connection, actor="test") as work:
            work.customers.add(Person("Nobody"))
            raise ZeroDivisionError
    assert rows(shop.url, TABLES) == {**NOTHING, "basket": 1}


def test_a_host_may_undo_what_the_crm_has_finished(shop: Shop) -> None:
    """A savepoint of the host's around a finished unit of work would not reach into it."""
    with shop.engine.begin() as connection:
        nested = connection.begin_nested()
        with shop.crm.work(connection=connection, actor="test") as work:
            work.customers.add(Person("Nobody"))
        nested.rollback()
        connection.execute(sa.insert(basket).values(item="saffron", customer=str(shop.leila.id)))
    assert rows(shop.url, TABLES) == {**NOTHING, "basket": 1}


def test_the_script_shows_both_fates(tmp_path: Path) -> None:
    """Whoever runs it by hand would see something else than what it says."""
    done = subprocess.run(
        [sys.executable, "-W", "error", shared_transaction.__file__],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    paid, refused, after = done.stdout.splitlines()
    assert paid.endswith("{'baskets': 1, 'orders': 1, 'interactions': 1}")
    assert "caviar" in refused
    assert after.split("{")[1] == paid.split("{")[1]
