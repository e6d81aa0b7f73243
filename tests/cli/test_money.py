"""purchases and cash-flow: the documents that scripts read, and what people see."""

from tests.cli.conftest import Crm


def eur(amount: str) -> dict[str, str]:
    """Euros as a document has them."""
    return {"amount": amount, "currency": "EUR"}


def shop(crm: Crm) -> None:
    """A customer with an order, an unpaid invoice of it and a complaint about it."""
    crm.add("customer", "name=Leila", "external_id=1", "city=Cairo")
    crm.add("product", "name=Tea", "code=T")
    crm.add(
        "order",
        "external_id=A1",
        "customer=1",
        "ordered_at=2025-03-01",
        "product=T",
        "quantity=3",
        "unit_price=4 EUR",
        "line.discount=2 EUR",
    )
    crm.add("invoice", "number=R7", "order=A1", "customer=1", "issued_on=2025-03-01", "net_days=14", "total=10 EUR")
    crm.add(
        "interaction", "customer=1", "at=2025-03-04", "channel=email", "kind=complaint", "order=A1", "subject=Stale"
    )


def test_purchases(crm: Crm) -> None:
    """A script would not find order, customer, product, invoice and complaint of what was bought in one document."""
    shop(crm)
    where = 'customer.city = "Cairo" and interaction where (kind = "complaint")'
    document = crm.json("purchases", "--where", where).done
    [item] = document["items"]
    assert document["next"] is None
    assert (item["order"]["external_id"], item["customer"]["label"], item["product"]["label"]) == ("A1", "Leila", "Tea")
    assert (item["unit_price"], item["discount"], item["amount"]) == (eur("4.00"), eur("2.00"), eur("10.00"))
    assert (item["returned"], [each["subject"] for each in item["complaints"]]) == (False, ["Stale"])
    [invoice] = item["invoices"]
    assert (invoice["label"], invoice["status"], invoice["due_on"]) == ("R7", "open", "2025-03-15")
    assert (invoice["open"], invoice["days_overdue"] > 0) == (eur("10.00"), True)
    assert crm.json("purchases", "--where", 'customer.city = "Tehran"').done["items"] == []


def test_purchases_for_people(crm: Crm) -> None:
    """A person would have to read JSON, or page by guessing."""
    shop(crm)
    crm.add("order", "external_id=A2", "customer=1", "ordered_at=2025-03-02", "total=1 EUR")
    crm.json("change", "invoice", "number=R7", "paid_on=2025-03-20")
    first = crm("purchases", "--limit", "1")
    assert "A2" in first.out
    cursor = first.err.rpartition("--after ")[2].strip()
    second = crm("purchases", "--limit", "1", "--after", cursor)
    for shown in ("A1", "Leila", "Tea", "10.00 EUR", "R7 paid 2025-03-20", "Stale"):
        assert shown in second.out
    assert crm.json("purchases", "--limit", "1001").status == 2
    assert crm.json("purchases", "--where", "colour = 1").error["type"] == "PredicateError"


def test_cash_flow(crm: Crm) -> None:
    """A script would not find each month's balance in the three views, and what it consists of."""
    shop(crm)
    crm.add(
        "planned_payment", "name=Wages", "first_on=2025-01-31", "amount=9000 EUR", "kind=payroll", "repeats=monthly"
    )
    crm.add("opportunity", "name=Deal", "amount=1000 EUR", "expected_close=2025-03-20", "probability=0.5")
    crm.add("opportunity", "name=Some day", "amount=1000 EUR")
    crm.add("invoice", "issued_on=2025-03-01", "due_on=2025-03-05", "total=7 JPY")
    asked = ("cash-flow", "--from", "2025-03-01", "--months", "2", "--opening", "50000 EUR")
    document = crm.json(*asked).done
    march, april = document["periods"]
    assert march == {
        "period": "2025-03",
        "opening": eur("50000.00"),
        "in": eur("510.00"),
        "out": eur("9000.00"),
        "closing": eur("41510.00"),
        "committed": eur("41010.00"),
        "best_case": eur("42010.00"),
        "sources": {"invoice": eur("10.00"), "opportunity": eur("500.00"), "payroll": eur("-9000.00")},
    }
    assert (april["opening"], april["closing"]) == (eur("41510.00"), eur("32510.00"))
    assert (document["missing_rates"], document["undated"]) == (["JPY"], 1)
    shown = crm(*asked)
    assert "41510.00 EUR" in shown.out
    assert "█" in shown.out
    assert "JPY" in shown.err
    assert "open opportunities, 1." in shown.err


def test_cash_flow_that_cannot_be(crm: Crm) -> None:
    """What cannot be read would be taken for something else, or end in a traceback."""
    crm.add("customer", "name=Leila")
    assert crm.json("cash-flow", "--from", "soon").error["type"] == "InvalidValue"
    assert crm.json("cash-flow", "--opening", "much").error["type"] == "InvalidValue"
    assert crm.json("cash-flow", "--opening", "1 JPY").error["type"] == "InvalidSetting"
    assert crm.json("cash-flow", "--months", "0").status == 2
    assert len(crm.json("cash-flow").done["periods"]) == 3
