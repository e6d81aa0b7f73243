"""`crm subject erase` and the ledger of erasures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import attrs
import click

from crmcore.cli import output, tables
from crmcore.cli.naming import found_id, source_option
from crmcore.cli.options import Command
from crmcore.cli.session import Session, pass_session
from crmcore.domain.customer import Customer
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.kinds import plain_datetime

LARGEST: Final = 200_000_000
"""Bytes of a ledger that is read: that of a million erasures."""
reason_option = click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept, so name no data in it.")


@click.command("erase", cls=Command)
@click.argument("customer", metavar="CUSTOMER")
@reason_option
@click.option("--dry-run", is_flag=True, help="Tell what would go, and erase nothing.")
@source_option
@pass_session
def erase(session: Session, customer: str, reason: str, dry_run: bool, source: str | None) -> None:
    """Erase what is personal about a customer, for good.

    CUSTOMER is an id or FIELD=VALUE, such as email=leila@example.com. Those merged into it are the same person and go
    with it. Figures stay without the person. What a plugin holds stays until it lets go: `crm worker` and every command
    that writes look again.
    """
    from crmcore.application.subjects.erasing_whole import erased

    with session.work() as work:
        id = found_id(work, work.catalogue.of(Customer), customer, source)
    done = erased(session.work, lambda: session.crm.storage, id, reason, dry=dry_run)
    session.emit({**document(done), "dry_run": dry_run}, lambda: _text(document(done), dry_run))
    if not dry_run:
        session.pump()


@click.command("erasures", cls=Command)
@click.option("--out", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the ledger here.")
@pass_session
def erasures(session: Session, out: Path | None) -> None:
    """List erasures, or write the ledger to a file that is kept apart from backups.

    With the file, `crm subject replay-erasures FILE` erases the same persons in an older backup. It holds no personal
    data, but its key: whoever has it can tell of an address whether its owner was erased.
    """
    from crmcore.application.subjects import ledger_text

    with session.work() as work:
        held = ledger_text.current(work)
        lines = list(ledger_text.lines_of(work, held)) if out else []
    if out is not None:
        _write_apart(out, lines)
    rows = [_row(each) for each in held.rows]
    told: dict[str, Any] = {"erasures": len(rows), "file": str(out)} if out else {"items": rows}
    session.emit(told, lambda: f"{len(rows)} erasures are in {out}" if out else tables.table(rows, most=_width()))


@click.command("replay-erasures", cls=Command)
@click.argument("file", type=click.File("r", encoding="utf-8"), metavar="[FILE]", required=False)
@pass_session
def replay(session: Session, file: IO[str] | None) -> None:
    """Erase again whoever was erased, after an older backup was restored.

    FILE is what `crm subject erasures --out FILE` wrote (- for standard input); without it, the ledger of this database
    counts. Repeating it changes nothing.
    """
    from crmcore.application.subjects import ledger_text, replaying

    with session.work() as work:
        held = None if file is None else ledger_text.ledger_of(work, _lines(file))
        done = replaying.replay(work, held)
    told = {
        "erased": [document(each) for each in done.erased],
        "recorded": done.recorded,
        "absent": done.absent,
        "doubtful": [str(each) for each in done.doubtful],
    }
    session.emit(told, lambda: _replayed(told))
    session.pump()


@click.command("readmit", cls=Command)
@click.argument("known", metavar="FIELD=VALUE...", nargs=-1, required=True)
@reason_option
@pass_session
def readmit(session: Session, known: tuple[str, ...], reason: str) -> None:
    """Let an erased person in again who came back of their own will.

    They are known by email=, phone=, external_id= with source=, or name= with birth_date=.
    """
    from crmcore.application.subjects.readmitting import readmit as let_in

    given = dict(_pair(each) for each in known)
    with session.work() as work:
        done = [str(each) for each in let_in(work, given, reason)]
    session.emit({"erasures": done, "fields": sorted(given)}, lambda: f"let in again, by {', '.join(sorted(given))}")
    session.pump()


def document(done: Any) -> dict[str, Any]:
    """What an erasure did, as plain values."""
    return {
        "subject": str(done.customer),
        "persons": [str(each) for each in done.persons],
        "erasure": str(done.erasure),
        "state": done.state,
        "wiped": dict(done.wiped),
        "removed": dict(done.removed),
        "kept": [attrs.asdict(each) for each in done.kept],
        "holds": [dict(each) for each in done.holds],
        "log": done.log,
        "cells": done.cells,
        "unreached": list(done.unreached),
    }


def _text(told: dict[str, Any], dry: bool) -> str:
    rows = [
        *({"record": name, "what": "wiped", "count": count} for name, count in told["wiped"].items()),
        *({"record": name, "what": "removed", "count": count} for name, count in told["removed"].items()),
        *({"record": _place(k), "what": "kept", "count": k["count"], "why": k["reason"]} for k in told["kept"]),
        *(
            {"record": h["record"] or "everything", "what": "held", "why": f"{h['plugin']}: {h['reason']}"}
            for h in told["holds"]
        ),
    ]
    would = (
        "would be erased"
        if dry
        else {"done": "erased", "partial": "erased in part", "held": "not erased yet"}[told["state"]]
    )
    lines = [f"{told['subject']}: {would}; {told['log']} entries of the log lost values"]
    return "\n".join([*lines, *([tables.table(rows, most=_width())] if rows else []), *told["unreached"]])


def _place(kept: dict[str, Any]) -> str:
    return f"{kept['record']}.{kept['field']}" if kept["field"] else str(kept["record"])


def _replayed(told: dict[str, Any]) -> str:
    lines = [f"{len(told['erased'])} erased again, {told['recorded']} entered in the ledger, {told['absent']} not here"]
    if told["doubtful"]:
        lines.append("an address or number of an erased person is that of these too: look whether they are the same:")
    return "\n".join([*lines, *told["doubtful"]])


def _row(each: Any) -> dict[str, Any]:
    return {
        "erasure": str(each.id),
        "customer": each.person,
        "at": plain_datetime(each.at),
        "by": each.by,
        "state": each.state,
        "reason": each.reason,
    }


def _width() -> int | None:
    return output.terminal_width()


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise click.BadParameter(f"{text!r} is not FIELD=VALUE, such as email=leila@example.com", param_hint="KNOWN")
    return name.strip(), value.strip()


def _lines(file: IO[str]) -> list[str]:
    try:
        text = file.read(LARGEST + 1)
    except UnicodeDecodeError as error:
        raise InvalidSetting(f"the ledger is no UTF-8 text: {error}") from None
    if len(text) > LARGEST:
        raise InvalidSetting(f"the ledger is larger than {LARGEST:,} characters")
    return text.splitlines()


def _write_apart(path: Path, lines: Iterable[str]) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise InvalidSetting(f"the ledger cannot be written to {path}: {error.strerror or error}") from None
