"""The Maven sample comes in by the maps of `examples/maven_pipeline`, and its figures come out, on each database."""

import os
import statistics
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import make_url

from tests.databases import SERVERS, MariaDatabase, PostgresSchema, storages
from tests.examples.maven import DEALS, MAPS, ROOT, Maven, deals, expected

BUNDLED = ROOT / "crmcore" / "cli" / "demo" / "data" / "pipeline"
ORDER = ("prospecting", "engaging", "won", "lost")


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    """What the data come to, as stated beside them."""
    return expected()


@pytest.fixture(scope="module", params=storages())
def maven(
    request: pytest.FixtureRequest, figures: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Maven]:
    """The sample, imported once for all tests that only look at it."""
    if request.param not in SERVERS:
        yield _loaded(f"sqlite:///{tmp_path_factory.mktemp('maven') / 'crm.db'}")
        return
    request.getfixturevalue({"postgres": "postgres_schema", "mariadb": "mariadb_database"}[request.param])
    url = make_url(os.environ[SERVERS[request.param]])
    own = PostgresSchema(url) if request.param == "postgres" else MariaDatabase(url)
    yield _loaded(own.url)
    own.remove()


def _loaded(url: str) -> Maven:
    made = Maven(url)
    made.prepare()
    done = made.deals().done
    assert (done["rows"], done["created"], done["rejected"]) == (2200, 2200, 0)
    return made


@pytest.fixture
def prepared(figures: dict[str, Any], fresh_url: str) -> Maven:
    """Accounts, products and agents without any opportunity."""
    made = Maven(fresh_url)
    made.prepare()
    return made


def sums(report: dict[str, Any]) -> dict[str, Any]:
    """A report in the form of the stated figures."""
    won = next(each for each in report["stages"] if each["kind"] == "won")
    return {
        "opps": report["won"] + report["lost"] + report["open"],
        "won": report["won"],
        "lost": report["lost"],
        "won_value": Decimal(won["amount"]["amount"]),
        "win_rate": report["win_rate"],
    }


def test_the_figures_of_the_pipeline(maven: Maven, figures: dict[str, Any]) -> None:
    """A manager would read another pipeline than the one that was sold from."""
    report = maven.pipeline()
    assert [each["stage"] for each in report["stages"]] == list(ORDER)
    assert {each["stage"]: each["count"] for each in report["stages"]} == {
        name.lower(): count for name, count in figures["stages"].items()
    }
    assert (report["won"], report["lost"], report["open"]) == (1040, 634, 526)
    assert sums(report)["won_value"] == figures["won_value"] == 2_442_747
    assert report["win_rate"] == figures["win_rate_closed"] == 0.621266
    assert report["cycle_days"] == figures["won_cycle_days"]["mean"] == 52.3673
    assert report["cycle_days_median"] == figures["won_cycle_days"]["median"] == 57
    assert report["lost_cycle_days"] == figures["lost_cycle_days"]["mean"]
    assert report["lost_cycle_days_median"] == figures["lost_cycle_days"]["median"]


def test_single_opportunities_add_up_to_the_same(maven: Maven, figures: dict[str, Any]) -> None:
    """The report would be right by chance, over records that are wrong."""
    won = maven.listed("opportunity", 'status = "won"', "amount,cycle_days")
    amounts = [Decimal(each["amount"]["amount"]) for each in won]
    assert {each["amount"]["currency"] for each in won} == {"USD"}
    assert sum(amounts) == figures["won_value"]
    assert round(sum(amounts) / len(amounts), 4) == Decimal(str(figures["avg_won"]))
    assert statistics.median(amounts) == Decimal(str(figures["median_won"]))
    cycles = [each["cycle_days"] for each in won]
    assert (min(cycles), max(cycles)) == (figures["won_cycle_days"]["min"], figures["won_cycle_days"]["max"])
    lost = maven.listed("opportunity", 'status = "lost"', "amount,cycle_days")
    assert statistics.median(each["cycle_days"] for each in lost) == figures["lost_cycle_days"]["median"]
    assert sum(Decimal(each["amount"]["amount"]) for each in lost) == figures["lost_value_sum"]


