"""Who was erased does not come back in silence: not typed in, not imported, not from a form, not from a backup."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from crmcore import Customer, Person
from crmcore.adapters.clock import Uuid7Ids
from crmcore.application.subjects import ledger_text
from crmcore.application.subjects.ledger_text import Ledger
from crmcore.application.subjects.replaying import Replayed
from crmcore.application.subjects.subjects import Subjects
from crmcore.crm import Crm
from crmcore.domain.errors import ErasedPerson, InvalidSetting, InvalidValue, NotFound, UnknownName
from crmcore.domain.leads.submission import submission_of
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.application.lifecycle.kept import EVERYWHERE
from tests.application.subjects.dumps import dump, file_bytes
from tests.application.subjects.persons import Archive, fill, opened
from tests.application.subjects.test_erasing import erase, personal, url_of
from tests.databases import storages
from tests.shared import SharedCrm

BORN = dt.date(1980, 5, 1)


def leila() -> Customer:
    """Known in every way."""
    return Person(
        "Leila Hosseini",
        emails=["leila@example.com"],
        phones=["+49 30 1234567"],
        birth_date=BORN,
        source="shop",
        external_id="42",
    )


@pytest.fixture
def crm() -> Iterator[Crm]:
    """Leila was here, and was erased."""
    with make_crm() as made:
        with made.work("sara") as work:
            id = work.customers.add(leila()).id
        erase(made, id)
        yield made


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("email", Person("L.", emails=["LEILA@example.com"])),
        ("phone", Person("L.", phones=["0049 (30) 123-4567"])),
        ("external_id", Person("L.", source="shop", external_id="42")),
        ("name", Person("leila  HOSSEINI", birth_date=BORN)),
    ],
)
def test_an_erased_person_is_known_again(crm: Crm, field: str, given: Customer) -> None:
    """GDP-06: by each of what they were known by, however it is written; the error says when they were erased, by which
    erasure, and what to do."""
    with crm.work("sara") as work:
        row = Subjects(work).erasures().rows[0]
    with crm.work("sara") as work, pytest.raises(ErasedPerson, match="erased on 2025-01-15") as caught:
        work.customers.add(given)
    assert list(caught.value.problems) == [field]
    assert caught.value.details["erasure"] == str(row.id)
    assert "crm subject readmit" in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        Person("Leila Hosseini"),
        Person("Leila Hosseini", birth_date=dt.date(1981, 5, 1)),
        Person("L.", source="other", external_id="42"),
        Person("L.", external_id="42"),
        Person("L.", emails=["leila@example.org"]),
    ],
)
def test_somebody_else_is_not_refused(crm: Crm, given: Customer) -> None:
    """A name alone is nobody's own, nor is an id without its system."""
    with crm.work("sara") as work:
        work.customers.add(given)


def test_a_change_does_not_bring_them_back(crm: Crm) -> None:
    """Who has the address already keeps it, and can be changed in other things."""
    with crm.work("sara") as work:
        id = work.customers.add(Person("Ali")).id
        with pytest.raises(ErasedPerson):
            work.customers.change(id, email="leila@example.com")
    with crm.work("sara") as work:
        assert work.customers.change(id, email="ali@example.com").name == "Ali"


def test_a_shared_address_stays_with_the_others() -> None:
    """A family has one address: erasing one of them hinders nobody else."""
    with make_crm() as crm:
        with crm.work("sara") as work:
            id, other = (work.customers.add(Person(n, emails=["home@example.com"])).id for n in ("Leila", "Ali"))
        erase(crm, id)
        with crm.work("sara") as work:
            work.customers.change(other, note="moved")
            assert work.customers.find(email="home@example.com") is not None


