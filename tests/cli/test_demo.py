"""demo: real data, real figures, and nothing left behind unless asked."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcore.cli.charts import bar, bars
from crmcore.cli.tables import width
from tests.cli.conftest import Crm, run


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The folder of a demo that was kept, and its facts."""
    folder = tmp_path_factory.mktemp("demo")
    return folder, run("--json", "demo", "--keep", str(folder)).done


def test_the_figures_are_those_of_the_data(kept: tuple[Path, dict[str, Any]]) -> None:
    """The import would lose or double something, and the demo would show it off."""
    _, facts = kept
    assert facts["counts"] == {"user": 8, "customer": 59, "product": 1984, "order": 412, "line": 2240}
    assert facts["total"] == {"amount": "2328.60", "currency": "USD"}
    assert {each["rejected"] for each in facts["imports"]} == {0}
    assert sum(Decimal(each["total"]["amount"]) for each in facts["sales"]) == Decimal("2328.60")
    assert [each["year"] for each in facts["sales"]] == ["2007", "2008", "2009", "2010", "2011"]


def test_cdnow_comes_in_as_it_was_written_down(kept: tuple[Path, dict[str, Any]]) -> None:
    """Orders of 0.00, or those that look like another one, would be dropped, and with them the true sums."""
    _, facts = kept
    found = facts["cdnow"]
    assert (found["customers"], found["orders"], found["units"]) == (2357, 6919, 16479)
    assert found["total"] == {"amount": "244091.94", "currency": "USD"}
    assert (found["orders_of_nothing"], found["customers_with_several_orders"]) == (8, 1152)
    assert found["best"][0] == {"customer": "1901", "orders": 56, "total": {"amount": "6552.70", "currency": "USD"}}
    assert sum(Decimal(each["total"]["amount"]) for each in found["quarters"]) == Decimal("244091.94")
    crm = Crm(facts["database"])
    assert crm.json("count", "customer", "--where", 'source = "cdnow"').done == {"count": 2357}
    early = 'source = "cdnow" and ordered_at < 1998-01-01'
    assert crm.json("count", "order", "--where", early).done == {"count": 5728}
    assert crm.json("count", "order", "--where", 'source = "cdnow" and total = 0 USD').done == {"count": 8}


def test_examples_are_said_to_be_examples(kept: tuple[Path, dict[str, Any]]) -> None:
    """Somebody would take made-up deals for those of the shops."""
    _, facts = kept
    crm = Crm(facts["database"])
    for record in ("opportunity", "invoice", "exchange_rate", "planned_payment"):
        assert crm.json("count", record, "--where", 'source != "example" or source is missing').done == {"count": 0}
    shops = 'source in ("chinook", "cdnow")'
    assert crm.json("count", "customer", "--where", shops).done == {"count": 59 + 2357}
    assert crm.json("count", "customer", "--where", 'source = "example"').done == {"count": 2}
    assert "made up" in facts["examples"]["note"]


def test_the_examples_stand_in_every_stage(kept: tuple[Path, dict[str, Any]]) -> None:
    """The demo would show an empty stage, or no deal that was lost, and for no reason."""
    _, facts = kept
    found = facts["examples"]
    assert {each["stage"]: each["count"] for each in found["pipeline"]["stages"]} == {
        "prospecting": 3,
        "qualified": 2,
        "proposal": 2,
        "negotiation": 2,
        "won": 3,
        "lost": 2,
    }
    assert found["pipeline"]["missing_rates"] == []
    listed = Crm(facts["database"]).json("list", "opportunity", "--where", 'status = "lost"').done["items"]
    assert {each["lost_reason"] for each in listed} == {"price", "the festival was called off"}
    currencies = {
        each["amount"]["currency"] for each in Crm(facts["database"]).json("list", "opportunity").done["items"]
    }
    assert currencies == {"USD", "EUR"}


def test_one_example_went_back(kept: tuple[Path, dict[str, Any]]) -> None:
    """The stage history would show nothing but a way forward."""
    items = kept[1]["examples"]["moved_back"]["items"]
    stages = ["prospecting", "qualified", "proposal", "negotiation", "proposal"]
    assert [each["to_stage"] for each in items] == stages
    assert sorted(each["at"] for each in items) == [each["at"] for each in items]
    assert items[-1]["reason"] == "a new buyer asks for a new offer"


def test_the_past_forecast_is_another_and_stays_so(kept: tuple[Path, dict[str, Any]]) -> None:
    """The forecast of a past day would be that of today, or change with what came later."""
    _, facts = kept
    past, now = facts["examples"]["past_forecast"], facts["examples"]["forecast"]
    assert past["periods"] != now["periods"]
    asked = ("forecast", "--as-of", past["as_of"])
    again = run("--json", "--database", facts["database"], "--currency", "USD", *asked).done
    assert again["periods"] == past["periods"]