def test_deals_without_an_account_are_in(maven: Maven, figures: dict[str, Any]) -> None:
    """358 deals would be missing from the pipeline, or be somebody else's."""
    assert maven.count("opportunity", "customer is missing") == figures["blank_account"] == 358
    for stage, count in figures["blank_account_by_stage"].items():
        assert maven.count("opportunity", f'customer is missing and stage = "{stage.lower()}"') == count
    assert maven.count("opportunity", 'customer is missing and status != "open"') == 0


@pytest.mark.parametrize(
    ("field", "blank"), [("opened_on", "blank_engage"), ("closed_on", "blank_close_date"), ("amount", "blank_value")]
)
def test_what_is_blank_stays_blank(maven: Maven, figures: dict[str, Any], field: str, blank: str) -> None:
    """A day or an amount would be made up."""
    found = Counter(each["stage"] for each in maven.listed("opportunity", f"{field} is missing", "stage"))
    assert found == {stage.lower(): count for stage, count in figures[blank].items()}


def test_the_first_and_the_last_day(maven: Maven, figures: dict[str, Any]) -> None:
    """Days would be moved by a time zone, or read as months."""
    for field, name in (("opened_on", "engage_range"), ("closed_on", "close_range")):
        days = [each[field] for each in maven.listed("opportunity", f"{field} is not missing", field, field)]
        assert [days[0], days[-1]] == figures[name]


@pytest.mark.parametrize(
    ("path", "group"),
    [("owner.team", "by_office"), ("owner.manager.name", "by_manager"), ("product.name", "by_product")],
)
def test_the_figures_by(maven: Maven, figures: dict[str, Any], path: str, group: str) -> None:
    """An office, a manager or a product would be told what others sold."""
    written = {"GTXPro": "GTX Pro"}
    for name, wanted in figures[group].items():
        assert sums(maven.pipeline(f'{path} = "{written.get(name, name)}"')) == wanted, name


def test_the_best_agents(maven: Maven, figures: dict[str, Any]) -> None:
    """The wrong people would get the bonus."""
    won: Counter[str] = Counter()
    for each in maven.listed("opportunity", 'status = "won"', "owner.name,amount"):
        won[each["owner.name"]] += int(Decimal(each["amount"]["amount"]))
    assert [[name, value] for name, value in won.most_common(5)] == [e[:2] for e in figures["top5_agents_by_value"]]
    for name, value, count, rate in figures["top5_agents_by_value"]:
        found = sums(maven.pipeline(f'owner.name = "{name}"'))
        assert (found["won_value"], found["won"], found["win_rate"]) == (value, count, rate)
    for name, rate in figures["best_win_rate_agents"]:
        assert maven.pipeline(f'owner.name = "{name}"')["win_rate"] == rate
    idle = maven.listed("user", "manager is not missing and no opportunity", "name", "name")
    assert [each["name"] for each in idle] == figures["agents_without_deals"]


def test_the_best_accounts(maven: Maven, figures: dict[str, Any]) -> None:
    """Sales would be credited to another account."""
    bought: Counter[str] = Counter()
    for each in maven.listed("opportunity", 'status = "won"', "customer.name,amount"):
        bought[each["customer.name"]] += int(Decimal(each["amount"]["amount"]))
    assert [list(each) for each in bought.most_common(5)] == figures["top5_accounts"]


def test_what_was_won_by_quarter(maven: Maven, figures: dict[str, Any]) -> None:
    """A quarter would be closed with the sales of another."""
    for quarter, wanted in figures["won_by_quarter"].items():
        first = 3 * int(quarter[-1]) - 2
        end = f"2017-{first + 3:02}-01" if first < 10 else "2018-01-01"
        report = sums(maven.pipeline(f"closed_on >= 2017-{first:02}-01 and closed_on < {end}"))
        assert [report["won"], report["won_value"]] == wanted


