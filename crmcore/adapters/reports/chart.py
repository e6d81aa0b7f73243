"""Bar charts as SVG."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from crmcore.adapters.reports.words import words
from crmcore.domain.errors import InvalidSetting
from crmcore.domain.money import Money
from crmcore.plugins.answers import ReportTable

WIDTH: Final = 720
LABELS: Final = 220
FIGURES: Final = 120
ROW: Final = 28
MOST: Final = 200
STYLE: Final = "text{font:14px sans-serif;unicode-bidi:plaintext}rect{fill:#3b6ea5}.below{fill:#a54b3b}"


def chart(title: str, table: ReportTable) -> str:
    """A bar for each row, from 0, as long as its figure is large. `InvalidSetting` for a report that has no chart, more
    than 200 rows, or other things than figures of one unit to draw."""
    if table.chart is None:
        raise InvalidSetting(f"the report {title} has no chart: take table, json, csv or html")
    if len(table.rows) > MOST:
        raise InvalidSetting(f"the report {title} has {len(table.rows):,} rows, and a chart at most {MOST}")
    label, value = table.columns.index(table.chart.label), table.columns.index(table.chart.value)
    figures = [_figure(title, table.chart.value, row[value]) for row in table.rows]
    _check_unit(title, [row[value] for row in table.rows])
    longest = max((abs(each) for each in figures), default=Decimal(0))
    bars = [
        _bar(at, row[label], row[value], each, longest)
        for at, (row, each) in enumerate(zip(table.rows, figures, strict=True))
    ]
    height = ROW * (len(bars) + 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>{words(title)}</title><style>{STYLE}</style>{''.join(bars)}</svg>"
    )


def _bar(at: int, label: object, value: object, figure: Decimal, longest: Decimal) -> str:
    room = WIDTH - LABELS - FIGURES
    length = round(room * abs(figure) / longest, 1) if longest else 0
    below = ' class="below"' if figure < 0 else ""
    top, line = ROW * at + 4, ROW * at + 20
    return (
        f'<text x="{LABELS - 8}" y="{line}" text-anchor="end">{words(label)}</text>'
        f'<rect{below} x="{LABELS}" y="{top}" width="{length}" height="{ROW - 8}"/>'
        f'<text x="{LABELS + length + 6}" y="{line}">{words(value)}</text>'
    )


def _figure(title: str, column: str, value: Any) -> Decimal:
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, Decimal) or type(value) is int:
        return Decimal(value)
    if value is None:
        return Decimal(0)
    raise InvalidSetting(f"the report {title} cannot be drawn: {column} holds {value!r}, which is no figure")


def _check_unit(title: str, values: list[Any]) -> None:
    units = {value.currency if isinstance(value, Money) else "" for value in values if value is not None}
    if len(units) > 1:
        raise InvalidSetting(f"the report {title} cannot be drawn: its figures are of different currencies")
