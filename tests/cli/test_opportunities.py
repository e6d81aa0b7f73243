"""`crm opportunity`, `crm pipeline` and `crm forecast`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Crm


@pytest.fixture
def deal(crm: Crm) -> dict[str, Any]:
    """An opportunity of 12,000 euros."""
    return crm.add("opportunity", "name=Annual plan", "amount=12000 EUR", "expected_close=2026-03-31", "external_id=7")


def test_moving_gives_the_opportunity(crm: Crm, deal: dict[str, Any]) -> None:
    """A script could not see where a move has led."""
    moved = crm.json("opportunity", "move", deal["id"], "Proposal", "--reason", "asked").done
    assert (moved["stage"], moved["status"], moved["version"]) == ("proposal", "open", 2)
    won = crm.json("opportunity", "win", "external_id=7", "--on", "2026-11-01", "--reason", "service").done
    assert (won["closed_on"], won["won_reason"]) == ("2026-11-01", "service")
    assert crm.json("opportunity", "move", deal["id"], "proposal").done["closed_on"] is None
    lost = crm.json("opportunity", "lose", deal["id"], "--reason", "قیمت").done
    assert (lost["status"], lost["lost_reason"], lost["stage"]) == ("lost", "قیمت", "lost")
    assert "قیمت" in crm("opportunity", "stages", deal["id"]).out


def test_people_are_shown_names_in_place_of_ids(crm: Crm) -> None:
    """Whoever moves a deal would see three ids, and not whose deal it is."""
    customer = crm.add("customer", "name=کلینیک نور")
    deal = crm.add("opportunity", "name=Plan", f"customer={customer['id']}")
    shown = crm("opportunity", "move", deal["id"], "proposal").out
    assert "کلینیک نور" in shown
    assert customer["id"] not in shown
    assert crm.json("opportunity", "move", deal["id"], "qualified").done["customer"] == customer["id"]


def test_the_stage_history_is_listed(crm: Crm, deal: dict[str, Any]) -> None:
    """Nobody could look up how a deal came where it is."""
    crm.json("opportunity", "move", deal["id"], "proposal")
    items = crm.json("opportunity", "stages", deal["id"]).done["items"]
    assert [(each["from_stage"], each["to_stage"]) for each in items] == [
        (None, "prospecting"),
        ("prospecting", "proposal"),
    ]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (("move", "{id}", "propsal"), "InvalidRecord", "did you mean proposal?"),
        (("move", "{id}", "proposal", "--version", "9"), "ConcurrentChange", "version 1, not 9"),
        (("win", "name=nobody"), "NotFound", "nobody"),
        (("win", "xyz"), "InvalidValue", "is no id: give that of the opportunity"),
        (("lose", "{id}"), "UsageError", "--reason"),
        (("lose", "{id}", "--reason", " "), "InvalidValue", "say why"),
        (("win", "{id}", "--on", "31.12."), "InvalidValue", "31.12."),
    ],
)
def test_what_cannot_be_is_refused(
    crm: Crm, deal: dict[str, Any], arguments: tuple[str, ...], kind: str, message: str
) -> None:
    """A mistake would end in a traceback, or in a deal at the wrong place."""
    error = crm.json("opportunity", *(each.format(id=deal["id"]) for each in arguments)).error
    assert message in error["message"]
    assert error["type"] == kind or kind == "UsageError"


def test_a_stage_that_is_added_or_changed_by_hand_has_the_same_effects(crm: Crm) -> None:
    """`crm change` would be a way round the pipeline."""
    deal = crm.add("opportunity", "name=X", "stage=Qualified")
    assert deal["stage"] == "qualified"
    assert crm.json("change", "opportunity", deal["id"], "stage=Won").done["status"] == "won"
    assert len(crm.json("opportunity", "stages", deal["id"]).done["items"]) == 2


def test_the_pipeline_has_the_keys_of_the_contract(crm: Crm, deal: dict[str, Any]) -> None:
    """Programs that read the report would find other names."""
    crm.add("opportunity", "name=Won", "stage=won", "amount=100 USD")
    report = crm.json("pipeline").done
    first, *_, won, lost = report["stages"]
    assert (first["stage"], first["kind"], first["count"]) == ("prospecting", "open", 1)
    assert first["amount"] == {"amount": "12000.00", "currency": "EUR"}
    assert first["weighted"] == {"amount": "1200.00", "currency": "EUR"}
    assert (won["kind"], lost["kind"]) == ("won", "lost")
    assert (won["amount"], won["amounts"]) == (None, [{"amount": "100.00", "currency": "USD"}])
    assert (report["win_rate"], report["cycle_days"], report["missing_rates"]) == (1.0, 0.0, ["USD"])
    text = crm("pipeline").out
    assert "Prospecting" in text
    assert "█" in text


def test_the_forecast_has_the_keys_of_the_contract(crm: Crm, deal: dict[str, Any]) -> None:
    """Programs that read the forecast would find other names."""
    crm.add("opportunity", "name=No day", "amount=10 EUR")
    periods = crm.json("forecast", "--by", "quarter").done["periods"]
    assert [(each["period"], each["count"]) for each in periods] == [("2026-Q1", 1), (None, 1)]
    assert periods[0]["amount"] == {"amount": "12000.00", "currency": "EUR"}
    assert periods[0]["expected"] == {"amount": "1200.00", "currency": "EUR"}
    past = crm.json("forecast", "--method", "historical").done["periods"]
    assert [each["unknown"] for each in past] == [1, 1]
    assert "no day" in crm("forecast").out


def test_the_forecast_of_a_past_day_is_that_of_then(crm: Crm, deal: dict[str, Any]) -> None:
    """A meeting's figures could not be looked up after the meeting."""
    at = deal["created_at"]
    crm.json("change", "opportunity", deal["id"], "amount=1 EUR")
    crm.json("opportunity", "win", deal["id"])
    assert crm.json("forecast").done["periods"] == []
    [period] = crm.json("forecast", "--as-of", at).done["periods"]
    assert period["amount"] == {"amount": "12000.00", "currency": "EUR"}
    assert crm.json("pipeline", "--as-of", "2001-01-01").done["open"] == 0


