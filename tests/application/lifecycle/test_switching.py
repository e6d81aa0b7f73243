"""A plugin is switched off and on with its rows in place, on every storage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import crmcore
import crmcore_loyalty
from crmcore import Person
from crmcore.application.lifecycle import Switched
from crmcore.domain.errors import (
    InvalidSetting,
    NotFound,
    PluginDisabled,
    PredicateError,
    StillReferenced,
    UnknownName,
)
from crmcore.testing import make_crm, specimens
from crmcore.testing.specimens import Entry, Profile, Sample
from crmcore_loyalty import LoyaltyMember
from tests.application.lifecycle.kept import EVERYWHERE, fill, opened, plain
from tests.databases import storages


@EVERYWHERE
def test_what_a_disabled_plugin_keeps_is_read_and_not_written(storage: str, request: pytest.FixtureRequest) -> None:
    """Switching off would hide what people wrote, or let it be changed past the plugin's rules."""
    with opened(storage, request) as crm:
        rows = fill(crm)
        before = plain(crm)
        assert crm.plugins.disable("specimen", actor="root") == Switched("specimen", "disabled")
        assert crm.catalogue.dormant == {"specimen"}
        assert plain(crm) == before
        with crm.work("sara") as work:
            samples = work.records("specimen.sample")
            assert samples.count('piece.title = "leg" and customer.specimen.motto = "carpe diem"') == 1
            assert [c.name for c in work.customers.query('specimen.likes = "tea"').items] == ["Leila"]
            assert work.customers.count("specimen.sample where (ratio = 2)") == 1
            assert [each.operation for each in samples.history(rows.sample)] == ["add"]
            refused = pytest.raises(PluginDisabled, match="crm plugins enable specimen")
            with refused:
                samples.change(rows.sample, label="other")
            with refused:
                samples.remove(rows.sample)
            with refused:
                work.customers.change(rows.leila, {"specimen.motto": "other"})
            with refused:
                samples.add(samples.get(rows.sample))
            with pytest.raises(UnknownName):
                work[Sample].get(rows.sample)
        assert plain(crm) == before
        assert crm.plugins.enable(specimens, actor="root").state == "active"
        assert plain(crm) == before
        with crm.work("sara") as work:
            assert work[Sample].change(rows.sample, label="other").version == 2


@EVERYWHERE
def test_what_a_disabled_plugin_keeps_goes_with_its_owner(storage: str, request: pytest.FixtureRequest) -> None:
    """Rows would be orphaned, or keep a person from being removed whom nothing else refers to."""
    with opened(storage, request) as crm:
        rows = fill(crm)
        with crm.work("sara") as work:
            lone = work.customers.add(Person("Nour").with_facets(Profile(motto="alone"))).id
        crm.plugins.disable("specimen", actor="root")
        with crm.work("sara") as work:
            work.customers.remove(lone)
            with pytest.raises(StillReferenced, match=r"specimen\.sample"):
                work.customers.remove(rows.omar)
        with crm.work("sara") as work:
            assert "specimen.motto" in json.loads(work.customers.history(lone)[-1].changes)
        crm.plugins.enable(specimens, actor="root")
        with crm.work("sara") as work:
            work.customers.add(Person("Nadia").with_facets(Profile(motto="again")))
            assert work.customers.count("specimen.motto is not missing") == 3


