"""The Django shop: its row and the CRM's rows share one fate, on Django's own connection."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

import crmcore
from crmcore import Person
from tests.examples import shop_visit
from tests.examples.both_sides import rows

pytest.importorskip("django", reason="the extra `test` brings Django")

TABLES = ("shop_purchase", "crm_customer", "crm_order", "crm_interaction", "crm_change")
ONE_SALE = {"shop_purchase": 1, "crm_customer": 1, "crm_order": 1, "crm_interaction": 1, "crm_change": 3}


def visit(url: str, *customers: tuple[str, str]) -> list[dict[str, Any]]:
    """Buy once for each e-mail and card; gives what the shop answered."""
    given = [word for pair in customers for word in pair]
    done = subprocess.run(
        [sys.executable, "-W", "error", shop_visit.__file__, *given],
        env={**os.environ, "SHOP_DATABASE": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def test_what_is_sold_is_on_both_sides(fresh_url: str) -> None:
    """A sale would be booked by the shop and unknown to the CRM, or the other way round."""
    (answer,) = visit(fresh_url, ("leila@example.com", "good"))
    assert answer["status"] == 201
    assert rows(fresh_url, TABLES) == ONE_SALE


def test_what_the_host_refuses_is_on_neither_side(fresh_url: str) -> None:
    """A refused payment would leave an order in the CRM: the CRM had ended or committed Django's transaction."""
    (answer,) = visit(fresh_url, ("leila@example.com", "expired"))
    assert answer == {"status": 402, "error": "the card has expired"}
    assert rows(fresh_url, TABLES) == dict.fromkeys(TABLES, 0)


def test_what_the_crm_refuses_is_on_neither_side(fresh_url: str) -> None:
    """The shop would book a sale that the CRM could not tell to whom it went."""
    crm = crmcore.open(fresh_url)
    crm.upgrade()
    with crm.work(actor="test") as work:
        work.customers.add_many(Person(name, emails=["shared@example.com"]) for name in ("Leila", "Sara"))
    crm.close()
    (answer,) = visit(fresh_url, ("shared@example.com", "good"))
    assert answer["status"] == 409
    assert "several records" in answer["error"]
    assert rows(fresh_url, TABLES) == {**dict.fromkeys(TABLES, 0), "crm_customer": 2, "crm_change": 2}


def test_one_connection_serves_one_sale_after_another(fresh_url: str) -> None:
    """What a refused sale leaves in the connection would spoil the next: an open savepoint, a closed transaction."""
    people = [("leila@example.com", "expired"), ("leila@example.com", "good"), ("leila@example.com", "expired")]
    assert [answer["status"] for answer in visit(fresh_url, *people)] == [402, 201, 402]
    assert rows(fresh_url, TABLES) == ONE_SALE


def test_the_two_sides_know_each_other(sqlite_url: str) -> None:
    """Nobody could tell which order of the CRM belongs to which purchase of the shop."""
    (answer,) = visit(sqlite_url, ("leila@example.com", "good"))
    crm = crmcore.open(sqlite_url)
    with crm.work(actor="test") as work:
        order = work.orders.find(external_id=str(answer["purchase"]), source="shop")
        assert order is not None
        assert order.total == crmcore.Money("12.50", "EUR")
    crm.close()
