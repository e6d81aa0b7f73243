"""The contract of plugins catches what it is there to catch: each bad plugin fails in the test that says why."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from crmcore.testing import PluginContract
from tests.architecture.sources import ROOT
from tests.plugins.made import Site

IMPORTS = {"test_importing_it_only_imports"}
PERSONS = {"test_what_it_keeps_of_a_person_is_handed_out_and_erased"}
MERGES = {"test_what_refers_to_a_customer_follows_a_merge_and_comes_back"}
HOOKS = {"test_its_hooks_keep_to_their_rights"}
CAUGHT = {
    "StartsAThread": IMPORTS,
    "ChangesTheEnvironment": IMPORTS,
    "OpensASocket": IMPORTS,
    "WritesAFile": IMPORTS,
    "ForgetsAModule": {"test_importing_it_takes_nothing_away"},
    "KnowsTheDatabase": {"test_it_does_not_import_what_belongs_to_storages"},
    "KnowsTheInsides": {"test_it_does_not_import_what_belongs_to_storages"},
    "InstalledUnderAnotherName": {"test_it_goes_by_one_name", "test_its_distribution_says_which_core_it_needs"},
    "DeclaresAnotherEachTime": {"test_it_declares_the_same_again", "test_switching_it_off_and_on_keeps_its_rows"},
    "IsHalfTranslated": {"test_everything_is_named_in_the_same_languages"},
    "LosesWhatItIsGiven": {"test_every_record_comes_back_as_it_was_stored"},
    "RefusesEveryFacet": {"test_every_facet_is_stored_changed_and_remembered", "test_what_is_exported_can_be_imported"},
    "ForbidsItsOwnSteps": {"test_every_step_can_be_taken"},
    "ForgotToMigrate": {"test_its_revisions_lead_to_what_it_declares"},
    "LosesRowsWhenUpgraded": {"test_rows_of_its_first_release_outlast_the_upgrade"},
    "GuardThatWrites": HOOKS,
    "ReactionBeyondItsRights": HOOKS,
    "ReactionThatAnswers": HOOKS,
    "GuardThatRaises": HOOKS,
    "GuardThatAlters": {"test_its_hooks_leave_what_they_are_given"},
    "ObserverThatRepeats": {"test_what_is_observed_twice_is_done_once"},
    "ObserverThatRaises": {"test_observers_leave_what_they_are_given"},
    "JobThatRepeats": {"test_a_job_that_runs_twice_does_it_once"},
    "PanelThatRaises": {"test_what_it_contributes_is_never_missing"},
    "ReportWithoutTable": {"test_its_reports_run"},
    "HookThatDoesNotFit": {"test_it_starts"},
    "NobodyKnowsWhose": {"test_personal_data_leads_to_its_person"},
    "KeepsACopy": PERSONS,
    "SubjectThatRaises": PERSONS,
    "HoldWithoutReason": PERSONS,
    "MergeGuardThatRaises": MERGES,
    "ReactionThatOutlastsAMerge": MERGES,
}
"""For each bad plugin the tests that have to fail."""
BAD = "tests/testing/bad_contracts.py"


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The tests that failed, by the name of the bad plugin; they run in one process of their own."""
    folder = tmp_path_factory.mktemp("bad")
    Site(folder).install("crmcore-other", [("other_name", "tests.testing.bad.well_behaved")], {})
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
    env = {**os.environ, "PYTHONPATH": str(folder)}
    tests = [f"{BAD}::Test{bad}::{name}" for bad, names in CAUGHT.items() for name in sorted(names)]
    subprocess.run([*command, *tests], cwd=ROOT, env=env, capture_output=True, timeout=300, check=False)
    return _failures(report)


def _failures(report: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        names = found.setdefault(str(case.get("classname")).rpartition(".Test")[2], set())
        if case.find("failure") is not None or case.find("error") is not None:
            names.add(str(case.get("name")).partition("[")[0])
    return found


@pytest.mark.parametrize("bad", sorted(CAUGHT))
def test_the_contract_catches_it(failed: dict[str, set[str]], bad: str) -> None:
    """An author would believe that a plugin is sound which is not."""
    assert failed[bad] == CAUGHT[bad]


def test_every_rule_of_the_contract_is_broken_by_some_plugin() -> None:
    """A test of the contract could not fail, and nobody would know."""
    rules = {name for name in dir(PluginContract) if name.startswith("test_")}
    assert rules - set().union(*CAUGHT.values()) == set()


def test_every_bad_plugin_is_looked_at() -> None:
    """A bad plugin that is not expected to fail would be there for nothing."""
    text = (ROOT / BAD).read_text(encoding="utf-8")
    assert set(re.findall(r"^class Test(\w+)\(Bad\)", text, re.MULTILINE)) == set(CAUGHT)
