"""Chunks as texts: what resuming takes, in the field `state` of their records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import attrs

from crmcore.application.importing.report import Reject
from crmcore.application.importing.state import Chunk, Seen
from crmcore.application.importing.tally import OUTCOMES
from crmcore.domain.import_batch import STATE_LENGTH

ROOM: Final = STATE_LENGTH - 10_000
DIGEST: Final = 16
"""Characters of the digest of an identity."""


def texts_of(chunk: Chunk, listed: int) -> list[str]:
    """The texts of a chunk: one, or more if it refuses very many rows. Of those only the first `listed` keep the value
    at fault, as no report will show more."""
    refused = [each.reject for each in chunk.tally.refused]
    kept = [[r.line, r.column, r.value if at < listed else "", r.reason] for at, r in enumerate(refused)]
    first = {
        "next": chunk.next,
        "counts": {name: count for name, count in chunk.tally.counts.items() if count},
        "records": chunk.tally.records,
        "waits": _ranges(sorted(chunk.waits)),
        "seen": _packed(chunk.seen),
    }
    texts = [json.dumps(first)]
    portions = list(_portions(kept))
    if portions and len(texts[0]) + len(portions[0]) < ROOM:
        texts = [json.dumps({**first, "rejects": json.loads(portions.pop(0))})]
    return texts + [f'{{"rejects": {portion}}}' for portion in portions]


@attrs.frozen(kw_only=True, eq=False)
class Kept:
    """A chunk, read back from its texts. Each has a line and why it was refused."""

    next: int | None
    counts: dict[str, int]
    records: int
    waits: set[int]
    seen: Seen
    rejects: list[Reject]


def kept_of(texts: Iterable[str]) -> Kept:
    """The chunk of these texts."""
    given: dict[str, Any] = {}
    rejects: list[Any] = []
    for text in texts:
        read = json.loads(text)
        rejects += read.pop("rejects", [])
        given.update(read)
    return Kept(
        next=given["next"],
        counts=given["counts"],
        records=given["records"],
        waits=_lines(given["waits"]),
        seen=_unpacked(given["seen"]),
        rejects=[Reject(*each) for each in rejects],
    )


def _portions(rejects: list[list[Any]]) -> Iterator[str]:
    """JSON lists of no more than what one record has room for."""
    texts: list[str] = []
    size = 0
    for each in rejects:
        text = json.dumps(each)
        if texts and size + len(text) > ROOM // 2:
            yield f"[{', '.join(texts)}]"
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 2
    if texts:
        yield f"[{', '.join(texts)}]"


def _ranges(lines: list[int]) -> str:
    """Lines in order, as in 3-7,9."""
    starts = [line for before, line in pairwise([-1, *lines]) if line != before + 1]
    ends = [line for line, after in pairwise([*lines, -1]) if after != line + 1]
    return ",".join(f"{start}-{end}" if end > start else str(start) for start, end in zip(starts, ends, strict=True))


def _lines(ranges: str) -> set[int]:
    found: set[int] = set()
    for each in ranges.split(",") if ranges else ():
        start, _, end = each.partition("-")
        found.update(range(int(start), int(end or start) + 1))
    return found


def _packed(seen: Seen) -> dict[str, str]:
    packed: dict[str, list[str]] = {}
    for digest, outcome in seen.items():
        packed.setdefault(outcome or "refused", []).append(digest)
    return {name: "".join(digests) for name, digests in packed.items()}


def _unpacked(packed: dict[str, str]) -> Seen:
    found: Seen = {}
    for outcome in (*OUTCOMES, None):
        text = packed.get(outcome or "refused", "")
        found.update((text[at : at + DIGEST], outcome) for at in range(0, len(text), DIGEST))
    return found
