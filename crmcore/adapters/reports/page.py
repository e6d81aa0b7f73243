"""Tables as HTML pages that need nothing else."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from crmcore.adapters.reports.words import words
from crmcore.domain.money import Money
from crmcore.plugins.answers import ReportTable

STYLE: Final = (
    "body{font:16px sans-serif;margin:2em}table{border-collapse:collapse}"
    "th,td{border:1px solid #bbb;padding:.3em .6em;text-align:start;unicode-bidi:plaintext}.figure{text-align:end}"
)


def page(title: str, table: ReportTable) -> str:
    """The table as a page; each cell finds its own direction, so that right-to-left text stands as it is read."""
    head = "".join(f'<th scope="col" dir="auto">{words(name)}</th>' for name in table.columns)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{words(title)}</title>'
        f'<style>{STYLE}</style></head>\n<body><h1 dir="auto">{words(title)}</h1>\n'
        f'<table dir="auto"><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table></body></html>\n'
    )


def _cell(value: object) -> str:
    is_figure = isinstance(value, int | Decimal | Money) and not isinstance(value, bool)
    kind = ' class="figure"' if is_figure else ""
    return f'<td{kind} dir="auto">{words(value)}</td>'
