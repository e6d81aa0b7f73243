"""The moves of merges are history too: the entry of a merge proves them, and the chain proves that entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import attrs
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.pool import NullPool

from crmcore import Interaction, Person
from crmcore.application.auditing.finding import Finding
from crmcore.application.auditing.moved import move_text, moves_digest
from crmcore.application.auditing.verifying import MOVED, Limits, verify
from crmcore.crm import Crm
from crmcore.domain.audit import Anchor
from crmcore.domain.change import MOVES, LogEntry
from crmcore.ports.moving import Move
from crmcore.testing import specimens
from crmcore.testing.contract.case import NOON
from crmcore.testing.crm import make_crm
from tests.application.auditing.tampering import others_of
from tests.databases import storages
from tests.shared import SharedCrm

Row = dict[str, Any]


def merged(crm: Crm) -> tuple[UUID, UUID]:
    """Merge two customers, one of whom has eleven interactions; the survivor and the merge."""
    with crm.work("sara") as work:
        leila, again = (work.customers.add(Person(name, emails=[f"{name}@example.com"])).id for name in ("leila", "le"))
        for _ in range(11):
            work.interactions.add(Interaction(customer=again, at=NOON, channel="call", body="about a ring"))
    with crm.work("sara") as work:
        return leila, work.merges.merge(leila, [again]).merge.id


class Intruder:
    """A connection of somebody's own to the moves."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, poolclass=NullPool)
        self.moves = sa.Table("crm_move", sa.MetaData(), autoload_with=self.engine)
        with self.engine.connect() as connection:
            self.rows: list[Row] = [dict(row) for row in connection.execute(sa.select(self.moves)).mappings()]

    @contextmanager
    def putting(self, rows: list[Row]) -> Iterator[None]:
        """These are the moves meanwhile."""
        for held in (rows, self.rows):
            with self.engine.begin() as connection:
                connection.execute(sa.delete(self.moves))
                if held:
                    connection.execute(sa.insert(self.moves), held)
            if held is rows:
                yield


def told(crm: Crm, anchor: Anchor) -> Finding:
    """What a verification finds, which reads in small pages."""
    return verify(crm.storage, [anchor], lambda read: None, Limits(page=4))


def position_of(crm: Crm, survivor: UUID) -> int | None:
    """Where the entry of the merge stands that proves its moves."""
    found = [each.position for each in crm.feed() if each.moves()]
    [own] = [each.position for each in crm.feed() if each.operation == "merge" and each.id == survivor]
    assert found == [own]
    return own


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_whatever_is_done_to_moves_is_found(fresh_url: str) -> None:
    """AUD-01: otherwise taking a merge back would give references to whom an intruder chose."""
    with make_crm(fresh_url, plugins=[specimens]) as crm:
        survivor, _ = merged(crm)
        anchor, position, intruder = crm.audit.anchor(), position_of(crm, survivor), Intruder(fresh_url)
        assert told(crm, anchor).ok and len(intruder.rows) == 11
        first, *rest = intruder.rows
        worlds = [rest, [], [*intruder.rows, {**first, "no": 7}], [*intruder.rows, {**first, "record": "zebra"}]]
        for column, value in first.items():
            worlds += [[{**first, column: other}, *rest] for other in near(value) if other != value]
        for world in worlds:
            with intruder.putting(world):
                finding = told(crm, anchor)
                assert [(each.position, each.what) for each in finding.problems] == [(position, MOVED)], world
        assert told(crm, anchor).ok


def near(value: Any) -> list[Any]:
    """Values near this one that every database takes in its place."""
    if isinstance(value, UUID):
        return [UUID(int=value.int ^ 1 << 100)]
    return [value[:-1] + "x", f"f{value[1:]}", value.upper()] if isinstance(value, str) else others_of(value)


def test_moves_are_proven_through_undoing_and_erasing(shared: SharedCrm) -> None:
    """AUD-07: what was moved is no value of a person, and stays to be proven; the proof is no field for anybody."""
    crm = shared.fresh()
    leila, merge = merged(crm)
    crm.pump(jobs=False)
    with crm.work("sara") as work:
        [entry] = [each for each in work.customers.history(leila) if each.operation == "merge"]
        assert entry.moves() and not [name for name in entry.values() if name.startswith("~")]
        assert work.customers.get(leila, as_of=entry.at).id == leila
        work.merges.undo(merge)
    proof = entry.moves()
    assert proof is not None and proof[0] == merge.hex
    assert crm.audit.verify(crm.audit.anchor()).ok
    with crm.work("dpo") as work:
        work.subjects.erase(leila, "asked for it")
    anchor = crm.audit.anchor()
    finding = crm.audit.verify(anchor)
    assert finding.ok and finding.erased, finding.problems
    assert proof in [each.moves() for each in crm.feed()]


def test_a_merge_that_moves_nothing_says_so(shared: SharedCrm) -> None:
    """Otherwise moves could be added to it."""
    crm = shared.fresh()
    with crm.work("sara") as work:
        one, other = (work.customers.add(Person(name)).id for name in ("leila", "lejla"))
    with crm.work("sara") as work:
        merge = work.merges.merge(one, [other]).merge.id
        [proof] = [moves for each in work.customers.history(one) if (moves := each.moves())]
    transaction = crm.storage.begin()
    assert proof == (merge.hex, moves_digest(transaction.moving, merge))
    transaction.rollback()
    with crm.work("sara") as work:
        work.merges.undo(merge)


@given(st.text(max_size=60) | st.sampled_from(["[", "[1, 2]", '["zz", "00"]', "null", "{}", "[[]]", "[" * 100_000]))
def test_text_that_is_no_proof_is_none(text: str) -> None:
    """A verification of what somebody made illegible would fail instead of telling of it."""
    entry = _entry(f'{{"{MOVES}":{text}}}')
    assert entry.moves() is None


def _entry(changes: str) -> LogEntry:
    nil = UUID(int=0)
    return LogEntry(NOON, "sara", None, nil, "customer", nil, None, 1, "merge", changes, "")


moves = st.builds(
    Move,
    st.sampled_from(["order", "order_line", "a"]),
    st.sampled_from(["customer", "line.product"]),
    st.uuids(),
    st.integers(0, 12),
    st.uuids(),
)


@given(moves, moves)
def test_two_moves_have_two_texts(one: Move, other: Move) -> None:
    """Otherwise one could stand in the place of the other."""
    assert (move_text(one) == move_text(other)) == (one == other)
    assert move_text(attrs.evolve(one, no=one.no + 1)) != move_text(one)
