"""The chain over the change log: what each link is made of, and the anchor that is kept elsewhere.

A link is the SHA-256 over the link before it and all columns of one entry but `changes`, for which its digest stands:
so the values of an entry can be erased, and the chain still holds. Whoever changes, removes, adds or moves an entry
has to make every later link anew, and the last link is then not the one that an anchor names.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from json.encoder import encode_basestring
from typing import Any, Final, TypeAlias

import attrs

from crmcore.domain.change import LogEntry
from crmcore.domain.errors import InvalidValue

FIRST: Final = "0" * 64
"""What stands for the link before the first one."""

HOW: Final = "give the anchor as `crm audit anchor` printed it"

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_quoted: Final = encode_basestring  # a JSON text; a JSONEncoder takes three times as long for the whole


Columns: TypeAlias = tuple[int, int, str, str, str | None, str, str, str, str | None, int, str, str]


def entry_text(entry: LogEntry) -> str:
    """An entry as the chain has it: see `columns_text`."""
    return columns_text(
        (
            entry.position or 0,
            entry.seq,
            entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
            entry.actor,
            entry.source,
            entry.work.hex,
            entry.record,
            entry.id.hex,
            None if entry.subject is None else entry.subject.hex,
            entry.version,
            entry.operation,
            entry.digest,
        )
    )


def columns_text(columns: Columns) -> str:
    """An entry as the chain has it, of its columns: a JSON array without blanks of position, seq, time (ISO 8601 in UTC
    with microseconds), actor, source, work, record, id, subject, version, operation and digest. Ids are 32 hexadecimal
    digits. No two entries have the same text."""
    position, seq, at, actor, source, work, record, id, subject, version, operation, digest = columns
    return (
        f"[{position},{seq},{_quoted(at)},{_quoted(actor)},{'null' if source is None else _quoted(source)},"
        f"{_quoted(work)},{_quoted(record)},{_quoted(id)},{'null' if subject is None else _quoted(subject)},"
        f"{version},{_quoted(operation)},{_quoted(digest)}]"
    )


def link_digest(before: str, text: str) -> str:
    """The link of an entry: SHA-256, in hexadecimal, over the link before it, a line feed and the entry's text."""
    return hashlib.sha256(f"{before}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def text_digest(changes: str) -> str:
    """What proves the text that an erasure left of an entry's changes: its SHA-256 in hexadecimal."""
    return hashlib.sha256(changes.encode("utf-8", "surrogatepass")).hexdigest()


@attrs.frozen
class Anchor:
    """One link of the chain, to be kept where nobody reaches it who can write to the database: it proves the `entries`
    entries up to `position`. `at` is when it was taken. Position 0 is that of an empty log."""

    position: int
    digest: str
    at: dt.datetime

    @property
    def entries(self) -> int:
        """How many entries it proves: positions are given without gaps, from 1."""
        return self.position

    def text(self) -> str:
        """One line of JSON."""
        at = self.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
        plain = {"position": self.position, "digest": self.digest, "at": at, "entries": self.entries}
        return json.dumps(plain)


def read_anchor(text: str) -> Anchor:
    """The anchor of a text. Raises InvalidValue for anything that is none."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise _refused(f"{text.strip()[:80]!r} is no JSON") from None
    if not isinstance(given, dict):
        raise _refused("it is no JSON object")
    return Anchor(_position(given), _digest(given), _time(given))


def read_anchors(text: str) -> tuple[Anchor, ...]:
    """The anchors of a text: one as JSON, or one a line. Raises InvalidValue for a text that holds none, and for
    anything else in it."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise _refused("it is empty")
    if len(lines) > 1 and all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
        return tuple(read_anchor(line) for line in lines)
    return (read_anchor(text),)


def _position(given: dict[str, Any]) -> int:
    position, entries = given.get("position"), given.get("entries")
    if type(position) is not int or not 0 <= position < 2**63:
        raise _refused(f"its position is a whole number from 0, not {position!r}")
    if entries != position:
        raise _refused(f"position {position} proves so many entries, not {entries!r}")
    return position


def _digest(given: dict[str, Any]) -> str:
    digest = given.get("digest")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise _refused(f"its digest has 64 hexadecimal digits in lower case, not {digest!r}")
    return digest


def _time(given: dict[str, Any]) -> dt.datetime:
    at = given.get("at")
    try:
        read = dt.datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        read = None
    if read is None or read.utcoffset() is None:
        raise _refused(f"its time is an ISO 8601 text with a zone, not {at!r}")
    return read


def _refused(why: str) -> InvalidValue:
    return InvalidValue(f"this is no anchor: {why}; {HOW}")
