"""However much there is about a person, little of it is in memory at a time."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from functools import partial
from pathlib import Path

import pytest

from crmcore import Interaction, Person
from crmcore.adapters.reports.subject import subject_json, subject_page
from crmcore.application.subjects.handing_out import handed_out
from crmcore.testing.crm import make_crm
from tests.application.subjects.persons import NOON

MOST = 8 * 2**20
"""Bytes: less than the document has."""


@pytest.mark.parametrize(("form", "many"), [("json", 20_000), ("html", 5_000)])
def test_a_long_life_is_handed_out_in_constant_memory(form: str, many: int, tmp_path: Path) -> None:
    """GDP-02 for whoever wrote 20,000 times; each is in the document once, and once in its history."""
    with make_crm(f"sqlite:///{tmp_path / 'crm.db'}") as crm:
        with crm.work("root") as work:
            leila = work.customers.add(Person("Leila")).id
            calls = (
                Interaction(NOON + dt.timedelta(minutes=n // 2), "call", customer=leila, body=f"told {n} " + "x" * 500)
                for n in range(many)
            )
            work.interactions.add_many(calls)
        with handed_out(partial(crm.work, "root"), lambda: crm.storage, leila) as export:
            tracemalloc.start()
            size = found = 0
            for text in subject_page(export) if form == "html" else subject_json(export.sections()):
                size += len(text)
                found += text.count("told ")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert found == 2 * many and export.counts["interaction"] == many
        assert size > 1.2 * MOST > MOST > peak, (size, peak)
