"""Tests of metrics: the total is the exact sum of what plugins gave, whoever gave it, and says who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcore import Money, Person
from crmcore.application.contributing.asking import Answers
from crmcore.application.contributing.metrics import Total, totals
from crmcore.crm import Crm
from crmcore.domain.errors import NotFound
from crmcore.plugins import Contribution, hookimpl
from crmcore.testing.crm import make_crm
from tests.plugins.contributing import POINTS, REVENUE, Earning, answering, euros, giving
from tests.plugins.made import made

numbers = st.decimals(allow_nan=False, allow_infinity=False, places=9, min_value=-(10**18), max_value=10**18)
whole = st.integers(-(10**20), 10**20)
money = st.builds(
    Money, st.decimals(-(10**9), 10**9, places=2).map(lambda d: Decimal(str(d))), st.sampled_from(["EUR", "IRR", "EGP"])
)
points = st.builds(Contribution, st.just("points"), numbers | whole, st.text("abc"))
revenue = st.builds(Contribution, st.just("revenue"), money, st.text("abc"))
splits = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), st.lists(points | revenue, max_size=6))


def measured(*plugins: Any) -> dict[str, Total]:
    """The metrics of a customer with these plugins, on the memory storage."""
    with make_crm(plugins=plugins) as crm, crm.work("sara") as work:
        return {each.name: each for each in work.metrics(work.customers.add(Person("Leila")).id)}


def exact(figure: Total) -> dict[str, Fraction]:
    """A total by currency ("" for numbers) as fractions."""
    if isinstance(figure.total, Decimal):
        return {"": Fraction(figure.total)}
    return {each.currency: Fraction(each.amount) for each in figure.total}


def summed(given: Sequence[Contribution]) -> dict[str, Fraction]:
    """What contributions add up to, by currency."""
    sums: dict[str, Fraction] = {}
    for each in given:
        plain = each.amount.amount if isinstance(each.amount, Money) else each.amount
        currency = each.amount.currency if isinstance(each.amount, Money) else ""
        sums[currency] = sums.get(currency, Fraction(0)) + Fraction(plain)
    return sums


@given(splits)
def test_a_total_is_the_sum_of_its_contributions(split: dict[str, list[Contribution]]) -> None:
    """A figure would be a cent off, or would not be what the list beside it adds up to."""
    found = totals([REVENUE, POINTS], Answers(tuple(split.items())))
    assert [each.name for each in found] == ["points", "revenue"]
    for figure in found:
        own = [each for listed in split.values() for each in listed if each.metric == figure.name]
        assert exact(figure) == (summed(own) or ({"": Fraction(0)} if figure.name == "points" else {}))
        assert [(share.amount, share.reason) for share in figure.contributions] == [(e.amount, e.reason) for e in own]
        assert not figure.partial


@given(splits, st.randoms())
def test_no_order_and_no_split_makes_another_total(split: dict[str, list[Contribution]], random: Any) -> None:
    """The same points would be more or fewer, depending on which plugin gives them."""
    everything = [each for listed in split.values() for each in listed]
    random.shuffle(everything)
    alone = totals([POINTS, REVENUE], Answers((("one", everything),)))
    assert list(map(exact, alone)) == list(map(exact, totals([POINTS, REVENUE], Answers(tuple(split.items())))))


@settings(max_examples=20)
@given(st.permutations(["a", "b", "c"]), st.sets(st.sampled_from(["a", "b", "c"])))
def test_any_order_of_plugins_gives_one_figure_and_it_is_partial_iff_one_failed(
    order: list[str], failing: set[str]
) -> None:
    """Two installations of the same plugins would show two figures, or hide that one is too low."""
    owner = made("owner", declares={"metrics": [POINTS]})
    plugins = [owner]
    for name in order:
        hook = answering(lambda context: 1 / 0) if name in failing else None
        plugins.append(made(name, hooks={"contribute_metrics": hook}) if hook else giving(name, tenth("points")))
    figure = measured(*plugins)["points"]
    assert figure.total == Decimal("0.1") * (3 - len(failing))
    assert [share.plugin for share in figure.contributions] == sorted({"a", "b", "c"} - failing)
    assert figure.partial == bool(failing)
    assert [each.plugin for each in figure.missing] == sorted(failing)


def tenth(metric: str) -> Contribution:
    """The tenth part of one, which no binary fraction is."""
    return Contribution(metric, Decimal("0.1"), "a tenth")


def test_a_figure_is_told_as_plain_values() -> None:
    """A screen could not show who gave what, and why one is missing."""
    shop = giving("shop", Contribution("revenue", euros("12.50"), "order 1"), metrics=[REVENUE])
    bar = giving("bar", Contribution("revenue", Money(3, "JPY"), "tea"))
    broken = made("broken", hooks={"contribute_metrics": answering(lambda context: [][1])})
    [plain] = [each.plain() for each in measured(shop, bar, broken).values()]
    assert plain["total"] == [{"amount": "12.50", "currency": "EUR"}, {"amount": "3", "currency": "JPY"}]
    assert plain["contributions"] == [
        {"plugin": "bar", "amount": {"amount": "3", "currency": "JPY"}, "reason": "tea"},
        {"plugin": "shop", "amount": {"amount": "12.50", "currency": "EUR"}, "reason": "order 1"},
    ]
    assert (plain["name"], plain["unit"], plain["partial"]) == ("revenue", "money", True)
    [missing] = plain["missing"]
    assert missing["plugin"] == "broken"
    assert "contribute_metrics" in missing["error"]
    assert "IndexError" in missing["error"]


def test_the_precision_of_the_host_changes_nothing() -> None:
    """A host that computes with six digits would get figures of six digits."""
    given = [Contribution("points", Decimal("123456789.123456789")), Contribution("points", Decimal("0.000000001"))]
    with localcontext() as context:
        context.prec = 6
        [figure] = totals([POINTS], Answers((("a", given),)))
    assert figure.total == Decimal("123456789.123456790")


def test_amounts_whose_sum_is_no_amount_are_named_not_shown() -> None:
    """The view would fail, or would show a sum that was cut."""
    most = Contribution("revenue", euros("99999999999999"))
    [figure] = totals([REVENUE], Answers((("a", [most]), ("b", [most]))))
    assert (figure.total, figure.partial, [each.plugin for each in figure.missing]) == ((), True, ["a", "b"])


@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        "points",
        {"points": 1},
        [1],
        [("points", 1, "why")],
        [Contribution("points", 0.1)],  # type: ignore[arg-type]
        [Contribution("points", True)],
        [Contribution("points", Decimal("NaN"))],
        [Contribution("points", Decimal("Infinity"))],
        [Contribution("points", Decimal("1E+999999"))],
        [Contribution("points", Decimal("1E-999999"))],
        [Contribution("points", euros("1"))],
        [Contribution("revenue", Decimal(1))],
        [Contribution("pionts", 1)],
        [Contribution("points", 1, 5)],  # type: ignore[arg-type]
        [Contribution("points", 1)] * 1_001,
    ],
    ids=repr,
)
def test_an_answer_that_is_none_is_left_out_as_a_whole(answer: object) -> None:
    """A wrong amount would be in a total, or one plugin's mistake would take the others with it."""
    wrong = made("wrong", hooks={"contribute_metrics": answering(lambda context: answer)})
    found = measured(giving("right", tenth("points"), metrics=[POINTS, REVENUE]), wrong)
    assert found["points"].total == Decimal("0.1")
    assert [each.plugin for each in found["points"].missing] == ["wrong"]
    assert found["revenue"].partial


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), RecursionError(), MemoryError(), GeneratorExit()])
def test_whatever_a_plugin_raises_the_others_are_shown(error: BaseException) -> None:
    """One plugin would end the process of the host, or hide what the others know."""

    def fail(context: object) -> object:
        raise error

    found = measured(giving("right", tenth("points"), metrics=[POINTS]), made("bad", hooks={
        "contribute_metrics": hookimpl(fail)
    }))  # fmt: skip
    assert (found["points"].total, found["points"].missing[0].plugin) == (Decimal("0.1"), "bad")


