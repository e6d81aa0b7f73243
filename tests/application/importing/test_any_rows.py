"""Whatever the rows are: each has one outcome, a rehearsal tells the truth, and batches leave no trace."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore.application.importing import ImportReport, entries
from tests.application.importing.desk import Desk, counts
from tests.shared import SharedCrm

HEADER = "external_id,name,email,note,birth_date"
CELLS = (["", "1", "2"], ["", "A", "B", "a"], ["", "a@x", "b@x", "A@X"], ["", "x", "y"], ["", "2000-01-01", "soon"])
ROWS = st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS)).map(",".join), max_size=8)
CHOICES = st.sampled_from(["skip", "update", "create"])


def stored(desk: Desk) -> list[Any]:
    """What the customers say, in order."""
    found = desk.all()
    return [(c.external_id, c.name, [p.value for p in c.contact_points], c.note, c.birth_date) for c in found]


def take_in_batches_of(size: int, desk: Desk, rows: list[str], choice: str, **options: Any) -> ImportReport:
    """Import rows, so many at a time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entries, "BATCH", size)
        return desk.take("\n".join([HEADER, *rows, ""]), on_duplicate=choice, source="s", **options)


@given(first=ROWS, second=ROWS, choice=CHOICES, size=st.integers(1, 4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_come_out_the_same_in_any_batches(
    shared_memory: SharedCrm, tmp_path: Path, first: list[str], second: list[str], choice: str, size: int
) -> None:
    """What a row does would depend on how many rows stand before it in the file."""
    whole, split = Desk(shared_memory.fresh(), tmp_path), Desk(shared_memory.fresh(), tmp_path)
    for rows in (first, second):
        rehearsed = take_in_batches_of(500, whole, rows, choice, dry=True)
        report = take_in_batches_of(500, whole, rows, choice)
        assert counts(rehearsed) == counts(report)
        assert counts(take_in_batches_of(size, split, rows, choice)) == counts(report)
        assert stored(split) == stored(whole)


@given(rows=ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_same_rows_again_create_nothing(shared_memory: SharedCrm, tmp_path: Path, rows: list[str]) -> None:
    """A file that is sent again every night would double what it holds."""
    desk = Desk(shared_memory.fresh(), tmp_path)
    first = take_in_batches_of(500, desk, rows, "skip")
    again = take_in_batches_of(500, desk, rows, "skip")
    assert (again.rows, again.created, again.updated) == (first.rows, 0, 0)  # one may fit two that came after it
    assert len(stored(desk)) == first.records
