"""What proves which references a merge has moved: a digest over its moves, which the entry of the merge holds."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from crmcore.ports.moving import Move, Moving

PAGE: Final = 5_000


def moves_digest(moving: Moving, merge: UUID, page: int = PAGE) -> str:
    """SHA-256, in hexadecimal, over the moves of a merge in the order of their key, read so many at a time."""
    made, last = hashlib.sha256(), None
    while found := moving.moves(merge, page, last):
        made.update("".join(map(move_text, found)).encode("utf-8", "surrogatepass"))
        last = found[-1]
    return made.hexdigest()


def move_text(move: Move) -> str:
    """A move as the digest has it: a line of record, field, id, number and what was pointed at, with blanks between;
    ids are 32 hexadecimal digits."""
    return f"{move.record} {move.field} {move.id.hex} {move.no} {move.before.hex}\n"
