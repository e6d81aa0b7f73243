"""A state machine that does the same to two storages and compares everything that can be seen: memory is the model.

A test of a storage has to name it alone::

    class MyMachine(StorageMachine):
        def source(self):
            return MySource(...)  # over an empty database


    TestMyStorage = MyMachine.TestCase
"""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import zip_longest
from typing import Any, ClassVar
from uuid import UUID

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from crmcore.adapters.memory.source import MemorySource
from crmcore.application.searching import search
from crmcore.application.unit import UnitOfWork
from crmcore.crm import Crm
from crmcore.domain.copying import evolve
from crmcore.domain.predicate import Predicate
from crmcore.domain.record import Record, RecordType
from crmcore.ports.moving import Reference
from crmcore.ports.storage import StorageSource
from crmcore.testing import specimens
from crmcore.testing.crm import make_crm
from crmcore.testing.fakes import CountingIds, FrozenClock
from crmcore.testing.questions import predicates, sort_orders
from crmcore.testing.sides import Side, Step, Undone, assert_same, comparable, references_held
from crmcore.testing.specimens import Entry, Profile, Sample
from crmcore.testing.strategies import facets, records
from crmcore.testing.values import WORDS

TYPES = ("user", "customer", "relationship", "product", "order", "interaction", "link", "specimen.sample")
FEW = {
    "code": st.none() | st.sampled_from(("A1", "a1", "B ")),
    "batch": st.none() | st.sampled_from(("x", "X")),
    "number": st.none() | st.integers(-1, 2),
    "source": st.none() | st.sampled_from(("shop", "web")),
    "external_id": st.none() | st.sampled_from(("1", "2")),
}
"""Few values for what is unique, so that values clash."""


