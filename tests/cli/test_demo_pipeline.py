"""demo --pipeline: a sales team's own files come in as they are, odd ones too, and their figures come out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import crmcore
from crmcore.cli.demo import directory
from crmcore.cli.session import Session
from crmcore.domain.errors import ImportRefused
from tests.cli.conftest import Crm, run
from tests.examples.maven import DATA, expected

FILES = {
    "accounts.csv": "account,sector,year_established,revenue,employees,office_location,subsidiary_of\n"
    "فروشگاه آفتاب,retail,1996,1.5,20,Iran,\nNile Foods,food,2001,7,9,Egypt,\n",
    "products.csv": "product,series,sales_price\nGTX Pro,GTX,4821\nNova 1,Nova,10\n",
    "sales_teams.csv": 'sales_agent,manager,regional_office\nAnna,Dustin "D" O\'Brien,East\nOmar,Summer,West\n',
}
HEAD = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
DEALS = HEAD + (
    "1,Anna,GTX Pro,Nile Foods,Won,2017-01-01,2017-01-11,4800\n"
    "2,Omar,GTXPro,فروشگاه آفتاب,Won,2017-01-02,2017-01-22,5000\n"
    "3,Omar,Nova 1,,Engaging,2017-01-03,,\n"
    "4,Anna,Nova 1,Nile Foods,Lost,2017-01-03,2017-02-01,0\n"
)
Take = Callable[[str], dict[str, Any]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with accounts, products and agents."""
    made = tmp_path / "team"
    made.mkdir()
    for name, content in FILES.items():
        (made / name).write_text(content, encoding="utf-8")
    return made


@pytest.fixture
def take(folder: Path, tmp_path: Path) -> Iterator[Take]:
    """A function that takes deals in with the rest of the folder, and gives the facts."""
    crm = crmcore.open(f"sqlite:///{tmp_path}/crm.db", currency="USD")

    def taken(deals: str) -> dict[str, Any]:
        (folder / "sales_pipeline.csv").write_text(deals, encoding="utf-8")
        facts, sections = directory.taken(Session(json=True), crm, folder, tmp_path / "rejected.csv")
        assert "Engaging" in sections["The pipeline"]
        found: dict[str, Any] = facts["pipeline"]
        return found

    yield taken
    crm.close()


def test_the_figures_of_a_small_pipeline(take: Take, tmp_path: Path) -> None:
    """A team would read figures that are not those of its files; or a name with quotes would break the question."""
    found = take(DEALS)
    assert {each["stage"]: each["count"] for each in found["stages"]} == {
        "prospecting": 0,
        "engaging": 1,
        "won": 2,
        "lost": 1,
    }
    assert (found["won"], found["lost"], found["win_rate"], found["cycle_days"]) == (2, 1, 0.666667, 15)
    assert (found["without_customer"], found["rejected"]) == (1, 0)
    assert [(each["manager"], each["won"], each["won_value"]["amount"]) for each in found["by_manager"]] == [
        ('Dustin "D" O\'Brien', 1, "4800.00"),
        ("Summer", 1, "5000.00"),
    ]
    assert [(each["office"], each["opportunities"]) for each in found["by_office"]] == [("East", 2), ("West", 2)]
    assert not (tmp_path / "rejected.csv").exists()