@EVERYWHERE
def test_in_an_import_their_row_is_rejected(storage: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """GDP-06, CSV-34: with that reason; all other rows are in."""
    url = url_of(storage, request)
    with make_crm(url or "memory") as crm:
        with crm.work("sara") as work:
            id = work.customers.add(leila()).id
        erase(crm, id)
        file = tmp_path / "customers.csv"
        rows = [f"Customer {n},c{n}@example.com" for n in range(1_500)]
        rows.insert(700, "Leila,Leila@example.com")
        file.write_text("\n".join(["name,email", *rows]), encoding="utf-8")
        report = crm.import_file(file, "customer", actor="sara", rejects=tmp_path / "rejects.csv")
        assert (report.created, report.rejected) == (1_500, 1)
        assert "was erased on 2025-01-15" in (tmp_path / "rejects.csv").read_text(encoding="utf-8")


def test_a_form_does_not_bring_them_back(crm: Crm) -> None:
    """GDP-06: who fills in a form is let in by a person, not by the form."""
    form = submission_of({"name": "Leila", "email": "leila@example.com", "body": "call me"}, dt.UTC)
    with crm.work("sara") as work:
        captured = work.leads.capture(form)
        assert (captured.outcome, captured.customer) == ("refused", None)
        assert "was erased on 2025-01-15" in captured.reasons[0]


def test_the_ledger_has_nothing_personal(crm: Crm) -> None:
    """Nobody reads out of it who was erased; who has its key can ask for one address."""
    with crm.work("sara") as work:
        held = Subjects(work).erasures()
        text = "\n".join(ledger_text.lines_of(work, held))
        read = ledger_text.ledger_of(work, text.splitlines())
    assert sorted(key.kind for key in held.rows[0].keys) == ["email", "external_id", "name_birth", "phone"]
    assert not any(word in text for word in ("eila", "osseini", "1234567", "1980"))
    assert read.key == held.key
    assert [(r.id, r.person, r.keys, r.at, r.reason) for r in read.rows] == [
        (r.id, r.person, r.keys, r.at, r.reason) for r in held.rows
    ]


def test_who_comes_back_is_let_in(crm: Crm) -> None:
    """By what they are let in, and by nothing else; that is logged with its reason."""
    with crm.work("dpo") as work:
        (id,) = Subjects(work).readmit({"email": "Leila@example.com"}, "ordered again on the phone")
    with crm.work("sara") as work:
        work.customers.add(Person("Leila", emails=["leila@example.com"]))
        with pytest.raises(ErasedPerson):
            work.customers.add(Person("Leila", phones=["+49301234567"]))
    with crm.work("dpo") as work:
        last = work.records("erasure").history(id)[-1]
        assert last.values()["readmission"] == [None, "ordered again on the phone"]
        assert last.actor == "dpo"
        assert Subjects(work).erasures().rows[0].readmitted_at is not None


@pytest.mark.parametrize(
    ("known", "error"),
    [
        ({"email": "ali@example.com"}, NotFound),
        ({"fax": "1"}, UnknownName),
        ({"name": "Leila Hosseini"}, InvalidValue),
        ({"name": "Leila Hosseini", "birth_date": "today"}, InvalidValue),
        ({"source": "shop"}, InvalidValue),
        ({"phone": "none"}, InvalidValue),
    ],
)
def test_who_is_let_in_has_to_be_known(crm: Crm, known: dict[str, str], error: type[Exception]) -> None:
    """A typing error lets nobody in."""
    with crm.work("dpo") as work, pytest.raises(error):
        Subjects(work).readmit(known, "came back")


def test_all_that_they_are_known_by_lets_in(crm: Crm) -> None:
    """Several things at once."""
    known = {"external_id": "42", "source": "shop", "name": "leila hosseini", "birth_date": "1980-05-01"}
    with crm.work("dpo") as work:
        Subjects(work).readmit({**known, "phone": "+49301234567", "email": "leila@example.com"}, "came back")
    with crm.work("sara") as work:
        work.customers.add(leila())


def replay(crm: Crm, held: Ledger | None = None) -> Replayed:
    """Replay in a unit of work of its own."""
    with crm.work("dpo") as work:
        return Subjects(work).replay(held)


def kept_outside(crm: Crm) -> list[str]:
    """The ledger as it is kept outside."""
    with crm.work("dpo") as work:
        return list(ledger_text.lines_of(work, Subjects(work).erasures()))


def read_back(crm: Crm, lines: list[str]) -> Ledger:
    """The ledger back from its lines."""
    with crm.work("dpo") as work:
        return ledger_text.ledger_of(work, lines)


class OlderState:
    """A database as it was: the file on SQLite, every row of every table elsewhere."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.file = url, folder / "backup.db"
        self.rows: list[tuple[str, list[dict[str, object]]]] = []
        if url.startswith("sqlite"):
            self._connect(lambda c: c.exec_driver_sql(f"VACUUM INTO '{self.file}'"))
        else:
            self._connect(self._read)

    def _connect(self, do: Callable[[sa.Connection], object]) -> None:
        engine = sa.create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            do(connection)
        engine.dispose()

    def _tables(self, connection: sa.Connection) -> list[sa.Table]:
        found = sa.MetaData()
        found.reflect(connection)
        return list(found.tables.values())

    def _read(self, connection: sa.Connection) -> None:
        for table in self._tables(connection):
            self.rows.append((table.name, [dict(row) for row in connection.execute(sa.select(table)).mappings()]))

    def restore(self) -> None:
        """Put it back."""
        if self.url.startswith("sqlite"):
            path = Path(str(sa.make_url(self.url).database))
            for tail in ("-wal", "-shm"):
                path.with_name(path.name + tail).unlink(missing_ok=True)
            shutil.copyfile(self.file, path)
        else:
            self._connect(self._write)

    def _write(self, connection: sa.Connection) -> None:
        maria = connection.dialect.name == "mysql"
        off = "SET FOREIGN_KEY_CHECKS = 0" if maria else "SET session_replication_role = replica"
        connection.exec_driver_sql(off)
        known = {table.name: table for table in self._tables(connection)}
        for name, rows in self.rows:
            connection.execute(sa.delete(known[name]))
            if rows:
                connection.execute(sa.insert(known[name]), rows)


def opened_again(url: str) -> AbstractContextManager[Crm]:
    """The Crm of `opened` over the database that is there, without the plugins that are switched off."""
    return make_crm(url, plugins=[specimens, Archive])


def left(crm: Crm, url: str, tokens: set[str]) -> set[str]:
    """Those of these tokens that the database still holds."""
    held = dump(crm, url)
    return {token for token in tokens if token in held}


@pytest.mark.parametrize("storage", storages("sqlite", "postgres", "mariadb"))
def test_after_an_older_backup_they_are_erased_again(
    storage: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """INV-19: of 200 tokens in personal fields of the core, loyalty and a plugin that is off, none is in a dump
    after the erasure, and none after an older backup was restored and the ledger replayed."""
    url = url_of(storage, request)
    assert url is not None
    with opened(storage, request) as crm:
        told = [fill(crm, word) for word in ("ann", "bea", "cia", "dot")]
        other = fill(crm, "zoe")
        secret = {token for each in told for token in personal(crm, each)}
        for plugin in ("visits", "loyalty"):
            crm.plugins.disable(plugin, actor="root")
        assert len(secret) >= 200
    older = OlderState(url, tmp_path)
    with opened_again(url) as crm:
        for each in told:
            erase(crm, each.customer)
        assert left(crm, url, secret) == set()
        lines = kept_outside(crm)
    older.restore()
    with opened_again(url) as crm:
        assert left(crm, url, secret) == secret
        done = replay(crm, read_back(crm, lines))
        assert (len(done.erased), done.recorded, done.absent) == (4, 4, 0)
        after = dump(crm, url)
        assert {token for token in secret if token in after} == set()
        assert all(token in after for token in other.tokens)
        assert kept_outside(crm)[0] == lines[0]
        again = replay(crm, read_back(crm, lines))
        assert (again.erased, again.recorded) == ((), 0)
    if storage == "sqlite":
        assert [token for token in secret if token.encode() in file_bytes(url)] == []


def test_by_surer_keys_they_are_found_under_another_id() -> None:
    """A database that was built anew has other ids: an id in another system, or a name with its birth date, tells who
    it is; an address alone does not, as families share them."""
    with make_crm() as crm:
        with crm.work("sara") as work:
            id = work.customers.add(leila()).id
        erase(crm, id)
        lines = kept_outside(crm)
    with make_crm(ids=Uuid7Ids()) as crm:
        with crm.work("sara") as work:
            again = work.customers.add(leila()).id
            family = work.customers.add(Person("Ali", emails=["leila@example.com"])).id
        done = replay(crm, read_back(crm, lines))
        assert [each.customer for each in done.erased] == [again]
        assert done.doubtful == (family,)
        with crm.work("sara") as work:
            assert work.customers.get(family).name == "Ali"
            with pytest.raises(ErasedPerson):
                work.customers.add(Person("L.", phones=["+49301234567"]))


def test_who_was_let_in_again_stays_let_in(crm: Crm) -> None:
    """Replaying does not erase the new customer, and does not close the door again."""
    with crm.work("dpo") as work:
        Subjects(work).readmit({"email": "leila@example.com"}, "came back")
    with crm.work("sara") as work:
        new = work.customers.add(Person("Leila", emails=["leila@example.com"])).id
    assert replay(crm, read_back(crm, kept_outside(crm))).erased == ()
    with crm.work("sara") as work:
        assert work.customers.get(new).name == "Leila"


def test_a_ledger_of_another_database_is_refused(crm: Crm) -> None:
    """Its digests are of another key, and would know nobody."""
    lines = kept_outside(crm)
    first = json.loads(lines[0])
    first["key"] = "ab" * 32
    with pytest.raises(InvalidSetting, match="another key"):
        replay(crm, read_back(crm, [json.dumps(first), *lines[1:]]))


@pytest.mark.parametrize(
    ("place", "line"),
    [(0, "{}"), (0, "no JSON"), (0, '{"crmcore": "erasures", "format": 1, "key": "xyz"}'), (1, "{}"), (1, "[1]")],
)
def test_what_is_no_ledger_is_refused(crm: Crm, place: int, line: str) -> None:
    """The line is named."""
    lines = kept_outside(crm)
    lines[place] = line
    with pytest.raises(InvalidValue, match=f"line {place + 1} is none"):
        read_back(crm, lines)


def test_where_nobody_was_erased_nothing_is_replayed() -> None:
    """An empty ledger is one as well."""
    with make_crm() as crm:
        assert replay(crm, read_back(crm, kept_outside(crm))).erased == ()


def test_new_customers_cost_one_question_for_a_thousand(shared: SharedCrm) -> None:
    """Bulk stays bulk, on every storage; the first row that is refused is named."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        id = work.customers.add(leila()).id
    erase(crm, id)
    with crm.work("sara") as work:
        work.customers.add_many(Person(f"C {n}", emails=[f"c{n}@example.com"]) for n in range(2_500))
        assert work.customers.count() == 2_501
    with pytest.raises(ErasedPerson), crm.work("sara") as work:
        work.customers.add_many([Person("A", emails=["a@example.com"]), Person("L", emails=["leila@example.com"])])
