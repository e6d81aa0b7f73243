"""Who hands data out gets no more of it than they may see, and is told what is missing (GDP-02)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from crmcore import Link
from crmcore.crm import Crm
from crmcore.domain.errors import NotFound
from crmcore.testing.fakes import Restricted
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.persons import Told, fill, opened
from tests.application.subjects.test_export import exported

Rules = Mapping[str, str]
Names = Mapping[str, Iterable[str]]


def handed(request: pytest.FixtureRequest, rows: Rules, hidden: Names, storage: str = "memory") -> tuple[Any, Any]:
    """What sara, who is restricted so, hands out of a person, and what there is."""
    with opened(storage, request, Restricted(rows=rows, hidden=hidden)) as crm:
        ann = fill(crm, "ann")
        fill(crm, "bob")
        found = exported(crm, ann.customer, "sara")
        assert "bob0" not in json.dumps(found)
        return found, exported(crm, ann.customer)


@EVERYWHERE
def test_hidden_fields_are_left_out_and_named(storage: str, request: pytest.FixtureRequest) -> None:
    """In records, parts, facets and the history alike."""
    hidden = {"customer": ("note", "email", "loyalty", "custom.nickname"), "interaction": ("body",)}
    found, whole = handed(request, {}, hidden, storage)
    names = {f"{record}.{name}" for record, listed in hidden.items() for name in listed}
    assert names <= set(found["withheld"])
    secrets = [person[name] for person in whole["records"]["customer"] for name in ("note", "custom.nickname")]
    secrets += [person["loyalty.card_number"] for person in whole["records"]["customer"]]
    secrets += [p["value"] for c in whole["records"]["customer"] for p in c["contact_points"] if p["kind"] == "email"]
    secrets += [each["body"] for each in whole["records"]["interaction"]]
    text = json.dumps(found)
    assert len(secrets) == 10 and [secret for secret in secrets if secret in text] == []
    assert found["records"]["customer"][0]["name"] in json.dumps(whole)


@EVERYWHERE
def test_hidden_rows_are_left_out_and_named(storage: str, request: pytest.FixtureRequest) -> None:
    """With their history, and with what belongs to a person only by them."""
    rows = {"lead": 'business_line = "none"', "interaction": 'channel = "letter"', "specimen.sample": 'label = "no"'}
    found, whole = handed(request, rows, {}, storage)
    assert {"lead", "lead_change", "interaction", "specimen.sample"} <= set(found["withheld"])
    for name in ("lead", "lead_change", "interaction", "specimen.sample"):
        assert whole["records"][name] and name not in found["records"]
    told = {each["record"] for each in found["history"]}
    assert told.isdisjoint(("lead", "interaction", "specimen.sample")) and "customer" in told
    assert "specimen.sample" not in found.get("mentions", {}) and "specimen.sample" in whole["mentions"]


def test_a_hidden_reference_finds_nothing(request: pytest.FixtureRequest) -> None:
    """That a record is about this person is what is hidden."""
    hidden = {"interaction": ("customer",), "opportunity": ("parties",)}
    found, whole = handed(request, {}, hidden)
    assert "interaction" not in found["records"] and "interaction" in found["withheld"]
    assert "opportunity" not in found["mentions"] and "opportunity" in whole["mentions"]
    assert "opportunity" in found["withheld"]


def test_a_merged_customer_out_of_sight_is_left_out(request: pytest.FixtureRequest) -> None:
    """Not even the id is told."""
    with opened("memory", request, Restricted(rows={"customer": 'lead_source = "ours"'})) as crm:
        ann = fill(crm, "ann")
        with crm.work("root") as work:
            work.customers.change(ann.customer, lead_source="ours")
        found, whole = exported(crm, ann.customer, "sara"), exported(crm, ann.customer)
    assert len(whole["persons"]) == 2 and len(found["persons"]) == 1
    assert len(found["records"]["customer"]) == 1 and "customer" in found["withheld"]
    assert whole["persons"][1] not in [each["id"] for each in found["history"]]


def test_whom_one_may_not_see_one_does_not_hand_out(request: pytest.FixtureRequest) -> None:
    """As if there were nobody; nothing is logged."""
    with opened("memory", request, Restricted(rows={"customer": "version > 99"})) as crm:
        ann = fill(crm, "ann")
        with pytest.raises(NotFound):
            exported(crm, ann.customer, "sara")
        with crm.work("root") as work:
            assert "read" not in [each.operation for each in work.customers.history(ann.customer)]


def test_of_retired_plugins_what_no_rule_can_be_asked_of_is_withheld(request: pytest.FixtureRequest) -> None:
    """A rule over rows cannot be held against a table that is put aside; hidden fields stay hidden in it."""
    policy = Restricted(rows={"visits.visit": 'place = "here"'}, hidden={"customer": ("loyalty.card_number",)})
    with opened("memory", request, policy) as crm:
        ann = retired(crm)
        found, whole = exported(crm, ann.customer, "sara"), exported(crm, ann.customer)
    assert set(whole["retired"]["visits"]) > set(found["retired"]["visits"]) == {"visits_customer"}
    assert all("card_number" in each for each in whole["retired"]["loyalty"]["loyalty_customer"])
    assert not any("card_number" in each for each in found["retired"]["loyalty"]["loyalty_customer"])
    assert {"visits.visit", "customer.loyalty.card_number"} <= set(found["withheld"])
    assert "visits.visit" not in {each["record"] for each in found["history"]}


def retired(crm: Crm) -> Told:
    """A person of whom two retired plugins know something."""
    ann = fill(crm, "ann")
    with crm.work("root") as work:
        work.links.add(Link("customer", ann.customer, "visits.visit", ann.ids["visit"], "at"))
    for name in ("visits", "loyalty"):
        crm.plugins.disable(name, actor="root")
        crm.plugins.retire(name, actor="root")
    return ann
