"""Every lead gets one owner or one queue, by the rule that says so."""

from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crmcore.domain.errors import InvalidValue
from crmcore.domain.leads.assignment import Assignment, Seller, able_sellers
from crmcore.domain.leads.routing import LeadRequest, route
from crmcore.domain.leads.territory import SPECIFICITY, Territory, assign_by_territory, most_specific
from crmcore.domain.leads.workload import assign_by_load

AMAL = Seller(id="amal", open_leads=12, capacity=20)
BIJAN = Seller(id="bijan", open_leads=9, capacity=10)
CARLA = Seller(id="carla", open_leads=7, capacity=14)


def test_ex_6_load() -> None:
    """EX-6: otherwise the load before assignment decides, or the number of leads and not their share."""
    found = assign_by_load([AMAL, BIJAN, CARLA])
    assert found is not None
    assert (found.owner, found.rule) == ("carla", "load")
    assert found.reason == "carla is least busy, with 8 of 14 leads (57.1 %) after this one"


def test_full_absent_and_unlimited_sellers_have_no_load() -> None:
    """Otherwise a seller gets more leads than the limit, or leads while on leave."""
    full, away = Seller(id="a", open_leads=1, capacity=1), Seller(id="b", capacity=9, absent=True)
    assert assign_by_load([full, away, Seller(id="c"), Seller(id="d", capacity=0)]) is None
    assert assign_by_load([]) is None
    found = assign_by_load([full, away, BIJAN])
    assert found is not None and found.owner == "bijan"


def test_equal_loads_go_by_id() -> None:
    """Otherwise the same state gives two owners."""
    found = assign_by_load([evolve(CARLA, id="z"), CARLA])
    assert found is not None and found.owner == "carla"


def patch(kind: str, priority: int = 0, id: str = "x") -> Territory:
    """A territory with an owner of its own name."""
    return Territory(id=id, kind=kind, priority=priority, owner=f"owner of {id}")  # type: ignore[arg-type]


def test_the_most_specific_territory_wins() -> None:
    """Otherwise a lead from a city goes to whoever has the country, or a tie to whoever comes first."""
    patches = [
        patch("country", id="eg"),
        patch("region"),
        patch("city", 2, "b"),
        patch("city", 1, "d"),
        patch("city", 1, "c"),
    ]
    assert most_specific([*patches, patch("postal_prefix", 9, "p")]) == patch("postal_prefix", 9, "p")
    assert most_specific(patches) == patch("city", 1, "c")
    found = assign_by_territory(patches)
    assert found is not None
    assert (found.owner, found.rule) == ("owner of c", "territory")
    assert found.reason == "territory c is the most specific that fits (city)"
    assert assign_by_territory([]) is None


TERRITORIES = st.lists(
    st.builds(patch, st.sampled_from(SPECIFICITY), st.integers(0, 3), st.text("abc", min_size=1)), max_size=8
)


@given(TERRITORIES)
def test_the_order_of_territories_does_not_matter(territories: list[Territory]) -> None:
    """Otherwise two databases give one lead two owners."""
    assert most_specific(territories) == most_specific(reversed(territories))


def test_skills_and_language() -> None:
    """Otherwise a lead who speaks Persian is called by someone who does not."""
    both = Seller(id="a", skills=frozenset({"solar", "roofs"}), languages=frozenset({"fa", "en"}))
    one = Seller(id="b", skills=frozenset({"solar"}), languages=frozenset({"en"}))
    assert able_sellers([both, one], frozenset(), None) == (both, one)
    assert able_sellers([both, one], frozenset({"solar", "roofs"}), None) == (both,)
    assert able_sellers([both, one], frozenset({"solar"}), "fa") == (both,)
    assert able_sellers([both, one], frozenset({"wind"}), "en") == ()


EVERYTHING = LeadRequest(
    queue="inbox",
    sellers=(AMAL, BIJAN, CARLA),
    explicit_owner="dana",
    related_owner="bijan",
    territories=(Territory(id="cairo", kind="city", owner="amal"),),
)


def test_the_order_of_the_rules() -> None:
    """Otherwise a person's decision is overruled, or a known customer is handed to a stranger."""
    request, rules = EVERYTHING, []
    for change in ({"explicit_owner": None}, {"related_owner": None}, {"territories": ()}, {"sellers": ()}, {}):
        found, _ = route(request)
        rules.append((found.rule, found.owner or found.queue))
        request = evolve(request, **change)
    assert rules == [
        ("explicit_owner", "dana"),
        ("relationship", "bijan"),
        ("territory", "amal"),
        ("load", "carla"),
        ("queue", "inbox"),
    ]


