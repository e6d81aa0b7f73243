"""What holds in any world: what is merged and taken back is as it was, and nothing is lost between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any
from uuid import UUID

from crmcore.application import reading
from crmcore.application.merging.merges import Merges
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.customer import Customer
from crmcore.domain.errors import MergeRefused, UnmergeBlocked
from crmcore.domain.merging.outcome import Merged, Unmerged
from tests.application.merging.kin import Kin
from tests.application.merging.world_edits import edits
from tests.application.merging.worlds import ROOT, World, dump, later, pointing, rows_of, world


def merged(world: World) -> Merged | None:
    """The merge of the family; None where it is refused, which leaves everything as it was."""
    before = dump(world.crm)
    referring = pointing(world.crm)
    with world.crm.work(ROOT) as work:
        try:
            done = Merges(work).merge(world.survivor, world.others, overrule=True)
        except MergeRefused:
            done = None
    if done is None:
        assert dump(world.crm) == before
        return None
    later(world.crm)
    check_merged(world, done, referring)
    return done


def check_merged(world: World, done: Merged, before: Mapping[Any, UUID]) -> None:
    """INV-8: every reference to one of the family is there, and leads to the survivor; what stays is named. INV-7: the
    old ids lead there, and one is the golden one."""
    family, after = set(world.customers[: world.family]), pointing(world.crm)
    stays = {(each.record, each.id) for each in done.stays}
    assert after.keys() == before.keys()
    for place, target in before.items():
        if target not in family:
            assert after[place] == target
        elif after[place] != world.survivor:
            assert after[place] == target and (place[0], place[2]) in stays
    with world.crm.work(ROOT) as work:
        for id in family:
            assert work.customers.get(id).id == world.survivor
        merged = {each.id for each in work.customers.query("merged_into is not missing", limit=1_000).items}
        assert merged & set(world.customers) == set(world.others)


def undone(world: World, done: Merged, only: Sequence[UUID] = ()) -> Unmerged:
    """The merge, taken back."""
    with world.crm.work(ROOT) as work:
        return Merges(work).undo(done.merge.id, only=only)


def check_log(world: World) -> None:
    """The log tells of each of the family what is stored of it."""
    with world.crm.work(ROOT) as work:
        type, now = work.catalogue.of(Customer), work.now()
        for row in rows_of(work, "customer"):
            if row.id in world.customers[: world.family]:
                assert reading.as_of(work, type, row.id, now) == row


def check_exact(crm: Crm, dice: Random) -> bool:
    """INV-5: what was merged and taken back is as it was, to the last value; whether there was a merge at all."""
    made = world(crm, dice)
    before = dump(crm)
    done = merged(made)
    if done is None:
        return False
    check_log(made)
    undone(made, done)
    assert dump(crm) == before
    check_log(made)
    return True


def check_in_turn(crm: Crm, dice: Random) -> bool:
    """INV-5 for merges one after the other: the last is taken back first, each exactly."""
    made = world(crm, dice)
    if made.family < 3:
        return False
    stages, merges = [], []
    with suppress(MergeRefused):
        for at, other in enumerate(made.others):
            stages.append(dump(crm))
            with crm.work(ROOT) as work:
                turned = at == 1 and dice.random() < 0.5
                pair = (other, made.survivor) if turned else (made.survivor, other)
                merges.append(Merges(work).merge(pair[0], pair[1:], overrule=True))
            made.customers[0] = pair[0]
            later(crm)
    for done in reversed(merges):
        undone(made, done)
        assert dump(crm) == stages[merges.index(done)]
        later(crm)
    return bool(merges)


def check_leaving(crm: Crm, dice: Random) -> bool:
    """Some leave a family, exactly as they were, while the others stay one; taken back as well, all is as it was."""
    made = world(crm, dice)
    before = dump(crm)
    done = merged(made) if made.family > 2 else None
    if done is None:
        return False
    leaving = dice.sample(made.others, dice.randint(1, len(made.others) - 1))
    taken = undone(made, done, leaving)
    after = dump(crm)
    assert taken.again is not None
    led_to = dict.fromkeys(set(made.others) - set(leaving), made.survivor)
    assert all(after["customer"][id] == _led(before["customer"][id], led_to) for id in leaving)
    with crm.work(ROOT) as work:
        led = {id: work.customers.get(id).id for id in (made.survivor, *made.others)}
        assert led == {id: id if id in leaving else made.survivor for id in led}
    later(crm)
    undone(made, taken.again)
    assert dump(crm) == before
    check_log(made)
    return True


def _led(customer: Customer, to: Mapping[UUID, UUID]) -> Customer:
    """The customer as it stands when those to whom it refers were merged."""
    kin = customer.facet_or_none(Kin)
    if kin is None or kin.sponsor is None or kin.sponsor not in to:
        return customer
    return evolve(customer, facets={**customer.facets, Kin: evolve(kin, sponsor=to[kin.sponsor])})


def check_edited(crm: Crm, dice: Random) -> bool:
    """After edits a merge is taken back exactly, as far as it had written, or not at all."""
    made = world(crm, dice)
    before, referred = dump(crm), pointing(crm)
    done = merged(made)
    if done is None:
        return False
    edits(made, dice)
    meanwhile, points = dump(crm), pointing(crm)
    try:
        taken = undone(made, done)
    except UnmergeBlocked as error:
        assert error.details["blockers"]
        assert dump(crm) == meanwhile
        return True
    after, back = dump(crm), pointing(crm)
    for id in made.others:
        assert after["customer"][id] == before["customer"][id]
        assert after["keys"][id] == before["keys"][id]
    told = {(each.record, each.id) for each in taken.review}
    for place, target in referred.items():
        if target in made.others and points.get(place) == made.survivor and place in back:
            assert back[place] == target or (place[0], place[2]) in told
    check_log(made)
    return True
