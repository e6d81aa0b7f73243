"""Imports remember the cells of rows that they refused: those of an erased person are emptied."""

from __future__ import annotations

from pathlib import Path

from crmcore import Person
from crmcore.application.importing.chunk_text import kept_of
from crmcore.domain.import_batch import ImportChunk
from crmcore.testing.crm import make_crm
from tests.application.subjects.dumps import file_bytes
from tests.application.subjects.test_erasing import erase


def test_cells_of_refused_rows_are_emptied(sqlite_url: str, tmp_path: Path) -> None:
    """Those that name the person, however it is written; the report of the batch still has every line."""
    file = tmp_path / "customers.csv"
    rows = ["Leila Hosseini,LEILA@EXAMPLE.COM\x07", "Ali,ali@example.com\x07", "Sara,sara@example.com"]
    file.write_text("\n".join(["name,email", *rows]), encoding="utf-8")
    with make_crm(sqlite_url) as crm:
        with crm.work("sara") as work:
            id = work.customers.add(Person("Leila Hosseini", emails=["leila@example.com"])).id
        report = crm.import_file(file, "customer", actor="sara")
        assert report.rejected == 2
        assert b"LEILA@EXAMPLE.COM" in file_bytes(sqlite_url)
        assert erase(crm, id).cells == 1
        with crm.work("sara") as work:
            states = [each.state for each in work[ImportChunk].query().items]
        assert not any("LEILA" in state for state in states)
        assert any("ali@example.com" in state and '"erased"' in state for state in states)
        found = file_bytes(sqlite_url)
        assert b"LEILA@EXAMPLE.COM" not in found
        assert b"Hosseini" not in found
        assert [each.line for each in kept_of(states).rejects] == [2, 3]