def test_absent_owners_are_passed_over_and_that_is_said() -> None:
    """Otherwise leads pile up with a seller on leave, or nobody knows why the usual owner did not get one."""
    away = (evolve(AMAL, absent=True), evolve(BIJAN, absent=True), evolve(CARLA, absent=True))
    found, credits = route(evolve(EVERYTHING, explicit_owner=None, sellers=away, credits={"amal": 3}))
    assert (found.queue, found.reason) == ("inbox", "nobody can take it: 3 absent")
    assert found.passed_over == (
        "bijan, who looks after the household or company, is not available",
        "territory cairo is the most specific that fits (city), but its owner amal is not available",
        "3 absent",
    )
    assert credits == {"amal": 3}
    named, _ = route(evolve(EVERYTHING, explicit_owner="amal", sellers=away))
    assert named.owner == "amal"


def test_why_the_queue() -> None:
    """Otherwise a queue fills and nobody knows whom to hire."""
    full = evolve(AMAL, open_leads=20)
    assert route(LeadRequest(queue="q"))[0].reason == "nobody can take it: there are no sellers"
    assert route(LeadRequest(queue="q", sellers=(full,)))[0].passed_over == ("1 full",)
    found, _ = route(LeadRequest(queue="q", sellers=(AMAL, BIJAN), skills=frozenset({"solar"}), language="fa"))
    assert found.reason == "nobody can take it: 2 without solar, fa"


def test_a_territory_may_lead_to_a_queue() -> None:
    """Otherwise a patch without a seller of its own cannot be declared."""
    found, _ = route(LeadRequest(queue="q", territories=(Territory(id="eg", kind="country", queue="export"),)))
    assert (found.queue, found.rule) == ("export", "territory")


def test_equally_busy_sellers_take_turns() -> None:
    """Otherwise the first in the alphabet gets every lead of a day that begins without any."""
    sellers, credits = tuple(Seller(id=id, capacity=10) for id in "abc"), dict[str, int]()
    turns = []
    for _ in range(6):
        found, credits = route(LeadRequest(queue="q", sellers=sellers, credits=credits))
        turns.append(found.owner)
    assert turns == list("abcabc")


IDS = st.sampled_from(["a", "b", "c", "d", UUID(int=1)])
SELLERS = st.lists(
    st.builds(
        Seller,
        id=IDS,
        weight=st.integers(1, 5),
        open_leads=st.integers(0, 3),
        capacity=st.integers(0, 3) | st.none(),
        absent=st.booleans(),
        skills=st.frozensets(st.sampled_from(["solar", "roofs"])),
        languages=st.frozensets(st.sampled_from(["en", "fa"])),
    ),
    unique_by=lambda seller: str(seller.id),
    max_size=5,
).map(tuple)
REQUESTS = st.builds(
    LeadRequest,
    queue=st.just("inbox"),
    sellers=SELLERS,
    explicit_owner=st.none() | IDS,
    related_owner=st.none() | IDS,
    territories=TERRITORIES.map(tuple) | st.just((Territory(id="t", kind="city", owner="a"),)),
    skills=st.frozensets(st.sampled_from(["solar", "roofs"]), max_size=1),
    language=st.none() | st.just("fa"),
    credits=st.dictionaries(st.sampled_from("abcd"), st.integers(-9, 9)),
)


@given(REQUESTS)
def test_inv_3_every_lead_gets_one_owner_or_queue(request: LeadRequest) -> None:
    """INV-3: otherwise a lead is lost between two sellers, or goes to one who is away, full or unable."""
    found, credits = route(request)
    assert (found.owner is None) != (found.queue is None)
    assert found.reason
    assert route(request) == (found, credits)
    chosen = {seller.id: seller for seller in request.sellers}.get(found.owner or "")
    if found.rule in ("relationship", "load", "rotation"):
        assert chosen is not None and not chosen.absent
    if found.rule in ("load", "rotation"):
        assert chosen in able_sellers(request.sellers, request.skills, request.language)
        assert not chosen.is_full
    if found.rule != "rotation":
        assert credits == request.credits


def test_what_is_refused() -> None:
    """Otherwise a lead is nobody's, everybody's, or shared out by a weight of nothing."""
    for owner, queue in ((None, None), ("a", "q")):
        with pytest.raises(InvalidValue, match="one owner or one queue"):
            Assignment(owner=owner, queue=queue, rule="queue", reason="none")
        with pytest.raises(InvalidValue, match="an owner or a queue"):
            Territory(id="t", kind="city", owner=owner, queue=queue)
    with pytest.raises(InvalidValue, match="no kind of territory"):
        patch("planet")
    with pytest.raises(InvalidValue, match="listed twice"):
        LeadRequest(queue="q", sellers=(AMAL, AMAL))
    for changes in ({"weight": 0}, {"open_leads": -1}, {"capacity": 1.5}):
        with pytest.raises(InvalidValue):
            Seller(id="a", **changes)