@EVERYWHERE
def test_a_retired_plugin_keeps_nobody_from_leaving(
    storage: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Its rows would block what nobody can see any more; and what loses its owner would be lost without a word."""
    with opened(storage, request) as crm:
        rows = fill(crm)
        before = plain(crm)
        with pytest.raises(InvalidSetting, match="crm plugins disable specimen"):
            crm.plugins.retire("specimen", actor="root")
        crm.plugins.disable("specimen", actor="root")
        assert crm.plugins.retire("specimen", actor="root").state == "retired"
        assert crm.plugins.retire("specimen", actor="root").state == "retired"
        assert "specimen.sample" not in crm.catalogue.records
        assert crm.plugins.enable(specimens, actor="root").archive is None
        assert plain(crm) == before
        crm.plugins.disable("specimen", actor="root")
        crm.plugins.retire("specimen", actor="root")
        with crm.work("sara") as work:
            work.customers.remove(rows.omar)
        with pytest.raises(StillReferenced, match="1 of specimen_customer, 1 of specimen_sample_piece"):
            crm.plugins.enable(specimens, actor="root")
        [state] = [each["state"] for each in crm.plugins.list() if each["name"] == "specimen"]
        assert state == "retired"
        done = crm.plugins.enable(specimens, actor="root", archive=tmp_path)
        assert done.archive is not None
        assert done.rows == {"specimen_customer": 1, "specimen_sample_piece": 1}
        lost = json.loads((done.archive / "specimen_customer.jsonl").read_text())
        assert lost == {"id": str(rows.omar), "version": 1, "motto": "nil", "card": "2"}
        with crm.work("sara") as work:
            assert [p.maker for p in work[Sample].get(rows.sample).pieces] == [None, None]
            assert work.search("first")[0].id == rows.sample


@EVERYWHERE
def test_a_purged_plugin_leaves_an_archive_and_its_history(
    storage: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """What was dropped could not be looked up again, or something of it would stay behind."""
    with opened(storage, request) as crm:
        rows = fill(crm)
        with crm.work("worker") as work:
            for name in ("observer:specimen", "job:specimen.tidy", "observer:specimens"):
                work.transaction.consuming.enroll(name, 0)
        crm.plugins.disable("specimen", actor="root")
        with pytest.raises(InvalidSetting, match="crm plugins retire specimen"):
            crm.plugins.purge("specimen", actor="root", archive=tmp_path)
        crm.plugins.retire("specimen", actor="root")
        done = crm.plugins.purge("specimen", actor="root", archive=tmp_path / "deep")
        assert done.archive is not None
        told = {name: (done.archive / f"{name}.jsonl").read_text().splitlines() for name in done.rows}
        assert {name: len(lines) for name, lines in told.items()} == dict(done.rows)
        assert done.rows["specimen_sample_piece"] == 2
        [sample] = map(json.loads, told["specimen_sample"])
        assert (sample["id"], sample["ratio"], sample["active"]) == (str(rows.sample), "2.000000", True)
        assert sample["taken_at"] == "2025-01-15T12:00:00Z"
        leila = json.loads(told["specimen_customer"][0])
        assert (leila["credit"], leila["credit_currency"], leila["data"]) == ("12.5000", "EUR", {"a": [1]})
        assert sorted(json.loads(each)["likes"] for each in told["specimen_customer_likes"]) == ["tea", "چای"]
        about = json.loads((done.archive / "about.json").read_text())
        assert (about["name"], about["purged_by"], about["rows"]) == ("specimen", "root", dict(done.rows))
        with crm.work("sara") as work:
            assert work.links.count() == 0
            assert [each.name for each in work.transaction.consuming.consumers()] == ["observer:specimens"]
            assert [each.operation for each in work.transaction.history("specimen.entry", rows.entry)] == ["add"]
        with pytest.raises(UnknownName):
            crm.plugins.retire("specimen", actor="root")
        crm.plugins.enable(specimens, actor="root")
        with crm.work("sara") as work:
            assert (work[Sample].count(), work[Entry].count()) == (0, 0)
            assert not [hit for hit in work.search("first") if hit.id == rows.sample]
            with pytest.raises(NotFound):
                work[Sample].get(rows.sample)


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_hosts_that_run_notice_at_their_next_unit_of_work(fresh_url: str) -> None:
    """They would go on calling hooks that somebody switched off, or write past them."""
    with make_crm(fresh_url, plugins=["loyalty"]) as host:
        follower, other = crmcore.open(fresh_url), crmcore.open(fresh_url, plugins="none")
        with host.work("sara") as work:
            work.customers.add(Person("Leila").with_facets(LoyaltyMember(tier="gold")))
        other.plugins.disable("loyalty", actor="root")
        with pytest.raises(PluginDisabled, match="crm plugins enable loyalty"), host.work("sara"):
            pass
        with follower.work("sara") as work:
            assert work.customers.count('loyalty.tier = "gold"') == 1
        assert not follower.registry.names
        assert follower.catalogue.dormant == {"loyalty"}
        other.plugins.retire("loyalty", actor="root")
        with follower.work("sara") as work, pytest.raises(PredicateError):
            work.customers.count('loyalty.tier = "gold"')
        other.plugins.enable("loyalty", actor="root")
        for crm in (host, follower):
            with crm.work("sara") as work:
                found = work.customers.query('loyalty.tier = "gold"', with_=[LoyaltyMember]).items
                assert [customer.facet(LoyaltyMember).tier for customer in found] == ["gold"]
        for crm in (follower, other):
            crm.close()


def test_a_plugin_is_disabled_once_for_all(tmp_path: Path) -> None:
    """Naming it in `plugins=` or upgrading would switch it on again behind the back of whoever switched it off."""
    url = f"sqlite:///{tmp_path / 'crm.db'}"
    with make_crm(url, plugins=["loyalty"]) as crm:
        crm.plugins.disable("loyalty", actor="root")
        crm.upgrade()
        for state in ("disabled", "retired"):
            with pytest.raises(PluginDisabled, match=f"{state} in this database"):
                crmcore.open(url, plugins=["loyalty"])
            with pytest.raises(PluginDisabled):
                crmcore.open(url, plugins=[crmcore_loyalty])
            if state == "disabled":
                crm.plugins.retire("loyalty", actor="root")
        assert crmcore.open(url).registry.names == ()
