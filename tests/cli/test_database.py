"""db, doctor, worker, fields and plugins."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crmcore.domain.errors import StorageBusy
from crmcore.domain.records import CORE
from tests.cli.conftest import Crm, heed_interrupts, run


def test_upgrade_and_status_name_the_revisions(crm: Crm) -> None:
    """A deployment could not tell whether the database fits the code."""
    made = crm.json("--plugins", "loyalty", "db", "upgrade").done
    assert set(made) == {"revision", "up_to_date"}
    assert set(made["revision"]) == {"core", "loyalty"}
    assert made["up_to_date"] is True
    assert crm.json("db", "upgrade").done == crm.json("db", "status").done == made
    assert "up to date" in crm("db", "status").out


def test_status_of_nothing_makes_nothing(tmp_path: Path) -> None:
    """To look would be to write."""
    for _ in range(2):
        status = run("--json", "--database", f"sqlite:///{tmp_path}/new.db", "db", "status").done
        assert status == {"revision": {}, "up_to_date": False}


def test_a_plugin_is_added_to_a_database_by_an_upgrade(crm: Crm) -> None:
    """A plugin could only be had from the start; or a command would change the schema on its own."""
    crm.add("customer", "name=A")
    refused = crm.json("--plugins", "loyalty", "count", "customer").error
    assert refused["type"] == "SchemaMismatch"
    assert "crm db upgrade" in refused["message"]
    assert set(crm.json("--plugins", "loyalty", "db", "upgrade").done["revision"]) == {"core", "loyalty"}
    assert crm.json("list", "customer").done["items"][0]["loyalty.tier"] is None


def test_the_plugins_of_the_file_make_a_new_database_and_upgrade_an_old_one(tmp_path: Path) -> None:
    """crm.toml would have no effect, or break every command on a database that is older than it."""
    old = Crm(f"sqlite:///{tmp_path}/old.db")
    old.add("customer", "name=A")
    (tmp_path / "crm.toml").write_text('plugins = ["loyalty"]')
    new = Crm(f"sqlite:///{tmp_path}/new.db")
    assert new.add("customer", "name=A", "loyalty.tier=bronze")["loyalty.tier"] == "bronze"
    assert "loyalty.tier" not in old.json("list", "customer").done["items"][0]
    assert set(old.json("db", "upgrade").done["revision"]) == {"core", "loyalty"}
    assert "loyalty.tier" in old.json("list", "customer").done["items"][0]


def test_plugins_that_the_database_records_are_active_by_themselves(loyal: Crm) -> None:
    """Each command would have to name them, and one that forgot would lose sight of their fields."""
    assert loyal.add("customer", "name=A", "loyalty.tier=bronze")["loyalty.tier"] == "bronze"
    assert loyal.json("--plugins", "", "count", "customer").error["type"] == "MissingPlugin"
    assert loyal.json("--plugins", "loyalti", "count", "customer").status == 1


def test_none_looks_and_administers_but_writes_no_record(loyal: Crm) -> None:
    """A database whose plugin is broken could not be looked at; or records would be written past its guards."""
    id = loyal.add("customer", "name=A")["id"]
    assert loyal.json("--plugins", "none", "count", "customer").done == {"count": 1}
    assert loyal.json("--plugins", "none", "db", "status").done["up_to_date"] is True
    assert loyal.json("--plugins", "none", "doctor").status == 0
    for arguments in (["add", "customer", "name=B"], ["change", "customer", id, "name=B"], ["remove", "customer", id]):
        assert "'none'" in loyal.json("--plugins", "none", *arguments).error["message"]
    assert loyal.json("list", "customer").done["items"][0]["name"] == "A"


def test_the_commands_work_on_every_database(fresh_url: str, tmp_path: Path) -> None:
    """What runs on a laptop would fail on the server."""
    crm = Crm(fresh_url)
    (tmp_path / "people.csv").write_text(
        "external_id,name,email\n1,لیلا,leila@example.com\n2,Omid,\n", encoding="utf-8"
    )
    (tmp_path / "orders.csv").write_text("external_id,customer,ordered_at,total\n9,1,2025-01-01,10 EUR\n")
    assert crm.json("--plugins", "loyalty", "db", "upgrade").done["up_to_date"] is True
    assert crm.json("import", "customer", "people.csv", "--source", "shop").done["created"] == 2
    assert crm.json("import", "order", "orders.csv", "--source", "shop").done["created"] == 1
    id = crm.json("search", "ليلا").done["items"][0]["id"]
    assert crm.json("change", "customer", id, "loyalty.tier=bronze", "city=Cairo").done["version"] == 2
    view = crm.json("show", "customer", "email=leila@example.com").done
    assert (view["panels"]["loyalty"]["tier"], view["value"]["orders"]) == ("bronze", 1)
    assert crm.json("count", "customer", "--where", "last_order > 2024-01-01").done == {"count": 1}
    assert [each["type"] for each in crm.json("timeline", id).done["items"]] == ["order"]
    operations = [each["operation"] for each in crm.json("history", "customer", id).done["items"]]
    assert sorted(operations) == ["add", "change", "facet"]
    assert crm.json("export", "customer", "--out", "out.jsonl").done["rows"] == 2
    assert crm.json("db", "rekey").done == {"rekeyed": 2}
    assert crm.json("doctor").done["ok"] is True
    assert crm.json("worker", "--once").done["events"] == 0


def test_rekey_counts_the_records(crm: Crm) -> None:
    """An upgrade that changes the fold could not be finished."""
    crm.add("customer", "name=A")
    crm.add("product", "name=Tea")
    assert crm.json("db", "rekey").done == {"rekeyed": 2}


def test_the_doctor_says_what_it_checked(loyal: Crm) -> None:
    """A person with a sick database would not know where to look."""
    report = loyal.json("doctor").done
    assert set(report) == {"ok", "checks"}
    assert report["ok"] is True
    assert all(set(each) == {"name", "ok", "detail"} for each in report["checks"])
    names = {each["name"] for each in report["checks"]}
    assert {"database", "plugins", "schema", "match keys"} <= names
    assert any("foreign" in name for name in names)
    assert "NOT OK" not in loyal("doctor").out


def test_the_doctor_finds_what_is_wrong(loyal: Crm, tmp_path: Path) -> None:
    """It would call a sick database healthy."""
    missing = loyal.json("--plugins", "", "doctor")
    assert missing.status == 1
    assert [each["name"] for each in missing.json["checks"] if not each["ok"]] == ["plugins"]
    unreachable = run("--json", "--database", f"sqlite:///{tmp_path}/no/such/folder.db", "doctor")
    assert unreachable.status == 1
    assert unreachable.json["ok"] is False


def test_the_worker_counts_what_it_did(crm: Crm) -> None:
    """A job would not know whether anything is left."""
    crm.add("customer", "name=A")
    assert set(crm.json("worker", "--once").done) == {"events", "jobs", "sent", "parked"}
    assert crm.json("worker", "--once").done == {"events": 0, "jobs": 0, "sent": 0, "parked": 0}


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_the_worker_runs_until_it_is_told_to_stop(crm: Crm, sign: signal.Signals) -> None:
    """A service manager could not stop it but by killing it, and its figures would be lost."""
    crm.add("customer", "name=A")
    command = [sys.executable, "-m", "crmcore.cli", "--database", crm.database, "--json", "worker"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    ) as started:
        assert started.stdout is not None and started.stderr is not None
        assert b"working" in started.stderr.readline()
        started.send_signal(sign)
        document = json.loads(started.stdout.read())
    assert (started.returncode, set(document)) == (0, {"events", "jobs", "sent", "parked"})


def test_the_worker_waits_where_another_is_at_it(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service would end whenever an import holds the database."""
    answers: list[BaseException] = [StorageBusy("another writer"), KeyboardInterrupt()]

    def pump(self: object, seconds: float) -> dict[str, int]:
        raise answers.pop(0)

    monkeypatch.setattr("crmcore.crm.Crm.pump", pump)
    monkeypatch.setattr("crmcore.cli.worker.PAUSE", 0)
    assert crm.json("worker").done["events"] == 0
    answers.append(StorageBusy("another writer"))
    assert crm.json("worker", "--once").error["type"] == "StorageBusy"


