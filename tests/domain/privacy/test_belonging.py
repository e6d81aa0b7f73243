"""What belongs to a person follows from what is declared: by the shortest way, and no further than it should."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain import field
from crmcore.domain.catalogue import Catalogue, build
from crmcore.domain.facet import Facet, facet
from crmcore.domain.link import Link
from crmcore.domain.part import Part, part, parts
from crmcore.domain.privacy.belonging import Belonging, belonging, is_of_another, is_theirs
from crmcore.domain.record import Record, record
from crmcore.domain.records import CORE
from crmcore.domain.sales.opportunity import Opportunity, OpportunityLine, Party
from tests.domain.clinic import CATALOGUE

ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))


def ways(catalogue: Catalogue) -> dict[str, Belonging]:
    """The ways by record type."""
    return {way.type.name: way for way in belonging(catalogue)}


def told(way: Belonging) -> tuple[list[str], list[str], int]:
    """Routes and passages by name and target, and the distance."""
    names = [[f"{r.name} > {r.target}" for r in routes] for routes in (way.routes, way.passages)]
    return names[0], names[1], way.distance


def with_plugin(records: Sequence[type[Record]], facets: Sequence[type[Facet]] = ()) -> dict[str, Belonging]:
    """The ways of the core and a plugin `p` with these."""
    return ways(build([*((None, c) for c in CORE), *(("p", c) for c in records)], [("p", f) for f in facets]))


def test_the_core() -> None:
    """What the core declares belongs to persons; users, products and what is set up never do."""
    found = {name: told(way) for name, way in with_plugin([]).items()}
    assert found["customer"] == ([], [], 0)
    assert found["relationship"] == (["from_customer > customer", "to_customer > customer"], [], 1)
    assert found["link"] == (["from_id > customer", "to_id > customer"], [], 1)
    assert found["opportunity"] == (["customer > customer"], ["party.customer > customer"], 1)
    assert found["stage_change"] == (["customer > customer"], [], 1)
    assert found["assignment"] == found["lead_change"] == (["lead > lead"], [], 2)
    never = {"user", "product", "pipeline", "import_batch", "import_chunk", "payment_terms", "rotation", "territory"}
    assert never.isdisjoint(found)


def test_what_refers_to_what_belongs() -> None:
    """A reading of a visit of a patient; the visit refers to another visit too, which is no way of its own."""
    found = {name: told(way) for name, way in ways(CATALOGUE).items()}
    assert found["clinic.visit"] == (["patient > customer"], [], 1)
    assert found["clinic.reading"] == (["visit > clinic.visit"], [], 2)


@record("near", title=("id",))
class Near(Record):
    """Refers to a lead and to what refers to one."""

    lead: UUID | None = field.reference("lead", default=None)
    change: UUID | None = field.reference("lead_change", default=None)
    order: UUID | None = field.reference("order", default=None)
    itself: UUID | None = field.reference("p.near", default=None)


@record("ring", title=("id",))
class Ring(Record):
    """Refers to what refers to it, and to nothing else."""

    other: UUID | None = field.reference("p.gnir", default=None)


@record("gnir", title=("id",))
class Gnir(Record):
    """The other half of a ring."""

    other: UUID | None = field.reference("p.ring", default=None)


def test_the_shortest_way_and_no_circles() -> None:
    """By a lead or an order, not by the change of a lead; a ring that leads nowhere belongs to nobody."""
    found = with_plugin([Near, Ring, Gnir])
    assert told(found["p.near"]) == (["lead > lead", "order > order"], [], 2)
    assert {"p.ring", "p.gnir"}.isdisjoint(found)
    assert [way.distance for way in found.values()] == sorted(way.distance for way in found.values())


@facet("product")
class Designed(Facet):
    """Of a product, which is nobody's: who designed it."""

    designer: UUID | None = field.reference("customer", default=None)


@facet("order")
class Recommended(Facet):
    """Of an order, which is somebody's: who recommended it."""

    by: UUID | None = field.reference("customer", default=None)
    words: str | None = field.text(default=None)


@facet("customer")
class Sponsored(Facet):
    """Of a customer: another one."""

    sponsor: UUID | None = field.reference("customer", default=None)


@part("stop")
class Stop(Part):
    """A delivery."""

    order: UUID | None = field.reference("order", default=None)


@record("tour", title=("id",))
class Tour(Record):
    """Nobody's, with parts that are about somebody's orders."""

    stops: tuple[Stop, ...] = parts(Stop, default=())
    product: UUID | None = field.reference("product", default=None)


def test_passages() -> None:
    """Only the part or facet that is about a person is theirs; what refers to such a record is not."""
    found = with_plugin([Tour], [Designed, Recommended, Sponsored])
    assert told(found["product"]) == ([], ["p.designer > customer"], 1)
    assert told(found["p.tour"]) == ([], ["stop.order > order"], 2)
    assert told(found["order"]) == (["customer > customer"], [], 1)
    assert told(found["customer"]) == ([], [], 0)


def test_whose_it_is() -> None:
    """By any of its references; of what does not say itself whose it is, somebody else has found out."""
    found = with_plugin([Near])
    between = Link("customer", ONE, "customer", TWO, "knows")
    assert is_theirs(found["link"], between, [TWO]) and not is_theirs(found["link"], between, [THREE])
    assert is_theirs(found["p.near"], Near(), [ONE])


@given(st.lists(st.sampled_from([ONE, TWO, THREE]), unique=True), st.sampled_from([None, ONE, TWO, THREE]))
def test_a_part_is_of_another_where_it_names_another(persons: list[UUID], named: UUID | None) -> None:
    """Not where it names nobody, and never where it names one of them."""
    opportunity = ways(CATALOGUE)["opportunity"].type
    party = opportunity.part("party")
    assert party is not None
    held = Opportunity(parties=(Party("partner", name="x", customer=named),)).parties[0]
    assert is_of_another(party, held, persons) == (named is not None and named not in persons)
    line = opportunity.part("line")
    assert line is not None and not is_of_another(line, OpportunityLine(no=1), persons)
