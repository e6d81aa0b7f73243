"""CRA-01, CRA-02: an import that is killed, or for which the disk is full, is resumed: nothing is lost or twice."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import crmcore
from benchmarks import faults
from crmcore.crm import Crm
from crmcore.domain.errors import StorageFailed
from tests.application.test_crashes import integrity, limited
from tests.databases import storages

ROWS, CHUNK = 1_500, 200


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_killed_and_resumed(fresh_url: str, tmp_path: Path) -> None:
    """Rows would be there twice or not at all after a crash, or the report count otherwise than that of a whole run."""
    path = faults.write_file(tmp_path, ROWS)
    *kills, end = faults.compare(
        f"sqlite:///{tmp_path / 'whole.db'}", fresh_url, path, CHUNK, kills=3, seed=len(fresh_url)
    )
    assert len(kills) == 3 or "ended_before" in kills[-1]
    assert end == {"rows": ROWS, "same_end": True, "same_report": True}


def test_a_full_disk_and_on(tmp_path: Path) -> None:
    """An import that fills the disk would break the file, end in a foreign error, or have to begin anew."""
    path = tmp_path / "notes.csv"
    path.write_text("external_id,name,note\n" + "".join(f"{n},p{n},{'x' * 900}\n" for n in range(3_000)))
    database = tmp_path / "crm.db"
    engine = crmcore.prepare(sa.create_engine(f"sqlite:///{database}"))
    crm = Crm(engine=engine)
    crm.upgrade()
    pages = limited(engine, 900)
    with pytest.raises(StorageFailed, match="can be resumed") as raised:
        crm.import_file(path, "customer", actor="x", source="s", chunk=500)
    batch = str(raised.value.details["batch"])
    assert integrity(database) == "ok"
    with crm.work("x") as work:
        there = work.customers.count()
    assert 0 < there < 3_000
    limited(engine, pages + 10_000)
    report = crm.import_file(path, "customer", actor="x", source="s", resume=batch)
    with crm.work("x") as work:
        assert (report.created, work.customers.count()) == (3_000, 3_000)
    assert integrity(database) == "ok"
    engine.dispose()
