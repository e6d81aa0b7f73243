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


def test_it_is_quick(kept: tuple[Path, dict[str, Any]]) -> None:
    """Nobody waits half a minute to see what something is."""
    assert kept[1]["seconds"] < 30


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