def test_the_lead_and_the_invoices(kept: tuple[Path, dict[str, Any]]) -> None:
    """A lead would be shown that became nothing, or cash that comes from nowhere."""
    found = kept[1]["examples"]
    assert (found["lead"]["account"], found["lead"]["stage"]) == ("کافه رحیمی", "prospecting")
    open_balances = [each["open"]["amount"] for each in found["invoices"]["items"]]
    assert open_balances == ["7200.00", "2700.00", "1900.00"]
    first = found["invoices"]["periods"][0]
    assert Decimal(first["closing"]["amount"]) == sum(
        Decimal(each["amount"]) for each in (first["opening"], *first["sources"].values())
    )


def test_it_is_quick(kept: tuple[Path, dict[str, Any]]) -> None:
    """Nobody waits half a minute to see what something is."""
    assert kept[1]["seconds"] < 40


def test_each_step_shows_what_it_is_about(kept: tuple[Path, dict[str, Any]]) -> None:
    """A step would show an empty table."""
    _, facts = kept
    assert facts["view"]["customer"]["name"] == "Helena Holý"
    assert facts["view"]["value"] == {"orders": 7, "totals": [{"amount": "49.62", "currency": "USD"}]}
    assert sum(facts["members"].values()) == 22  # spent 39 USD or more
    assert {each["loyalty.tier"] for each in facts["gold"]["items"]} == {"gold"}
    assert len(facts["gold"]["items"]) == facts["members"]["gold"]
    assert {each["country"] for each in facts["list"]["items"]} == {"Brazil", "Argentina"}
    change = facts["change"]
    assert (change["before"]["city"], change["customer"]["city"]) == ("Prague", "Brno")
    assert change["history"][-1]["operation"] == "change"
    assert facts["search"]["items"][0]["label"] == "Luís Gonçalves"


def test_what_was_kept_is_a_database_to_go_on_with(kept: tuple[Path, dict[str, Any]]) -> None:
    """The commands that the demo names would fail, or show something else than it did."""
    folder, facts = kept
    assert facts["database"] == f"sqlite:///{folder.resolve()}/demo.db"
    crm = Crm(facts["database"])
    assert crm.json("count", "customer", "--where", "source = 'chinook'").done == {"count": 59}
    assert crm.json("count", "customer", "--where", 'loyalty.tier = "gold"').done["count"] == facts["members"]["gold"]
    assert crm.json("doctor").status == 0
    assert crm.json("worker", "--once").done["events"] == 0


def test_an_earlier_demo_is_not_overwritten(kept: tuple[Path, dict[str, Any]]) -> None:
    """What somebody tried out in it would be gone."""
    folder, _ = kept
    before = (folder / "demo.db").read_bytes()
    assert run("--json", "demo", "--keep", str(folder)).error["type"] == "InvalidSetting"
    assert (folder / "demo.db").read_bytes() == before


def test_without_keep_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the demo would fill the disk, or write into the working directory."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    shown = run("demo")
    assert shown.status == 0
    assert list((tmp_path / "temporary").iterdir()) == []
    assert [each.name for each in tmp_path.iterdir()] == ["temporary"]
    assert "2,328.60 USD" in shown.out
    assert "244,091.94 USD" in shown.out
    assert "made up" in shown.out
    assert "Helena Holý" in shown.out
    assert 'loyalty.tier = "gold"' in shown.out
    assert re.search(r"2007 +█+", shown.out)
    assert "crm demo --keep" in shown.out
    assert not {"\x1b", "\u202e"} & set(shown.out)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A traceback would be shown."""
    (tmp_path / "file").write_text("")
    assert run("--json", "demo", "--keep", str(tmp_path / "file")).error["type"] == "InvalidSetting"


def test_bars_are_as_long_as_their_figures() -> None:
    """A chart would show one figure as larger than it is."""
    assert bar(Decimal(1), Decimal(1)) == "█" * 40
    assert bar(Decimal(1), Decimal(2)).rstrip() == "█" * 20
    assert bar(Decimal(0), Decimal(2)).strip() == bar(Decimal(-1), Decimal(2)).strip() == ""
    assert bar(Decimal(1), Decimal(320)).strip() == "▏"
    assert bars({}) == ""
    lines = bars({"東京": Decimal(2), "x": Decimal(1)}, "EUR").splitlines()
    assert [width(line.partition("█")[0]) for line in lines] == [6, 6]
    assert json.dumps(lines[0])
