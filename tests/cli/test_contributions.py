"""What plugins contribute, on the command line: views, timelines, channels, reports, formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Crm
from tests.plugins.made import Site, sites

FAILING = (
    "from crmcore.plugins import Plugin, hookimpl\nplugin = Plugin('failing')\n"
    "@hookimpl\ndef contribute_panel(context):\n    raise SystemExit(3)\n"
    "@hookimpl\ndef contribute_timeline(context):\n    return [1 / 0]\n"
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder into which plugins are installed."""
    (tmp_path / "site").mkdir()
    yield from sites(tmp_path / "site", monkeypatch)


@pytest.fixture
def shop(site: Site, tmp_path: Path) -> Crm:
    """`crm` on a database with plugins that contribute, one of which fails."""
    site.install("crm-rewards", [("rewards", "tests.plugins.contributing")], {})
    site.install("crm-desk", [("desk", "tests.plugins.desk")], {})
    site.install("crm-failing", [("failing", "failing_plugin")], {"failing_plugin": FAILING})
    made = Crm(f"sqlite:///{tmp_path}/shop.db")
    assert made("--plugins", "rewards,desk,failing", "db", "upgrade").status == 0
    return made


@pytest.fixture
def leila(shop: Crm) -> str:
    """A customer with three earnings."""
    id: str = shop.add("customer", "name=Leila <b>", "external_id=1")["id"]
    for day in (1, 2, 3):
        shop.add("rewards.earning", f"customer={id}", f"at=2025-01-0{day}", f"points={day}")
    return id


def test_the_whole_view_shows_what_plugins_add_and_who_is_missing(shop: Crm, leila: str) -> None:
    """What plugins know would stand apart, or a view would look whole that is not."""
    view = shop.json("show", "customer", leila).done
    assert view["panels"] == {"rewards": {"earnings": 3, "last": "2025-01-03T00:00:00Z"}}
    points, revenue = view["value"]["metrics"]
    assert (points["name"], points["total"], points["partial"]) == ("points", "6", False)
    assert [each["amount"] for each in points["contributions"]] == ["1", "2", "3"]
    assert revenue["total"] == []
    assert [(each["plugin"], each["hook"]) for each in view["missing"]] == [
        ("failing", "contribute_panel"),
        ("failing", "contribute_timeline"),
    ]
    shown = shop("show", "customer", leila)
    assert "Traceback" not in shown.err
    for text in ("REWARDS", "METRICS", "points", "earned 3 points", "MISSING"):
        assert text in shown.out


def test_the_timeline_shows_what_plugins_tell(shop: Crm, leila: str) -> None:
    """A page would end in the middle of what a plugin tells."""
    shop.add("interaction", f"customer={leila}", "at=2025-01-02T12:00", "channel=kiosk")
    seen, after = [], None
    while True:
        page = shop.json("timeline", leila, "--limit", "1", *(("--after", after) if after else ())).done
        [item] = page["items"]
        seen.append((item["type"], item["at"][:10], item["label"]))
        assert [each["plugin"] for each in page["missing"]] == ["failing"]
        if (after := page["next"]) is None:
            break
    assert seen == [
        ("rewards.earned", "2025-01-03", "earned 3 points"),
        ("interaction", "2025-01-02", "kiosk"),
        ("rewards.earned", "2025-01-02", "earned 2 points"),
        ("rewards.earned", "2025-01-01", "earned 1 points"),
    ]
    [first, *_] = shop.json("timeline", leila).done["items"]
    assert (first["plugin"], first["record"]["type"]) == ("rewards", "rewards.earning")
    assert "failing" in shop("timeline", leila).err


def test_people_read_what_a_channel_is_called(shop: Crm, leila: str) -> None:
    """People would read the name that a plugin has for its programs."""
    made = shop.add("interaction", f"customer={leila}", "at=2025-01-02T12:00", "channel=kiosk")
    shop.add("interaction", f"customer={leila}", "at=2025-01-02T13:00", "channel=call")
    for shown in (shop("timeline", leila).out, shop("show", "interaction", made["id"]).out):
        assert "Kiosk in the shop" in shown
    assert shop.json("show", "interaction", made["id"]).done["channel"] == "kiosk"
    [described] = shop.json("plugins", "show", "rewards").done["items"]
    contributes = described["contributes"]
    assert (contributes["channels"], contributes["templates"]) == (["kiosk"], ["rewards.earned"])


def test_reports_are_listed_and_run(shop: Crm, leila: str) -> None:
    """Nobody could find a report, or read it by a program."""
    [item] = shop.json("report", "list").done["items"]
    assert item == {"name": "rewards.points", "plugin": "rewards", "label": "Points", "columns": ["customer", "points"]}
    assert shop.json("report", "rewards.points").done == {"columns": ["customer", "points"], "rows": [["Leila <b>", 6]]}
    assert json.loads(shop("report", "rewards.points", "--format", "json").out)["rows"] == [["Leila <b>", 6]]
    assert "Leila <b>       6" in shop("report", "rewards.points").out
    assert shop("report", "rewards.points", "--format", "csv").out == '\ufeff"customer","points"\r\n"Leila <b>","6"\r\n'
    assert "Leila &lt;b&gt;" in shop("report", "rewards.points", "--format", "html").out
    assert shop("report", "rewards.points", "--format", "svg").out.startswith("<svg")


