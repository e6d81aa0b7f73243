"""Whatever is done to the log behind the back of crmcore is found, and the first bad position is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from crmcore.application import journal
from crmcore.application.auditing.finding import Finding
from crmcore.application.auditing.verifying import Limits, verify
from crmcore.domain.audit import Anchor
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from tests.application.auditing.tampering import LAST, Intruder, Row, lived_in, others_of
from tests.databases import storages

EXAMPLES: Final = {"sqlite": 150, "postgresql": 30, "mysql": 30}

Draw = Callable[[st.SearchStrategy[Any]], Any]
Attack = Callable[[Intruder, Draw], int]
"""Does it, and gives the first position at which it must show."""


@contextmanager
def intruded(url: str) -> Iterator[tuple[Intruder, Anchor]]:
    """A database with a log, somebody who can write in it, and the anchor of before."""
    with make_crm(url, plugins=[specimens]) as crm:
        anchor = lived_in(crm)
        intruder = Intruder(url, crm)
        yield intruder, anchor


def found(intruder: Intruder, anchor: Anchor | None, page: int = 7) -> Finding:
    """What a verification finds, which reads in small pages."""
    return verify(intruder.crm.storage, [anchor] if anchor else [], lambda read: None, Limits(page, doubts=3))


def one_of(intruder: Intruder, draw: Draw) -> Row:
    """Any row of the log."""
    row: Row = draw(st.sampled_from(intruder.log))
    return row


def change_a_column(intruder: Intruder, draw: Draw) -> int:
    """Any column of any row but its position."""
    row, table = one_of(intruder, draw), intruder.change
    column = draw(st.sampled_from([c.name for c in table.c if c.name not in ("position", "seq")]))
    near = [value for value in others_of(row[column]) if value != row[column]]
    elsewhere = [other[column] for other in intruder.log if other[column] not in (row[column], None)]
    value = draw(st.sampled_from(near + elsewhere))
    try:
        intruder.do(sa.update(table).where(table.c.seq == row["seq"]).values({column: value}))
    except sa.exc.DataError:
        reject()  # the database itself holds no such value there
    return int(row["position"])


def change_seq(intruder: Intruder, draw: Draw) -> int:
    """The order in which entries were written."""
    row, table = one_of(intruder, draw), intruder.change
    seq = draw(st.sampled_from([-1, 1_000, 2**40]))
    intruder.do(sa.update(table).where(table.c.seq == row["seq"]).values(seq=seq))
    return int(row["position"])


def change_position(intruder: Intruder, draw: Draw) -> int:
    """Moved elsewhere, to a place that is taken or is none, or out of the numbering."""
    row, table = one_of(intruder, draw), intruder.change
    last = len(intruder.log)
    places = [place for place in (None, -5, 0, *range(1, last + 3), 2**40) if place != row["position"]]
    place = draw(st.sampled_from(places))
    intruder.do(sa.update(table).where(table.c.seq == row["seq"]).values(position=place))
    return int(row["position"]) if place is None else min(row["position"], place)


def swap_two(intruder: Intruder, draw: Draw) -> int:
    """Two entries in the place of each other."""
    table = intruder.change
    one, other = draw(st.lists(st.sampled_from(intruder.log), min_size=2, max_size=2, unique_by=lambda r: r["seq"]))
    moves = [(one["seq"], other["position"]), (other["seq"], one["position"])]
    intruder.do(*(sa.update(table).where(table.c.seq == seq).values(position=to) for seq, to in moves))
    return int(min(one["position"], other["position"]))


def delete_some(intruder: Intruder, draw: Draw) -> int:
    """Any entries, perhaps with their links."""
    rows = draw(st.lists(st.sampled_from(intruder.log), min_size=1, unique_by=lambda r: r["seq"]))
    positions = [row["position"] for row in rows]
    tables = [intruder.change, intruder.chain] if draw(st.booleans()) else [intruder.change]
    intruder.do(*(sa.delete(table).where(table.c.position.in_(positions)) for table in tables))
    return int(min(positions))


def insert_one(intruder: Intruder, draw: Draw) -> int:
    """One more entry, beside another or behind the end."""
    place: int = draw(st.integers(1, len(intruder.log) + 3))
    row = {**one_of(intruder, draw), "seq": 1_000, "position": place}
    intruder.do(sa.insert(intruder.change).values(row))
    return min(place, len(intruder.log) + 1)


def forge_values(intruder: Intruder, draw: Draw) -> int:
    """Other values, with the digest that fits them."""
    row, table = one_of(intruder, draw), intruder.change
    text = '{"name":[null,"somebody else"]}'
    entry = next(e for e in _entries(intruder) if e.seq == row["seq"])
    proof = journal.digest(entry.record, entry.id, entry.version, entry.operation, text)
    intruder.do(sa.update(table).where(table.c.seq == row["seq"]).values(changes=text, digest=proof))
    return int(row["position"])


def change_a_link(intruder: Intruder, draw: Draw) -> int:
    """A link that was changed, moved or removed."""
    table = intruder.chain
    position: int = draw(st.integers(1, len(intruder.log)))
    values: Row | None = draw(
        st.sampled_from([{"digest": "0" * 64}, {"digest": ""}, {"position": 1_000}, {"position": -1}, None])
    )
    held = table.c.position == position
    intruder.do(sa.delete(table).where(held) if values is None else sa.update(table).where(held).values(values))
    moved: int = (values or {}).get("position", position)
    return min(position, moved)


def cut_the_tail(intruder: Intruder, draw: Draw) -> int:
    """The newest entries with their links, and the number of the last position too."""
    first: int = draw(st.integers(1, len(intruder.log)))
    cut(intruder, first)
    return first


def cut(intruder: Intruder, first: int) -> None:
    """Remove everything from a position on, as if it had never been."""
    log, chain, setting = intruder.change, intruder.chain, intruder.setting
    intruder.do(
        sa.delete(log).where(log.c.position >= first),
        sa.delete(chain).where(chain.c.position >= first),
        sa.update(setting).where(setting.c.key == LAST).values(value=str(first - 1)),
    )


def count_anew(intruder: Intruder, draw: Draw) -> int:
    """Another number of the last position, so that positions are given twice or left out."""
    last = len(intruder.log)
    given: int = draw(st.integers(0, last + 3).filter(lambda number: number != last))
    held = intruder.setting.c.key == LAST
    intruder.do(sa.update(intruder.setting).where(held).values(value=str(given)))
    return min(given, last) + 1


def unproven(intruder: Intruder) -> tuple[int, ...]:
    """Where the entries begin that nothing proves any more, if what proves them is not as it was."""
    before, now = ([row for row in rows if row["operation"] == "erase"] for rows in (intruder.log, intruder.now))
    return () if before == now else (1,)


def _entries(intruder: Intruder) -> list[Any]:
    transaction = intruder.crm.storage.begin()
    try:
        return transaction.feed(0, 1_000)
    finally:
        transaction.rollback()


ATTACKS: Final[tuple[Attack, ...]] = (
    change_a_column,
    change_seq,
    change_position,
    swap_two,
    delete_some,
    insert_one,
    forge_values,
    change_a_link,
    cut_the_tail,
    count_anew,
)


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_any_tampering_is_found(fresh_url: str) -> None:
    """AUD-01: otherwise history could be changed by whoever has the database, and nobody would see it."""
    with intruded(fresh_url) as (intruder, anchor):
        assert found(intruder, anchor).ok

        @settings(max_examples=EXAMPLES[intruder.engine.dialect.name], suppress_health_check=list(HealthCheck))
        @given(st.data(), st.sampled_from(ATTACKS), st.integers(2, 9))
        def hold(data: st.DataObject, attack: Attack, page: int) -> None:
            with intruder.undone():
                first = attack(intruder, data.draw)
                assume(intruder.has_changed())  # a blank behind an id is no value on MariaDB
                finding = found(intruder, anchor, page)
                assert not finding.ok and finding.first is not None
                assert finding.first.position in (first, *unproven(intruder)), finding.problems

        hold()
        assert found(intruder, anchor).ok


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_a_history_written_anew_differs_from_the_anchor(fresh_url: str) -> None:
    """AUD-03: otherwise somebody with the database would only have to make the links anew."""
    with intruded(fresh_url) as (intruder, anchor):
        last = len(intruder.log)
        for position in (1, last // 2, last):
            with intruder.undone():
                held = intruder.change.c.position == position
                intruder.do(sa.update(intruder.change).where(held).values(actor="nobody"))
                intruder.chain_anew(position)
                assert found(intruder, None).ok, "this is what is not found without an anchor"
                finding = found(intruder, anchor)
                assert finding.first is not None and finding.first.position == last
                assert "written anew" in finding.first.what


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_a_tail_that_was_cut_is_missed_at_the_anchor(fresh_url: str) -> None:
    """AUD-03: a shorter history is whole in itself."""
    with intruded(fresh_url) as (intruder, anchor):
        last = len(intruder.log)
        with intruder.undone():
            cut(intruder, last)
            assert found(intruder, None).ok, "this is what is not found without an anchor"
            finding = found(intruder, anchor)
            assert finding.first is not None and finding.first.position == last
            assert "it was cut" in finding.first.what


@pytest.mark.parametrize("fresh_url", storages(), indirect=True)
def test_what_has_no_position_is_told_of_as_not_covered(fresh_url: str) -> None:
    """Otherwise somebody would take it for proven."""
    with intruded(fresh_url) as (intruder, anchor), intruder.undone():
        row = {**intruder.log[0], "seq": 1_000, "position": None}
        intruder.do(sa.insert(intruder.change).values(row))
        finding = found(intruder, anchor)
        assert finding.ok and finding.waiting == 1 and finding.checked == finding.covered == len(intruder.log)


@pytest.mark.parametrize("fresh_url", storages("sqlite"), indirect=True)
def test_somebody_who_has_everything_made_anew_but_the_anchor(fresh_url: str) -> None:
    """AUD-03: an entry left out, all others moved up, links and count made to fit."""
    with intruded(fresh_url) as (intruder, anchor), intruder.undone():
        rows = [row for row in intruder.log if row["position"] != 3]
        intruder.put(intruder.change, [{**row, "position": number} for number, row in enumerate(rows, 1)])
        intruder.chain_anew(1)
        held = intruder.setting.c.key == LAST
        intruder.do(sa.update(intruder.setting).where(held).values(value=str(len(rows))))
        assert found(intruder, None).ok
        assert not found(intruder, anchor).ok