def test_accounts_products_and_agents(maven: Maven, figures: dict[str, Any]) -> None:
    """A manager who has no row of his own would be missing, or be there for each of his agents."""
    assert maven.count("customer", 'kind = "organisation"') == maven.count("customer") == figures["accounts"]
    assert maven.count("product") == figures["products"]
    assert maven.count("user") == figures["agents_in_teams"] + figures["managers"]
    assert maven.count("user", "manager is missing") == figures["managers"]
    assert {each["team"] for each in maven.listed("user", "team is not missing", "team")} == set(figures["offices"])
    for sector, count in figures["sector_misspelt"].items():
        assert maven.count("customer", f'tags = "{sector}"') == count


def test_the_stage_history_is_that_of_the_file(maven: Maven) -> None:
    """A forecast as of a past day would not know what was open then."""
    won = maven.listed("opportunity", 'status = "won"', "external_id,opened_on,closed_on", "external_id")[0]
    items = maven("opportunity", "stages", f"external_id={won['external_id']}", "--source", "maven").done["items"]
    assert [(each["at"][:10], each["to_stage"]) for each in items] == [
        (won["opened_on"], "prospecting"),
        (won["closed_on"], "won"),
    ]
    open_then = [e for e in deals() if e["engage_date"] and e["engage_date"] <= "2017-07-01" < (e["close_date"] or "9")]
    past = maven("pipeline", "--as-of", "2017-07-01").done
    assert past["open"] == len(open_then)
    assert past["won"] == sum(e["deal_stage"] == "Won" and e["close_date"] <= "2017-07-01" for e in deals())


def test_a_second_import_creates_nothing(maven: Maven) -> None:
    """Whoever takes the file in again would double the pipeline."""
    done = maven.deals().done
    assert (done["rows"], done["created"], done["unchanged"], done["rejected"]) == (2200, 0, 2200, 0)
    assert maven.count("opportunity") == 2200


def test_the_pipeline_is_made_only_if_that_is_asked_for(prepared: Maven) -> None:
    """Deals would go into a pipeline that somebody misspelt."""
    refused = prepared("import", "opportunity", str(DEALS), "--map", str(MAPS / "opportunities.toml"))
    assert refused.status == 1
    assert "--create-pipeline" in refused.error["message"]
    assert prepared.count("pipeline") == prepared.count("opportunity") == 0


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
def test_a_batch_can_be_taken_back(prepared: Maven) -> None:
    """A file that was imported too early would stay for ever."""
    batch = prepared.deals().done["batch"]
    undone = prepared("import-undo", batch).done
    assert (undone["removed"], undone["kept"]) == (2201, [])  # the pipeline, too
    assert prepared.count("opportunity") == 0


def test_a_product_that_nobody_knows_is_rejected(prepared: Maven, figures: dict[str, Any]) -> None:
    """A misspelt product would be taken for none, and nobody would be told; or the map could not mend it."""
    preview = prepared.deals("--dry-run", map="opportunities_as_written")
    assert prepared.count("opportunity") == prepared.count("pipeline") == 0
    asked = prepared.deals(map="opportunities_as_written")
    done = asked.json
    told = ("rows", "created", "updated", "unchanged", "rejected", "records", "rejects")
    assert asked.status == preview.status == 3
    assert [preview.json[name] for name in told] == [done[name] for name in told]
    assert done["rejected"] == figures["unknown_products"]["GTXPro"] == 377
    assert (done["rows"], done["created"]) == (2200, 2200 - 377)
    assert {(each["column"], each["value"]) for each in done["rejects"]} == {("product", "GTXPro")}
    assert all("GTXPro" in each["reason"] for each in done["rejects"])
    mended = prepared.deals().done
    assert (mended["created"], mended["unchanged"], mended["rejected"]) == (377, 2200 - 377, 0)
    assert sums(prepared.pipeline())["won_value"] == figures["won_value"]


def test_the_maps_are_those_of_the_demo() -> None:
    """`crm demo --pipeline` would take in something else than what the example's page says."""
    bundled = {each.name: each.read_bytes() for each in BUNDLED.glob("*.toml")}
    assert bundled == {each.name: each.read_bytes() for each in MAPS.glob("*.toml")}
    assert len(bundled) == 5