def test_what_nobody_knows_is_rejected_with_its_reason(take: Take, tmp_path: Path) -> None:
    """One odd row would keep all others out, be taken for something else, or end in a crash."""
    odd = (
        "5,Anna,GTX Pro,Nile Foods,Qualified,2017-01-01,,\n"  # a stage of another team
        "6,Anna,Nova1,Nile Foods,Engaging,2017-01-01,,\n"  # misspelt, and no map says what is meant
        "7,Nobody,Nova 1,Nile Foods,Engaging,2017-01-01,,\n"
        "8,Anna,Nova 1,Nowhere Ltd,Engaging,2017-01-01,,\n"
        "9,Anna,Nova 1,Nile Foods,Won,2017-01-09,2017-01-01,7\n"  # closed before it was opened
        "10,Anna,Nova 1,Nile Foods,Won,2017-01-01,31/12/2017,7\n"
        "11,Anna,Nova 1,Nile Foods,Won,2017-01-01,2017-01-02,much\n"
    )
    found = take(DEALS + odd)
    first, again = found["imports"][-2:]
    assert (first["rows"], first["created"], first["rejected"]) == (11, 3, 8)
    assert (again["rows"], again["created"], again["rejected"]) == (8, 1, 7)
    assert found["rejected"] == 7
    reasons = {each["column"]: each["reason"] for each in first["reasons"]}
    assert set(reasons) >= {"deal_stage", "product", "sales_agent", "account", "close_date", "close_value"}
    assert "map" in reasons["deal_stage"]
    lines = (tmp_path / "rejected.csv").read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in lines[1:]] == ["5", "6", "7", "8", "9", "10", "11"]


def test_the_order_of_columns_and_further_ones_do_not_matter(take: Take, folder: Path) -> None:
    """The same data from another tool would be refused, or put into the wrong fields."""
    turned = ["reviewed," + ",".join(reversed(line.split(","))) for line in DEALS.splitlines()]
    (folder / "sales_teams.csv").write_text("regional_office;sales_agent;manager\nEast;Anna;M\nWest;Omar;M\n")
    found = take("\n".join(turned) + "\n")
    assert (found["won"], found["lost"], found["rejected"]) == (2, 1, 0)
    assert found["imports"][-1]["left_out"] == ["reviewed"]
    assert [each["won"] for each in found["by_manager"]] == [2]


def test_several_files_of_deals_are_all_taken(take: Take, folder: Path) -> None:
    """Half of the deals would be missing, and nobody be told."""
    (folder / "sales_pipeline_more.csv").write_text(HEAD + "21,Anna,Nova 1,,Won,2017-01-01,2017-01-02,5\n")
    assert take(DEALS)["won"] == 3


def test_no_deals_at_all(take: Take) -> None:
    """An empty pipeline would end in a division by zero."""
    found = take(HEAD)
    assert (found["won"], found["win_rate"], found["by_manager"]) == (0, None, [])


def test_a_folder_of_another_form_is_refused(folder: Path) -> None:
    """The demo would take its time, and then say that something is missing."""
    (folder / "products.csv").unlink()
    with pytest.raises(ImportRefused, match=r"has no products\.csv, sales_pipeline\*\.csv"):
        directory.deals_of(folder)
    refused = run("--json", "demo", "--pipeline", str(folder))
    assert refused.error["type"] == "ImportRefused"


def test_a_file_that_is_no_table(take: Take) -> None:
    """A traceback would be shown."""
    with pytest.raises(ImportRefused):
        take("Deals of the year\n1,2,3\n")


def test_the_maven_sample(tmp_path: Path) -> None:
    """The demo would show other figures than those of the set, or mix them with the examples."""
    figures = expected()
    facts = run("--json", "demo", "--pipeline", str(DATA), "--keep", str(tmp_path)).done
    found = facts["pipeline"]
    assert "examples" not in facts
    assert [each["rejected"] for each in found["imports"]] == [0, 0, 0, 377, 0]
    won = next(each for each in found["stages"] if each["kind"] == "won")
    assert (found["won"], found["lost"], found["open"]) == (1040, 634, 526)
    assert won["amount"] == {"amount": "2442747.00", "currency": "USD"}
    assert (found["win_rate"], found["cycle_days"], found["cycle_days_median"]) == (0.621266, 52.3673, 57)
    assert found["without_customer"] == figures["blank_account"]
    for by, name in (("by_manager", "manager"), ("by_office", "office")):
        assert {each[name]: (each["opportunities"], each["win_rate"]) for each in found[by]} == {
            key: (each["opps"], each["win_rate"]) for key, each in figures[by].items()
        }
    kept = Crm(facts["database"])
    assert kept.json("pipeline").done["win_rate"] == 0.621266
