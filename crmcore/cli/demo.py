"""`crm demo`: a fresh database from the bundled data, and what crmcore does with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

import crmcore
from crmcore.cli import demo_text, demonstration
from crmcore.cli.importing import Request, import_into
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import InvalidSetting
from crmcore.plugins.discovery import discover

if TYPE_CHECKING:
    from crmcore.crm import Crm

DATA: Final = Path(__file__).with_name("demo_data")
FILES: Final = {"user": "users", "customer": "customers", "product": "products", "order": "orders"}
NAME: Final = "demo.db"
BUNDLED: Final = "crmcore-"


@click.command("demo", cls=Command)
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path), help=f"Leave the database in this folder, as {NAME}."
)
@pass_session
def demo(session: Session, keep: Path | None) -> None:
    """Show on real data what crmcore does.

    Loads the orders of a digital music shop (the Chinook sample) into a fresh SQLite file, makes its best customers
    members of the loyalty programme, and asks, changes, searches and reports.
    """
    started = time.monotonic()
    with _place(keep) as path:
        facts = _show(session, path)
    facts |= {
        "database": None if keep is None else f"sqlite:///{path}",
        "seconds": round(time.monotonic() - started, 2),
    }
    facts["next"] = _next(facts["database"])
    session.emit(facts, lambda: demo_text.text(facts))


@contextmanager
def _place(keep: Path | None) -> Iterator[Path]:
    """Where the database is made; gone afterwards unless it is to be kept."""
    if keep is None:
        with TemporaryDirectory(prefix="crm-demo-") as folder:
            yield Path(folder) / NAME
        return
    path = keep.resolve() / NAME
    if path.exists():
        raise InvalidSetting(f"{path} is there already: remove it, or keep the demo in another folder", file=str(path))
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSetting(f"{keep} cannot be made: {error.strerror or error}", file=str(keep)) from None
    yield path


def _show(session: Session, path: Path) -> dict[str, Any]:
    plugins = sorted(each.name for each in discover() if each.distribution.startswith(BUNDLED))
    crm = crmcore.open(f"sqlite:///{path}", plugins=plugins, currency=demonstration.CURRENCY)
    try:
        imports = [_load(session, crm, record, DATA / stem) for record, stem in FILES.items()]
        return {
            "plugins": plugins,
            "imports": imports,
            **_steps(crm, "loyalty" in plugins, for_people=not session.json),
        }
    finally:
        crm.close()


def _load(session: Session, crm: Crm, record: str, stem: Path) -> dict[str, Any]:
    request = Request(record=record, file=stem.with_suffix(".csv"), map=stem.with_suffix(".toml"))
    report = import_into(session, crm, request, demonstration.ACTOR)
    return {"record": record, "rows": report.rows, "records": report.records, "rejected": report.rejected}


def _steps(crm: Crm, loyalty: bool, for_people: bool) -> dict[str, Any]:
    """Everything that is shown. Members of the loyalty programme only where the plugin is installed."""
    members = demonstration.make_members(crm) if loyalty else {}
    with crm.work(actor=demonstration.ACTOR) as work:
        best = demonstration.best_customer(work)
        facts: dict[str, Any] = {
            "counts": demonstration.counts(work),
            "total": demonstration.total(work),
            "view": demonstration.view(work, best, labelled=for_people),
            "list": demonstration.listed(work, demonstration.FILTER),
            "members": members,
            "gold": demonstration.listed(work, demonstration.MEMBERS) if loyalty else None,
            "search": demonstration.search(work),
            "sales": demonstration.sales(work),
        }
    facts["change"] = demonstration.move(crm, best)
    crm.pump()
    return facts


def _next(database: str | None) -> list[str]:
    if database is None:
        return ["crm demo --keep demo"]
    crm = f"crm --database {database}"
    return [
        f"""{crm} list customer --where 'city = "Paris"'""",
        f"{crm} show customer email=luisg@embraer.com.br",
        f"{crm} --json timeline email=luisg@embraer.com.br --limit 5",
        f"{crm} search kohler",
        f"{crm} export customer --columns name,email,country --out customers.csv",
    ]
