"""`crm audit`: what proves that nobody touched the history."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmcore.cli.groups import Group
from crmcore.cli.options import Command
from crmcore.cli.session import PUMP_SECONDS, Session, pass_session
from crmcore.domain.audit import Anchor, read_anchors
from crmcore.domain.errors import InvalidSetting

if TYPE_CHECKING:
    from crmcore.application.auditing.finding import Finding
    from crmcore.crm import Crm


@click.group("audit", cls=Group)
def audit() -> None:
    """What proves that nobody touched the history."""


@audit.command("anchor", cls=Command)
@click.option("--out", "file", metavar="FILE", type=click.Path(path_type=Path), help="Add the anchor to this file.")
@pass_session
def anchor(session: Session, file: Path | None) -> None:
    """Give the anchor of the history as it is now, one line of JSON.

    Keep it where nobody reaches it who can write to the database: print it, sign it, send it to somebody. `crm doctor
    --audit` then tells whether the history up to it is still the same. FILE may hold many, one a line.
    """
    session.crm.pump(PUMP_SECONDS, jobs=False)
    taken = session.crm.audit.anchor()
    if file is not None:
        _add_line(file, taken.text())
    session.emit(json.loads(taken.text()), taken.text)


def _add_line(file: Path, line: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
    except OSError as error:
        raise InvalidSetting(f"{file} cannot be written: {error.strerror or error}", file=str(file)) from None


def anchors_of(given: str) -> tuple[Anchor, ...]:
    """The anchors that an argument names: the JSON itself, a file of them, or "-" for standard input."""
    if given.lstrip().startswith("{"):
        return read_anchors(given)
    try:
        text = sys.stdin.read() if given == "-" else Path(given).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidSetting(f"{given} cannot be read: {error.strerror or error}", file=given) from None
    except UnicodeDecodeError:
        raise InvalidSetting(f"{given} holds no anchor: it is no text in UTF-8", file=given) from None
    return read_anchors(text)


def finding_of(session: Session, crm: Crm, anchors: tuple[Anchor, ...]) -> Finding:
    """Hold the log against its chain and these anchors."""
    with session.progress("audit", crm.audit.length) as done:
        return crm.audit.verify(*anchors, progress=done)


def told(finding: Finding) -> str:
    """A finding in one line."""
    first = finding.first
    if first is not None:
        more = f"; {finding.wrong} problems in all" if finding.wrong > 1 else ""
        return f"position {first.position}: {first.what}{more}"
    parts = [f"{finding.checked} entries are as they were linked"]
    if finding.erased:
        parts.append(f"{finding.erased} of them emptied by erasures")
    if finding.waiting:
        parts.append(f"{finding.waiting} more have no position yet and are not covered: `crm worker --once`")
    return ", ".join(parts)


def plain(finding: Finding) -> dict[str, Any]:
    """A finding as plain values."""
    figures = ("checked", "covered", "erased", "waiting", "wrong")
    problems = [{"position": each.position, "what": each.what} for each in finding.problems]
    return {**{name: getattr(finding, name) for name in figures}, "problems": problems}
