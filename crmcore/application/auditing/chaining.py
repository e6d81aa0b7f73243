"""Links for the entries that the pump has numbered, in order of position."""

from __future__ import annotations

from crmcore.domain.audit import FIRST, link_digest
from crmcore.ports.auditing import Link
from crmcore.ports.storage import Transaction


def chain(transaction: Transaction, limit: int) -> int:
    """Add links for at most `limit` numbered entries that have none, alone in doing so; how many there were.

    A position that stands at two entries is somebody's tampering: it gets one link, so that the pump goes on, and
    whoever verifies is told.
    """
    auditing = transaction.auditing
    last = auditing.last_link(hold=True) or Link(0, FIRST)
    links = []
    for position, text in auditing.texts(last.position, limit):
        if position > last.position:
            last = Link(position, link_digest(last.digest, text))
            links.append(last)
    auditing.chain(links)
    return len(links)
