"""A nightly job: customers from a file and the job's own row about it, in one transaction.

    python examples/batch_import.py FILE [URL]

URL is one of SQLAlchemy's, by default the file shop.db. Rows that are refused go to rejects.csv, to be mended and
imported again. A file that cannot be read as a whole leaves nothing behind, neither customers nor the row about them.
"""

from __future__ import annotations

import sys
from pathlib import Path

import sqlalchemy as sa

import crmcore
from crmcore import CrmError
from crmcore.adapters.files import open_rejects, open_rows
from crmcore.adapters.serialization.schemas import RowSchemas
from crmcore.application.importing import ImportPlan, ImportReport, import_records

tables = sa.MetaData()
nights = sa.Table(
    "night",
    tables,
    sa.Column("file", sa.String(200), nullable=False),
    sa.Column("created", sa.Integer, nullable=False),
    sa.Column("rejected", sa.Integer, nullable=False),
)


def take_in(engine: sa.Engine, crm: crmcore.Crm, file: Path, rejects: Path) -> ImportReport:
    """Import a file, known rows changed where the file says otherwise, and book it. Raises CrmError."""
    plan = ImportPlan(record="customer", source="nightly", on_duplicate="update")
    rows = open_rows(file)
    with engine.begin() as connection:
        work = crm.work(connection=connection, actor="system:nightly", source=file.name)
        with work as unit, open_rejects(rejects, rows.columns) as sink:
            report = import_records(unit, plan, rows, RowSchemas(crm.catalogue), sink)
        booked = {"file": file.name, "created": report.created, "rejected": report.rejected}
        connection.execute(sa.insert(nights).values(booked))
    return report


def main(file: str, url: str = "sqlite:///shop.db") -> int:
    """Take the file in; gives the exit status: 0 done, 1 refused, 3 done with rejected rows."""
    engine = crmcore.prepare(sa.create_engine(url))
    crm = crmcore.Crm(engine)
    crm.upgrade()
    tables.create_all(engine)
    try:
        report = take_in(engine, crm, Path(file), Path("rejects.csv"))
    except CrmError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        engine.dispose()
    print(
        f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged, {report.rejected} rejected"
    )
    for reject in report.rejects:
        print(f"line {reject.line}, {reject.column}: {reject.reason}")
    return 3 if report.rejected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
