"""`crm demo`: a fresh database from the bundled data, and what crmcore does with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

import crmcore
from crmcore.cli import errors
from crmcore.cli.demo import directory, discs, offers, shop, text
from crmcore.cli.demo.loading import load_bundled
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.errors import InvalidSetting
from crmcore.plugins.starting.discovery import discover

if TYPE_CHECKING:
    from crmcore.crm import Crm

NAME: Final = "demo.db"
BUNDLED: Final = "crmcore-"
Shown = tuple[dict[str, Any], Mapping[str, str]]


@click.command("demo", cls=Command)
@click.option(
    "--keep", metavar="DIR", type=click.Path(path_type=Path), help=f"Leave the database in this folder, as {NAME}."
)
@click.option(
    "--pipeline",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="In place of the example opportunities take those of this folder: accounts.csv, products.csv, sales_teams.csv "
    "and sales_pipeline*.csv, in the form of the Maven set.",
)
@pass_session
def demo(session: Session, keep: Path | None, pipeline: Path | None) -> int:
    """Show on real data what crmcore does.

    Loads the orders of two shops (the Chinook and CDNOW samples) into a fresh SQLite file, makes the best customers of
    one of them members of the loyalty programme, asks, changes, searches and reports; then shows how opportunities are
    sold on examples, which are said to be examples.
    """
    started = time.monotonic()
    if pipeline is not None:
        directory.deals_of(pipeline)
    with _place(keep) as path:
        facts, sections = _show(session, path, pipeline)
    facts |= {
        "database": None if keep is None else f"sqlite:///{path}",
        "seconds": round(time.monotonic() - started, 2),
    }
    facts["next"] = _next(facts["database"])
    session.emit(facts, lambda: text.text(facts, sections))
    return errors.REJECTED if facts.get("pipeline", {}).get("rejected") else errors.DONE


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


def _show(session: Session, path: Path, pipeline: Path | None) -> Shown:
    plugins = sorted(each.name for each in discover() if each.distribution.startswith(BUNDLED))
    crm = crmcore.open(f"sqlite:///{path}", plugins=plugins, currency=shop.CURRENCY)
    try:
        facts = {"plugins": plugins, "imports": load_bundled(session, crm)}
        facts |= _steps(crm, "loyalty" in plugins, for_people=not session.json)
        if pipeline is None:
            selling, sections = offers.offers(crm, path, plugins)
        else:
            selling, sections = directory.taken(session, crm, pipeline, path.with_name(directory.REJECTED))
        crm.pump()
        return {**facts, **selling}, sections
    finally:
        crm.close()


def _steps(crm: Crm, loyalty: bool, for_people: bool) -> dict[str, Any]:
    """What is shown of the two shops. Members of the loyalty programme only where the plugin is installed."""
    members = shop.make_members(crm) if loyalty else {}
    with crm.work(actor=shop.ACTOR) as work:
        best = shop.best_customer(work)
        facts: dict[str, Any] = {
            "counts": shop.counts(work),
            "total": shop.total(work),
            "view": shop.view(work, best, labelled=for_people),
            "list": shop.listed(work, shop.FILTER),
            "members": members,
            "gold": shop.listed(work, shop.MEMBERS) if loyalty else None,
            "search": shop.search(work),
            "sales": shop.sales(work),
            "cdnow": discs.facts(work, shop.CURRENCY),
        }
    facts["change"] = shop.move(crm, best)
    return facts


def _next(database: str | None) -> list[str]:
    if database is None:
        return ["crm demo --keep demo"]
    crm = f"crm --database {database} --currency {shop.CURRENCY}"
    return [
        f"""{crm} list customer --where 'city = "Paris"'""",
        f"{crm} show customer email=luisg@embraer.com.br",
        f"{crm} show customer external_id=1901 --source cdnow",
        f"{crm} --json timeline email=luisg@embraer.com.br --limit 5",
        f"{crm} search kohler",
        f"{crm} pipeline",
        f"{crm} forecast --by quarter",
        f"{crm} export customer --columns name,email,country --out customers.csv",
    ]
