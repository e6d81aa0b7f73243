"""The figures of a sales team in `crm demo --pipeline`: the whole pipeline, by manager and by office."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import attrs

from crmcore.application.sales.pipeline_report import PipelineReport, pipeline_report
from crmcore.cli import tables
from crmcore.cli.pipeline import pipeline_document, pipeline_text
from crmcore.domain.literal import value_of
from crmcore.domain.predicate import Compare, Path
from crmcore.domain.user import User

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

NAME: Final = "sales"
"""The pipeline into which the maps put the deals."""


@attrs.frozen(kw_only=True)
class Selling:
    """The whole pipeline, and the share of each manager and each office in it."""

    whole: PipelineReport
    managers: dict[str, PipelineReport]
    offices: dict[str, PipelineReport]
    without_customer: int

    def document(self) -> dict[str, Any]:
        """All of it as plain values."""
        return {
            **pipeline_document(self.whole),
            "without_customer": self.without_customer,
            "by_manager": _shares("manager", self.managers),
            "by_office": _shares("office", self.offices),
        }

    def sections(self) -> dict[str, str]:
        """All of it for people, under headings."""
        return {
            "The pipeline": f"{pipeline_text(self.whole)}\n\n{self.without_customer:,} of them have no account",
            "By manager": tables.table(_shares("manager", self.managers)),
            "By office": tables.table(_shares("office", self.offices)),
        }


def selling(work: UnitOfWork) -> Selling:
    """The figures of what came in."""
    users = list(work[User].stream())
    by_id = {each.id: each.name for each in users}
    managers = sorted({by_id[each.manager] for each in users if each.manager in by_id})
    offices = sorted({each.team for each in users if each.team is not None})
    return Selling(
        whole=pipeline_report(work, NAME),
        managers=_of_each(work, "owner.manager.name", managers),
        offices=_of_each(work, "owner.team", offices),
        without_customer=work.opportunities.count("customer is missing"),
    )


def _of_each(work: UnitOfWork, path: str, names: Sequence[str]) -> dict[str, PipelineReport]:
    asked = {name: Compare(Path.of(path), "=", value_of(name)) for name in names}
    found = {name: pipeline_report(work, NAME, where) for name, where in asked.items()}
    return {name: report for name, report in found.items() if report.won + report.lost + report.open}


def _shares(of: str, reports: dict[str, PipelineReport]) -> list[dict[str, Any]]:
    return [_share(of, name, report) for name, report in reports.items()]


def _share(of: str, name: str, report: PipelineReport) -> dict[str, Any]:
    won = [each.amount for each in report.stages if each.kind == "won" and each.amount is not None]
    return {
        of: name,
        "opportunities": report.won + report.lost + report.open,
        "won": report.won,
        "lost": report.lost,
        "won_value": sum(won[1:], won[0]).plain() if won else None,
        "win_rate": None if report.win_rate is None else float(report.win_rate),
    }