def test_a_pipeline_is_imported_and_listed(crm: Crm, tmp_path: Any) -> None:
    """Stages would have to be typed in one by one."""
    file = tmp_path / "pipelines.csv"
    file.write_text("external_id,name,stage,kind,probability\n1,sales,Call,open,0.2\n1,sales,Offer,open,0.5\n")
    assert crm.json("import", "pipeline", str(file)).done["records"] == 1
    [pipeline] = crm.json("list", "pipeline").done["items"]
    assert [(s["stage"], s["probability"]) for s in pipeline["stages"]] == [
        ("call", "0.2000"), ("offer", "0.5000"), ("won", "1.0000"), ("lost", "0.0000"),
    ]  # fmt: skip
    assert crm.add("opportunity", "name=A", "pipeline=sales")["stage"] == "call"


def test_forecasts_are_compared_with_what_was_won(crm: Crm, deal: dict[str, Any]) -> None:
    """A manager could not ask how far to trust the forecast."""
    found = crm.json("forecast", "--accuracy", "3").done
    assert len(found["periods"]) == 3
    assert (found["periods"][0]["actual"]["amount"], found["wape"]) == ("0.00", None)
    assert "wape" not in crm("forecast", "--accuracy", "1").out


def test_the_whole_view_shows_what_is_being_sold(crm: Crm) -> None:
    """Whoever answers the telephone would not know of the offer that the caller asks about."""
    leila = crm.add("customer", "name=Leila", "email=leila@example.com")
    for name in ("First", "Second"):
        crm.add("opportunity", f"name={name}", f"customer={leila['id']}", "amount=5 EUR")
    view = crm.json("show", "customer", leila["id"]).done
    assert [each["name"] for each in view["opportunities"]] == ["Second", "First"]
    assert [each["type"] for each in view["timeline"]] == ["stage_change", "stage_change"]
    assert "OPPORTUNITIES" in crm("show", "customer", leila["id"]).out
    then = crm.json("show", "customer", leila["id"], "--as-of", leila["created_at"]).done
    assert then["opportunities"] == []


def test_a_list_of_opportunities_tells_their_stages(crm: Crm, deal: dict[str, Any]) -> None:
    """Whoever lists deals would not see where they stand, when they should close, or whose they are."""
    crm.add("user", "name=Omar")
    crm.json("change", "opportunity", deal["id"], "owner=name=Omar", "expected_close=2026-03-31")
    head, _, row = crm("list", "opportunity").out.splitlines()
    assert {"stage", "expected_close", "owner"} <= set(head.split())
    assert "prospecting" in row and "2026-03-31" in row and "Omar" in row


def test_nothing_is_said_in_words(crm: Crm) -> None:
    """Whoever starts would see an empty screen, and not know whether anything went wrong."""
    assert "There is no pipeline yet" in crm("pipeline").out
    assert "No opportunity is open" in crm("forecast").out


def test_stages_of_several_pipelines_are_told_apart(crm: Crm, tmp_path: Any) -> None:
    """Two stages of one name would share a bar; a sum that is left out would leave its reader without a word."""
    file = tmp_path / "pipelines.jsonl"
    file.write_text('{"name":"new","stages":[{"stage":"Offer"}]}\n{"name":"renewals","stages":[{"stage":"Offer"}]}\n')
    assert crm.json("import", "pipeline", str(file)).done["records"] == 2
    crm.add("opportunity", "name=a", "pipeline=new", "amount=5 USD")
    crm.add("opportunity", "name=b", "pipeline=renewals", "amount=5 EUR")
    text = crm("pipeline").out
    assert "new: Offer" in text and "renewals: Offer" in text
    assert "crm add exchange_rate from_currency=USD" in text
