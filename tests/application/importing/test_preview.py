"""A dry run tells what the run will do, and an interrupted run ends as a whole one: whatever is in the file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcore.adapters.memory.source import MemorySource
from crmcore.crm import Crm
from crmcore.domain.errors import ImportRefused
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.application.importing.interrupting import Killed, batches, contents, killer, outcome
from tests.application.importing.test_hostile_files import PEOPLE
from tests.application.importing.test_resuming import small
from tests.shared import SharedCrm

CELLS = {
    "user": {
        "external_id": st.sampled_from(["", "1", "2", "3", "4"]),
        "name": st.sampled_from(["", "Ann", "Bob", "ann", "x" * 300]),
        "email": st.sampled_from(["", "a@x.com", "b@x.com", "a@x.com b@x.com"]),
        "manager": st.sampled_from(["", "1", "4", "Ann", "Bob", "Nobody"]),
    },
    "customer": {
        "external_id": st.sampled_from(["", "1", "2", "3"]),
        "name": st.sampled_from(["", "Ann", "Bob", "\0"]),
        "email": st.sampled_from(["", "a@x.com", "b@x.com; c@x.com"]),
        "owner": st.sampled_from(["", "Sara", "Omid"]),
        "specimen.card": st.sampled_from(["", "", "C1", "C2"]),
    },
    "order": {
        "external_id": st.sampled_from(["", "1", "2", "3", "4", "5"]),
        "ordered_at": st.sampled_from(["2025-01-01", "2025-01-02", "soon"]),
        "product": st.sampled_from(["Tea", "Tea", "Rice"]),
        "quantity": st.sampled_from(["1", "2", "many"]),
    },
}
ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
MISSING = {"user": "manager", "customer": "owner", "order": "product"}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str, str]:
    """A record type, a file of it, and a map that says what becomes of missing references."""
    record = draw(st.sampled_from(sorted(CELLS)))
    cells = CELLS[record]
    rows = draw(st.lists(st.tuples(*cells.values()), max_size=25))
    text = "\n".join([",".join(cells), *(",".join(row) for row in rows)]) + "\n"
    missing = draw(st.sampled_from(["reject", "create", "leave"]))
    column = MISSING[record]
    return record, text, f'[columns]\n{column} = {{ field = "{column}", missing = "{missing}" }}\n'


def masked(found: Any) -> Any:
    """What came of a run, with every id that its texts name masked: they are other ones in each run."""
    if isinstance(found, dict):
        return {key: masked(value) for key, value in found.items()}
    if isinstance(found, list | tuple):
        return [masked(each) for each in found]
    return ID.sub("(id)", found) if isinstance(found, str) else found


@contextmanager
def fresh() -> Iterator[Crm]:
    """A Crm in memory."""
    with make_crm(MemorySource(), plugins=[specimens]) as crm:
        yield crm


@pytest.mark.usefixtures("batches_of_three")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(file=files(), on_duplicate=st.sampled_from(["skip", "update", "create"]), place=st.integers(1, 25))
def test_previews_and_resumed_runs_are_as_whole_ones(file: tuple[str, str, str], on_duplicate: str, place: int) -> None:
    """Someone would agree to what a preview shows and get something else, or a crash would change what comes in."""
    with tempfile.TemporaryDirectory() as name, fresh() as whole, fresh() as broken:
        folder, (record, text, map) = Path(name), file
        (folder / "map.toml").write_text(map)
        (folder / "rows.csv").write_text(text)
        asked: dict[str, Any] = {
            "actor": "x",
            "source": "s",
            "chunk": 3,
            "map": folder / "map.toml",
            "rejects": folder / "rejects.csv",
            "on_duplicate": on_duplicate,
        }
        preview = outcome(whole.import_file(folder / "rows.csv", record, dry_run=True, **asked), folder / "rejects.csv")
        assert not any(contents(whole).values()) and batches(whole) == [] and whole.feed() == []
        run = outcome(whole.import_file(folder / "rows.csv", record, **asked), folder / "rejects.csv")
        assert masked(run) == masked(preview)
        try:
            broken.import_file(folder / "rows.csv", record, progress=killer(place), **asked)
        except Killed:
            left = batches(broken)
            resume = left[0].id if left else None
            again = broken.import_file(folder / "rows.csv", record, resume=resume, **asked)
            assert masked(outcome(again, folder / "rejects.csv")) == masked(run)
        assert contents(broken) == contents(whole)


@pytest.mark.parametrize("name", list(PEOPLE))
def test_previews_of_odd_files(shared: SharedCrm, tmp_path: Path, name: str) -> None:
    """Odd encodings, quotes and values would come out otherwise than the preview says (CSV-43), or leave a batch that
    runs for ever (CSV-30)."""
    crm, content = shared.fresh(), PEOPLE[name]
    file, rejects = tmp_path / "rows.csv", tmp_path / "rejects.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        preview = outcome(crm.import_file(file, "customer", actor="x", dry_run=True, rejects=rejects), rejects)
    except ImportRefused as error:
        with pytest.raises(ImportRefused, match=re.escape(error.message)):
            crm.import_file(file, "customer", actor="x")
        assert batches(crm) == []
        return
    assert not any(contents(crm).values())
    assert outcome(crm.import_file(file, "customer", actor="x", rejects=rejects), rejects) == preview
    assert [each.status for each in batches(crm)] == ["done"]
    again = crm.import_file(file, "customer", actor="x")
    assert again.created == 0


@pytest.fixture
def batches_of_three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches in a small file."""
    small(monkeypatch)