class StorageMachine(RuleBasedStateMachine):
    """Every rule is carried out on both sides and must give the same: results, refusals, orders, history."""

    plugins: ClassVar[tuple[object, ...]] = (specimens,)

    @abstractmethod
    def source(self) -> StorageSource:
        """The storage to be tested, over a database without records."""

    def tested(self, clock: FrozenClock) -> Crm:
        """A Crm over it, in the zone of Berlin, with ids from the first."""
        return self._made(self.source(), clock)

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        clocks = FrozenClock(), FrozenClock()
        crms = self._made(MemorySource(), clocks[0]), self.tested(clocks[1])
        self.sides = [Side(crm, clock, crm.work("sara").__enter__()) for crm, clock in zip(crms, clocks, strict=True)]
        self.catalogue = crms[0].catalogue
        self.ids: dict[str, list[UUID]] = {}
        self.merges: list[tuple[UUID, Reference, UUID]] = []

    def _made(self, source: StorageSource, clock: FrozenClock) -> Crm:
        made = make_crm(source, plugins=self.plugins, clock=clock, ids=CountingIds(), zone="Europe/Berlin")
        return self._stack.enter_context(made)

    def both(self, step: Step) -> Any:
        """Carry a step out on both sides and compare what comes of it."""
        model, tested = (side.outcome(step) for side in self.sides)
        assert_same(model, tested)
        for side in self.sides:
            side.clock.advance(seconds=1)
        return model

    def held(self, name: str) -> Sequence[Record]:
        """The records of a type that are there now."""
        found: Sequence[Record] = self.sides[0].work.records(name).query(limit=20).items
        return found

    def drawn(self, data: st.DataObject, name: str) -> Record:
        """A new record of a type, with facets, that may clash with others or refer to what is gone."""
        type = self.catalogue.record(name)
        given: dict[str, Any] = {field: few for field, few in FEW.items() if type.field(field)}
        extra = self.catalogue.facets.get(name, ())
        record: Record = data.draw(records(type, self.ids, facets=extra, **given))
        return record

    def chosen(self, data: st.DataObject, name: str) -> UUID:
        """The id of a record that is there, or was."""
        return data.draw(st.sampled_from(self.ids[name]))

    @rule(data=st.data(), name=st.sampled_from(TYPES))
    def add(self, data: st.DataObject, name: str) -> None:
        if self._can_make(name):
            record = self.drawn(data, name)
            added = self.both(lambda work: work.records(name).add(record))
            self._remember(name, added)

    @rule(data=st.data(), name=st.sampled_from(("customer", "specimen.sample")), size=st.integers(1, 5))
    def add_many(self, data: st.DataObject, name: str, size: int) -> None:
        new = [self.drawn(data, name) for _ in range(size)]
        if self.both(lambda work: work.records(name).add_many(new)) == size:
            for record in self.held(name):
                self._remember(name, record)

    @precondition(lambda self: self.ids.get("customer"))
    @rule(data=st.data())
    def add_entry(self, data: st.DataObject) -> None:
        entry = data.draw(records(self.catalogue.of(Entry), self.ids))
        self._remember("specimen.entry", self.both(lambda work: work[Entry].add(entry)))

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), stale=st.booleans())
    def change(self, data: st.DataObject, stale: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.ids)))
        id, other = self.chosen(data, name), self.drawn(data, name)
        type = self.catalogue.record(name)
        names = [f.name for f in type.own] + [p.attribute for p in type.parts] + ["source", "external_id"]
        fields = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        values = {field: getattr(other, field) for field in fields}
        self.both(lambda work: work.records(name).change(id, values, version=1 if stale else None))

    @precondition(lambda self: self.ids.get("specimen.sample"))
    @rule(data=st.data(), keep=st.integers(0, 3), count=st.integers(-5, 5))
    def change_pieces(self, data: st.DataObject, keep: int, count: int) -> None:
        id, more = self.chosen(data, "specimen.sample"), self.drawn(data, "specimen.sample")

        def step(work: UnitOfWork) -> Sample:
            held = work[Sample].get(id).pieces
            kept = [evolve(p, count=count) for p in held[keep:]]
            return work[Sample].change(id, pieces=(*more.pieces[:1], *kept))  # type: ignore[attr-defined]  # a Sample

        self.both(step)

    @precondition(lambda self: self.ids.get("customer"))
    @rule(data=st.data(), version=st.integers(0, 2), email=st.sampled_from(WORDS))
    def change_flat(self, data: st.DataObject, version: int, email: str) -> None:
        id = self.chosen(data, "customer")
        city, card = data.draw(st.sampled_from((None, "Cairo", "Giza"))), data.draw(st.sampled_from((None, "C1", "c1")))
        self.both(lambda work: work.customers.change(id, {"email": email, "city": city, "specimen.card": card}))

    @precondition(lambda self: self.ids.get("customer"))
    @rule(data=st.data(), version=st.integers(0, 2), card=st.none() | st.sampled_from(("C1", "c1")))
    def put_facet(self, data: st.DataObject, version: int, card: str | None) -> None:
        id, value = self.chosen(data, "customer"), data.draw(facets(Profile, self.ids))
        self.both(lambda work: work.customers.put_facet(id, attrs.evolve(value, card=card, version=version)))

    @precondition(lambda self: self.ids.get("customer"))
    @rule(data=st.data())
    def drop_facet(self, data: st.DataObject) -> None:
        id = self.chosen(data, "customer")
        self.both(lambda work: work.customers.drop_facet(id, Profile))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.ids)))
        id = self.chosen(data, name)
        self.both(lambda work: work.records(name).remove(id))

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), undo=st.booleans())
    def savepoint(self, data: st.DataObject, undo: bool) -> None:
        """Several writes in a savepoint, which is then kept or undone."""
        name = data.draw(st.sampled_from([n for n in self.ids if self._can_make(n) and n in TYPES] or ["user"]))
        new, gone = self.drawn(data, name), self.chosen(data, name) if self.ids.get(name) else None

        def step(work: UnitOfWork) -> Any:
            try:
                with work.savepoint():
                    added = work.records(name).add(new)
                    if gone is not None:
                        work.records(name).remove(gone)
                    if undo:
                        raise Undone
                    return added
            except Undone:
                return None

        self._remember(name, self.both(step))

    @precondition(lambda self: len(self.ids.get("customer", ())) > 1)
    @rule(data=st.data(), name=st.sampled_from(("customer", "customer", "user")))
    def follow(self, data: st.DataObject, name: str) -> None:
        """Whatever refers to some records, or to all of them, refers to one then, but for a few that stay."""
        there, led = [each.id for each in self.held(name)], references_held(self.sides[0].work, name)
        if there and led:
            (place, ids), survivor = data.draw(st.sampled_from(led)), data.draw(st.sampled_from(there))
            losers = [id for id in data.draw(st.just(ids) | st.lists(st.sampled_from(there))) if id != survivor]
            stays = data.draw(st.lists(st.sampled_from(self.ids[place.holder.name]), max_size=1))
            merge = UUID(int=len(self.merges) + 1)
            self.merges.append((merge, place, survivor))
            self.both(lambda work: work.transaction.moving.repoint(merge, place, losers, survivor, stays))
            self.both(lambda work: work.transaction.moving.moves(merge, 50))

    @precondition(lambda self: self.merges)
    @rule(data=st.data(), stay=st.booleans())
    def give_back(self, data: st.DataObject, stay: bool) -> None:
        """What was repointed goes back, or is seen to be astray."""
        merge, place, survivor = data.draw(st.sampled_from(self.merges))
        self.both(lambda work: work.transaction.moving.astray(merge, place, survivor, 3))
        stays = self.ids[place.holder.name][:1] if stay else []
        self.both(lambda work: work.transaction.moving.give_back(merge, place, survivor, stays))

    @rule(data=st.data(), name=st.sampled_from((*TYPES, "specimen.entry")), limit=st.integers(1, 4))
    def ask(self, data: st.DataObject, name: str, limit: int) -> None:
        """One question: the pages of the answer, and its count."""
        type = self.catalogue.record(name)
        where = data.draw(st.none() | predicates(self.catalogue, type, self.held(name), self.ids))
        sort = data.draw(sort_orders(self.catalogue, type))
        self.both(lambda work: work.records(name).count(where))
        self.both(lambda work: _pages(work, type, where, sort, limit))

    @rule(text=st.sampled_from(WORDS) | st.sampled_from(("A1", "Leila", "l", "ع")))
    def look_up(self, text: str) -> None:
        self.both(lambda work: [(hit.id, hit.score, hit.why) for hit in search(work, text, 100)])
        self.both(lambda work: work.customers.find(email=text))
        self.both(lambda work: work.products.find(code=text))

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), back=st.integers(0, 30))
    def look_back(self, data: st.DataObject, back: int) -> None:
        """The history of a record, and the record as it was."""
        name = data.draw(st.sampled_from(sorted(self.ids)))
        id, at = self.chosen(data, name), self.sides[0].clock.now() - dt.timedelta(seconds=back)
        self.both(lambda work: work.records(name).history(id))
        if not self.catalogue.record(name).options.append_only:
            self.both(lambda work: work.records(name).get(id, as_of=at))

    @rule(commit=st.booleans())
    def end(self, commit: bool) -> None:
        for side in self.sides:
            side.renew(commit=commit)
        self._compare_all()

    def teardown(self) -> None:
        try:
            for side in self.sides:
                side.renew(commit=True)
            self._compare_all()
            for side in self.sides:
                side.work.__exit__(None, None, None)
                side.crm.pump()
            feeds = [comparable(side.crm.feed(limit=10_000)) for side in self.sides]
            for model, tested in zip_longest(*feeds):
                assert_same(model, tested)
        finally:
            self._stack.close()

    def _compare_all(self) -> None:
        for type in self.catalogue.records.values():
            extra = [f.cls for f in self.catalogue.facets.get(type.name, ())]
            self.both(lambda work, t=type, e=extra: list(work.records(t.name).stream(with_=e)))  # type: ignore[misc]

    def _can_make(self, name: str) -> bool:
        """Whether there is something for its required references."""
        needed = {f.target for f in self.catalogue.record(name).own if f.kind == "reference" and f.required}
        return all(self.ids.get(target) or (target == "*" and self.ids) for target in needed)

    def _remember(self, name: str, added: Any) -> None:
        if isinstance(added, Record) and added.id not in self.ids.setdefault(name, []):
            self.ids[name].append(added.id)


def _pages(work: UnitOfWork, type: RecordType, where: Predicate | None, sort: str, limit: int) -> list[list[Record]]:
    pages, after = [], None
    while True:
        page = work.records(type.name).query(where, sort=sort, limit=limit, after=after)
        pages.append(list(page.items))
        after = page.next
        if after is None:
            return pages
