"""`crm plugins why`: who contributed what, and who vetoes which step."""

from __future__ import annotations

from tests.cli.conftest import Crm


def test_a_workflow_is_explained(loyal: Crm) -> None:
    """A person at the command line could not tell who is in the way."""
    document = loyal.json("plugins", "why", "customer:loyalty.tier").done
    assert document["target"] == "customer:loyalty.tier"
    assert {"kind": "state", "name": "bronze", "plugin": "loyalty", "initial": True} in document["items"]
    text = loyal("plugins", "why", "opportunity:status").out
    assert "core" in text and "sources won; lost, target open" in text


def test_the_steps_of_one_record_are_explained(loyal: Crm) -> None:
    """Which of many guards refuses would be found out by trying."""
    leila = loyal.add("customer", "name=Leila", "loyalty.tier=silver")
    found = loyal.json("plugins", "why", "customer:loyalty.tier", leila["id"]).done["items"]
    steps = {each["name"]: each for each in found}
    assert steps["downgrade"]["open"] is True
    [veto] = steps["upgrade_to_gold"]["vetoes"]
    assert (veto["plugin"], veto["guard"]) == ("loyalty", "has_card")
    text = loyal("plugins", "why", "customer:loyalty.tier", leila["id"]).out
    assert "loyalty: the tier gold is shown by a card" in text
    assert loyal.json("history", "customer", leila["id"]).done["items"][0]["version"] == 1


def test_a_target_that_is_not_there_is_refused(loyal: Crm) -> None:
    """A slip would look as if nobody had contributed anything."""
    error = loyal.json("plugins", "why", "customer.loyalty.teir").error
    assert error["type"] == "UnknownName"
    assert "customer.loyalty.tier" in error["nearest"]
    assert loyal.json("plugins", "why", "customer", "x=1").error["type"] == "UnknownName"
