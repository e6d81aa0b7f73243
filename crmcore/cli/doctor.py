"""`crm doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli import audit, errors, tables
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.audit import Anchor
from crmcore.domain.errors import CrmError
from crmcore.domain.fold import FOLD_VERSION
from crmcore.domain.keys import KEYS_VERSION

if TYPE_CHECKING:
    from crmcore.crm import Crm

Check = dict[str, Any]


@click.command("doctor", cls=Command)
@click.option(
    "--audit",
    "given",
    metavar="ANCHOR",
    help="Also hold the whole history against an anchor of `crm audit anchor`: its JSON, a file of them, or - .",
)
@pass_session
def doctor(session: Session, given: str | None) -> int:
    """Check that database, plugins and settings are sound. Exit status 1 if anything is not."""
    anchors = None if given is None else audit.anchors_of(given)
    document: dict[str, Any] = {"ok": True, "checks": list(_checks(session))}
    checks = document["checks"]
    if anchors is not None and checks[-1]["name"] not in ("database", "plugins"):
        _audit(session, anchors, document)
    document["ok"] = all(each["ok"] for each in checks)
    rows = [{**each, "ok": "ok" if each["ok"] else "NOT OK"} for each in checks]
    session.emit(document, lambda: tables.table(rows, ["name", "ok", "detail"]))
    return errors.DONE if document["ok"] else errors.FAILED


def _audit(session: Session, anchors: tuple[Anchor, ...], document: dict[str, Any]) -> None:
    try:
        finding = audit.finding_of(session, session.crm, anchors)
    except CrmError as error:
        document["checks"].append(_check("audit", False, error.message))
        return
    document["checks"].append(_check("audit", finding.ok, audit.told(finding)))
    document["audit"] = audit.plain(finding)


def _check(name: str, ok: bool, detail: str) -> Check:
    return {"name": name, "ok": ok, "detail": detail}


def _checks(session: Session) -> Iterator[Check]:
    try:
        session.is_new()
    except CrmError as error:
        yield _check("database", False, error.message)
        return
    yield _check("database", True, "reachable")
    try:
        crm = session.crm
    except CrmError as error:
        yield _check("plugins", False, error.message)
        return
    yield _check("plugins", True, ", ".join(crm.registry.names) or "none active")
    yield from _schema(crm)
    yield from (_check(*each) for each in crm.storage.checks())


def _schema(crm: Crm) -> Iterator[Check]:
    revision, current = crm.status()
    named = ", ".join(f"{name} {each}" for name, each in revision.items())
    yield _check("schema", current, named if current else f"{named or 'no tables yet'}: run `crm db upgrade`")
    stamp = crm.storage.stamp()
    if stamp is not None:
        made, runs = (stamp.fold, stamp.keys), (FOLD_VERSION, KEYS_VERSION)
        said = f"fold {made[0]}, normalisers {made[1]}"
        yield _check("match keys", made == runs, said if made == runs else f"{said}: run `crm db rekey`")
