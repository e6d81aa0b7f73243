"""What `crm demo` found, as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from crmcore.cli import charts, history, output, showing, tables
from crmcore.cli.demo import discs

Facts = dict[str, Any]
RECENT: Final = 3


def text(facts: Facts, selling: Mapping[str, str]) -> str:
    """The whole demonstration, step by step; `selling` has the sections about it by their headings."""
    steps = [_loaded(facts), _view(facts), _list(facts), _members(facts), _change(facts), _search(facts), _sales(facts)]
    steps.append(f"{_heading('CDNOW: real orders of 18 months')}\n{discs.text(facts['cdnow'])}")
    steps += [f"{_heading(title)}\n{shown}" for title, shown in selling.items() if shown]
    return "\n\n".join([*filter(None, steps), _next(facts)])


def _heading(title: str) -> str:
    return f"━━ {title} {'━' * max(4, 76 - tables.width(title))}"


def _loaded(facts: Facts) -> str:
    shop, discs = facts["counts"], facts["cdnow"]
    songs = ", ".join(f"{count:,} {name}s" for name, count in shop.items())
    plugins = ", ".join(facts["plugins"]) or "none"
    return (
        f"{_heading('A fresh database from the bundled data')}\n"
        f"chinook, a shop for digital music: {songs}; {_amount(facts['total'])} in orders\n"
        f"cdnow, a shop for discs: {discs['customers']:,} customers, {discs['orders']:,} orders; "
        f"{_amount(discs['total'])}\n"
        f"plugins: {plugins}"
    )


def _amount(money: Facts) -> str:
    return f"{Decimal(money['amount']):,.2f} {money['currency']}"


def _view(facts: Facts) -> str:
    view = facts["view"]
    short = {**view, "timeline": view["timeline"][:RECENT], "orders": view["orders"][:RECENT]}
    return f"{_heading('The whole view of the best customer of chinook')}\n{showing.view_text(short)}"


def _list(facts: Facts) -> str:
    return f"{_heading('A filter: ' + facts['list']['where'])}\n{_table(facts['list']['items'])}"


def _members(facts: Facts) -> str:
    if not facts["members"]:
        return ""
    tiers = ", ".join(f"{count} {name}" for name, count in facts["members"].items())
    gold = facts["gold"]
    return (
        f"{_heading('The loyalty plugin adds fields to customers')}\n"
        f"members by what they spent: {tiers}\n\n{gold['where']}\n{_table(gold['items'])}"
    )


def _change(facts: Facts) -> str:
    change = facts["change"]
    rows = [{"": name, "before": change["before"][name], "now": change["customer"][name]} for name in change["changed"]]
    return (
        f"{_heading('A change, its history, and the customer as of before it')}\n"
        f"{_table(rows)}\n\n{history.shown(change['history'][-1:])}"
    )


def _search(facts: Facts) -> str:
    search = facts["search"]
    return f"{_heading('A search: ' + search['text'])}\n{_table(search['items'])}"


def _sales(facts: Facts) -> str:
    figures = {each["year"]: Decimal(each["total"]["amount"]) for each in facts["sales"]}
    return f"{_heading('Sales of chinook by year')}\n{charts.bars(figures, facts['total']['currency'])}"


def _next(facts: Facts) -> str:
    lines = "\n".join(facts["next"])
    return f"{_heading('Go on with')}\n{lines}\n\ndone in {facts['seconds']} s"


def _table(rows: list[Facts]) -> str:
    return tables.table(rows, most=output.terminal_width())
