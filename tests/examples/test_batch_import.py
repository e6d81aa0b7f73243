"""The nightly job: a file and the job's own row share one fate."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

import crmcore
from crmcore import Crm
from crmcore.domain.errors import ImportRefused
from examples import batch_import
from examples.batch_import import tables, take_in
from tests.examples.both_sides import rows

TABLES = ("night", "crm_customer", "crm_change")
FILE = "external_id,name,birth_date\n1,Leila Hosseini,1984-03-02\n2,Omar Haddad,1990-13-20\n3,Nora Lindqvist,\n"


@attrs.frozen
class Job:
    """The job on one database, with a file to take in."""

    url: str
    engine: sa.Engine
    crm: Crm
    file: Path

    def run(self) -> str:
        """Take the file in; gives the rejects file."""
        rejects = self.file.with_name("rejects.csv")
        take_in(self.engine, self.crm, self.file, rejects)
        return rejects.read_text(encoding="utf-8")


@pytest.fixture
def job(fresh_url: str, tmp_path: Path) -> Iterator[Job]:
    """The job on each storage."""
    engine = crmcore.prepare(sa.create_engine(fresh_url))
    crm = Crm(engine)
    crm.upgrade()
    tables.create_all(engine)
    file = tmp_path / "people.csv"
    file.write_text(FILE, encoding="utf-8")
    yield Job(fresh_url, engine, crm, file)
    engine.dispose()


def test_good_rows_and_the_row_about_them_are_in(job: Job) -> None:
    """The job's books would not agree with the customers."""
    rejects = job.run()
    assert rows(job.url, TABLES) == {"night": 1, "crm_customer": 2, "crm_change": 2}
    assert "1990-13-20" in rejects
    assert "Leila" not in rejects


def test_the_same_file_again_makes_nothing(job: Job) -> None:
    """A job that is run twice would double the customers."""
    job.run()
    job.run()
    assert rows(job.url, TABLES) == {"night": 2, "crm_customer": 2, "crm_change": 2}


def test_a_file_that_is_refused_leaves_nothing(job: Job) -> None:
    """The job would book a file of which nothing is there."""
    job.file.write_text("external_id,nmae\n1,Leila\n", encoding="utf-8")
    with pytest.raises(ImportRefused):
        job.run()
    assert rows(job.url, TABLES) == {"night": 0, "crm_customer": 0, "crm_change": 0}


def test_what_the_host_refuses_undoes_the_import(job: Job) -> None:
    """The customers would be there although the job could not book them."""
    with job.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE night"))
    with pytest.raises(sa.exc.DBAPIError):
        job.run()
    assert rows(job.url, TABLES[1:]) == {"crm_customer": 0, "crm_change": 0}


def test_the_script_tells_what_it_did(tmp_path: Path) -> None:
    """Whoever runs it by hand, or from a scheduler, would not learn of refused rows."""
    (tmp_path / "people.csv").write_text(FILE, encoding="utf-8")
    command = [sys.executable, "-W", "error", batch_import.__file__, "people.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines()[0] == "2 created, 0 updated, 0 unchanged, 1 rejected"
    assert "line 3, birth_date" in done.stdout
