"""The Flask shop: its order and the CRM's records share one fate, on a connection of the shop's own engine."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

import crmcore
from crmcore import Crm, Money, Opportunity, Person
from tests.examples.both_sides import rows

pytest.importorskip("flask", reason="the extra `test` brings Flask")

from flask.testing import FlaskClient

from examples.flask_shop.shop import create_app

TABLES = ("shop_order", "crm_customer", "crm_order", "crm_order_line", "crm_interaction")
NOTHING = dict.fromkeys(TABLES, 0)
ONE_SALE = dict.fromkeys(TABLES, 1)
LEILA = {"name": "لیلا حسینی", "email": "leila@example.com", "item": "saffron"}


@attrs.frozen
class Shop:
    """The shop on one database."""

    url: str
    engine: sa.Engine
    crm: Crm

    def client(self) -> FlaskClient:
        """A client of an application of its own."""
        return create_app(self.engine, self.crm).test_client()

    def buy(self, **given: object) -> tuple[int, dict[str, Any]]:
        """Check out; gives status and answer."""
        answer = self.client().post("/checkout", data={**LEILA, **given})
        return answer.status_code, dict(answer.get_json(silent=True) or {})

    def rows(self) -> dict[str, int]:
        """How many rows there are on both sides."""
        return rows(self.url, TABLES)

    def quote(self, number: str, email: str) -> None:
        """Somebody whom the shop has made an offer."""
        with self.crm.work(actor="sales") as work:
            customer = work.customers.add(Person("سارا احمدی", emails=[email]))
            offer = Opportunity(
                "Spices", customer=customer.id, amount=Money("25", "EUR"), source="shop", external_id=number
            )
            work.opportunities.add(offer)

    def offered(self, number: str) -> Opportunity:
        """The offer of this number."""
        with self.crm.work(actor="test") as work:
            found = work.opportunities.find(external_id=number, source="shop")
        assert found is not None
        return found


@pytest.fixture
def shop(fresh_url: str) -> Iterator[Shop]:
    """A shop on each storage."""
    engine = crmcore.prepare(sa.create_engine(fresh_url))
    crm = Crm(engine)
    crm.upgrade()
    yield Shop(fresh_url, engine, crm)
    engine.dispose()


def test_what_is_sold_is_on_both_sides(shop: Shop) -> None:
    """A sale would be booked by the shop and unknown to the CRM, or its lines or names would not be as given."""
    status, answer = shop.buy(item=["saffron", "black tea", "saffron"])
    assert status == 201
    assert shop.rows() == {**ONE_SALE, "crm_order_line": 2}
    with shop.crm.work(actor="test") as work:
        order = work.orders.find(external_id=str(answer["order"]), source="shop")
        customer = work.customers.find(email="leila@example.com")
        assert order is not None and customer is not None
        assert (order.customer, order.total) == (customer.id, Money("29", "EUR"))
        assert customer.name == "لیلا حسینی"
        assert work.customers.count('name ~ "ليلا حسيني"') == 1, "as an Arabic keyboard writes it"


def test_who_is_known_buys_again(shop: Shop) -> None:
    """The second sale would be to a second customer of the same e-mail address, however it is written."""
    assert [shop.buy()[0], shop.buy(email="Leila@Example.com")[0]] == [201, 201]
    assert shop.rows() == {**dict.fromkeys(TABLES, 2), "crm_customer": 1}


def test_what_the_bank_refuses_is_on_neither_side(shop: Shop) -> None:
    """A refused payment would leave an order in the CRM: the CRM had ended or committed the shop's transaction."""
    assert shop.buy(card="expired") == (402, {"error": "the card has expired"})
    assert shop.rows() == NOTHING


def test_what_the_crm_refuses_is_on_neither_side(shop: Shop) -> None:
    """The shop would book a sale that the CRM did not take."""
    status, answer = shop.buy(name="ل" * 2_000)
    assert (status, "name" in answer["error"]) == (409, True)
    assert shop.rows() == NOTHING


def test_a_contact_form_makes_a_lead_of_who_is_known(shop: Shop) -> None:
    """A question of somebody who has bought would be that of a stranger, or spam would become a customer."""
    shop.buy()
    form = {"name": LEILA["name"], "email": LEILA["email"], "message": "زعفران دارید؟"}
    answers = [
        shop.client().post("/contact", data={**form, **more}).status_code for more in ({}, {"web": "spam", "name": "X"})
    ]
    assert answers == [201, 400]
    assert shop.rows() == {**ONE_SALE, "crm_interaction": 2}
    with shop.crm.work(actor="test") as work:
        assert work.leads.count('stage = "lead"') == 1


@pytest.mark.parametrize("missing", [{"item": "caviar"}, {"item": []}, {"email": []}])
def test_a_form_that_cannot_be_read_is_refused(shop: Shop, missing: dict[str, object]) -> None:
    """What the shop does not sell would be an error of its own, not the buyer's."""
    assert shop.buy(**missing)[0] == 400
    assert shop.rows() == NOTHING


def test_an_order_from_a_quote_wins_its_opportunity(shop: Shop) -> None:
    """The pipeline would show as open what was sold."""
    shop.quote("Q-7", "sara@example.com")
    assert shop.buy(email="sara@example.com", quote="Q-7")[0] == 201
    assert shop.offered("Q-7").status == "won"
    assert shop.buy(email="sara@example.com", quote="Q-7")[0] == 402
    assert shop.rows() == ONE_SALE


@pytest.mark.parametrize(("email", "card"), [("sara@example.com", "expired"), ("omid@example.com", "good")])
def test_a_quote_stays_open_where_nothing_was_sold(shop: Shop, email: str, card: str) -> None:
    """A refused payment, or somebody else's order, would win the opportunity, or its customer would remain."""
    shop.quote("Q-7", "sara@example.com")
    assert shop.buy(email=email, quote="Q-7", card=card)[0] == 402
    assert shop.offered("Q-7").status == "open"
    assert shop.rows() == {**NOTHING, "crm_customer": 1}


@pytest.mark.parametrize("emails", [("leila@example.com", "omid@example.com"), ("leila@example.com",) * 2])
def test_two_check_out_at_once(shop: Shop, emails: tuple[str, str]) -> None:
    """One of them would fail or wait for ever, or one person would become two customers."""
    clients, barrier = [shop.client(), shop.client()], Barrier(2, timeout=20)

    def check_out(client: FlaskClient, email: str) -> int:
        barrier.wait()
        return client.post("/checkout", data={**LEILA, "email": email}).status_code

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(check_out, clients, emails)) == [201, 201]
    assert shop.rows() == {**dict.fromkeys(TABLES, 2), "crm_customer": len(set(emails))}