def test_a_key_that_interrupts_is_obeyed() -> None:
    """Ctrl-C would be taken for a fault of the plugin in which it came."""

    def interrupted(context: object) -> object:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measured(giving("right", metrics=[POINTS]), made("bad", hooks={"contribute_metrics": hookimpl(interrupted)}))


def test_nothing_is_measured_where_nothing_is_declared() -> None:
    """Plugins would be asked for nothing."""
    asked = made("asked", hooks={"contribute_metrics": answering(lambda context: 1 / 0)})
    assert measured(asked) == {}


def test_points_that_are_stored_are_counted(crm: Crm) -> None:
    """A figure would be right in memory only."""
    with crm.work("sara") as work:
        leila, omar = (work.customers.add(Person(name)).id for name in ("Leila", "Omar"))
        work[Earning].add_many(Earning(leila, work.now(), n) for n in (5, 7))
    with crm.work("sara", snapshot=True) as work:
        figure = {each.name: each for each in work.metrics(leila)}["points"]
        assert figure.total == Decimal(12)
        assert [share.amount for share in figure.contributions] == [Decimal(5), Decimal(7)]
        assert {each.name: each for each in work.metrics(omar)}["points"].total == 0
        with pytest.raises(NotFound):
            work.metrics(crm.kernel.ids.new())