def test_a_write_leaves_the_feed_up_to_date(crm: Crm) -> None:
    """Without a worker nobody would ever see the change."""
    crm.add("customer", "name=A")
    assert crm.json("worker", "--once").done["events"] == 0


def test_fields_are_listed_with_what_matters_about_them(loyal: Crm) -> None:
    """A person who writes a map would have to read the code for the names."""
    items = loyal.json("fields", "list", "customer").done["items"]
    keys = {"record", "name", "type", "plugin", "index", "unique", "personal"}
    assert all(set(each) == keys for each in items)
    by_name = {each["name"]: each for each in items}
    assert by_name["email"] == {
        "record": "customer",
        "name": "email",
        "type": "text",
        "plugin": None,
        "index": True,
        "unique": False,
        "personal": True,
    }
    assert (by_name["loyalty.card_number"]["plugin"], by_name["loyalty.card_number"]["unique"]) == ("loyalty", True)
    everything = {each["record"] for each in loyal.json("fields", "list").done["items"]}
    assert everything == {cls.__crm__.name for cls in CORE if cls.__crm__}
    assert {"customer", "opportunity", "lead", "invoice", "import_batch"} <= everything
    assert loyal.json("fields", "list", "custmer").error["type"] == "UnknownName"


def test_plugins_are_listed_with_what_they_contribute(crm: Crm, loyal: Crm) -> None:
    """A person could not tell which plugin a field comes from, or that one is there to be had."""
    [active] = [each for each in loyal.json("plugins", "list").done["items"] if each["name"] == "loyalty"]
    assert set(active) == {"name", "version", "api", "state", "contributes"}
    assert (active["state"], active["contributes"]["facets"][0]["record"]) == ("active", "customer")
    [offered] = [each for each in crm.json("plugins", "list").done["items"] if each["name"] == "loyalty"]
    assert (offered["state"], offered["contributes"]) == ("available", {})
    [shown] = loyal.json("plugins", "show", "loyalty").done["items"]
    assert shown["description"]
    assert loyal.json("plugins", "show", "loyalti").error["nearest"] == ["loyalty"]