def test_a_report_is_written_to_a_file(shop: Crm, leila: str, tmp_path: Path) -> None:
    """The format would not be that of the file's name."""
    for suffix, begins in (("csv", '\ufeff"customer"'), ("html", "<!doctype"), ("svg", "<svg"), ("json", "{")):
        out = tmp_path / f"report.{suffix}"
        done = shop.json("report", "rewards.points", "--out", str(out)).done
        assert (done["file"], done["rows"]) == (str(out), [["Leila <b>", 6]])
        assert out.read_text(encoding="utf-8").startswith(begins)
    assert shop("report", "rewards.points", "--out", str(tmp_path / "report")).status == 2
    assert not (tmp_path / "report").exists()


def test_what_cannot_be_reported_is_refused(shop: Crm) -> None:
    """An empty picture would be written, or an error would not say what to do."""
    assert shop.json("report", "rewards.pionts").error["nearest"] == ["rewards.points"]
    assert "svg" in shop.json("report", "rewards.points", "--format", "png").error["message"]
    assert shop.json("report", "rewards.points", "--format", "csv").status == 2
    assert shop.json("report", "rewards.points", "--format", "doc").status == 2


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("return [[1]]", "a value of type list"),
        ("return ReportTable(('a',), [(0.5,)])", "float"),
        ("return ReportTable(('b',), [])", "and not a as it declares"),
        ("return ReportTable(('a',), [('\\0',)])", "NUL"),
        ("context.work.customers.add(Person('x'))", "reads"),
    ],
)
def test_a_report_that_fails_is_named(site: Site, tmp_path: Path, body: str, says: str) -> None:
    """Wrong figures would be shown, or a traceback."""
    text = (
        "from crmcore import Person\nfrom crmcore.plugins import Plugin, ReportTable, hookimpl\n"
        "from crmcore.plugins.specs import Report\nplugin = Plugin('odd')\n@hookimpl\n"
        f"def declare_reports():\n    return [Report('odd', 'odd_plugin:run', ('a',))]\ndef run(context):\n    {body}\n"
    )
    site.install("crm-odd", [("odd", "odd_plugin")], {"odd_plugin": text}, "2.0")
    crm = Crm(f"sqlite:///{tmp_path}/odd.db")
    assert crm("--plugins", "odd", "db", "upgrade").status == 0
    error = crm.json("report", "odd").error
    assert error["type"] == "PluginFailed"
    assert "'odd' (crm-odd 2.0)" in error["message"]
    assert says in error["message"]


def test_a_plugins_format_is_exported_and_imported(shop: Crm, crm: Crm, tmp_path: Path) -> None:
    """A format would be declared, and no command would know it."""
    path, other = tmp_path / "people.cards", tmp_path / "people.txt"
    path.write_text("name: لیلا\nemail: leila@example.com\n\nname: Omar\nnonsense\n", encoding="utf-8")
    report = shop.json("import", "customer", str(path))
    assert (report.status, report.json["created"], report.json["rejected"]) == (3, 2, 1)
    assert report.json["rejects"][0]["reason"] == "no name and value"
    columns = ("--columns", "name,email", "--format", "cards")
    assert shop.json("export", "customer", *columns, "--out", str(other)).done["rows"] == 2
    assert other.read_text(encoding="utf-8") == "name: لیلا\nemail: leila@example.com\n\nname: Omar\n\nend: yes\n"
    assert shop("export", "customer", *columns).out.startswith("name: ")
    refused: Any = crm.json("import", "customer", str(other), "--format", "cards")
    assert (refused.status, "'csv', 'tsv'" in refused.error["message"]) == (2, True)


def test_a_plugin_that_is_switched_off_contributes_nothing(shop: Crm, loyal: Crm, leila: str) -> None:
    """What nobody keeps up any more would be shown as if it were current."""
    assert shop("plugins", "disable", "rewards").status == 0
    view = shop.json("show", "customer", leila).done
    assert (view["panels"], view["timeline"], "metrics" in view["value"]) == ({}, [], False)
    assert shop.json("report", "rewards.points").error["type"] == "UnknownName"
    assert shop.json("count", "rewards.earning").done == {"count": 3}
    id = loyal.add("customer", "name=A", "loyalty.tier=bronze")["id"]
    assert loyal.json("show", "customer", id).done["panels"]["loyalty"]["tier"] == "bronze"
    assert loyal("plugins", "disable", "loyalty").status == 0
    view = loyal.json("show", "customer", id).done
    assert (view["panels"], view["customer"]["loyalty.tier"]) == ({}, "bronze")
    assert loyal("loyalty", "members").status == 2
