"""The lifecycle of a lead: its stages and the steps between them (core.md section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crmcore.domain.workflow import Transition, Workflow

FORWARD: Final = (
    "stranger",
    "visitor",
    "subscriber",
    "lead",
    "mql",
    "sal",
    "sql",
    "opportunity",
    "customer",
    "repeat",
    "advocate",
)
"""From the first contact onwards; a step may skip stages."""

ASIDE: Final = ("dormant", "lost", "churned", "recycled")
"""Beside the way: silent, lost before it bought, gone after it bought, and on its way back."""

STAGES: Final = FORWARD + ASIDE
OPENED: Final = FORWARD[: FORWARD.index("customer")]
"""Stages of a lead that has bought nothing yet and may still do so."""

BOUGHT: Final = ("customer", "repeat", "advocate")
FACTS: Final[Mapping[str, int]] = {"customer": 1, "repeat": 2}
"""Stages that are facts, with the number of sales that they take: nobody sets them by hand."""

STARTS: Final = FORWARD[: FORWARD.index("opportunity")]
"""Where a lead may begin that was first recorded here; from elsewhere it begins where it stood there."""

_LABELS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "visitor": ("visit", "Visits", "بازدید", "زيارة"),
    "subscriber": ("subscribe", "Subscribes", "اشتراک", "اشتراك"),
    "lead": ("enquire", "Enquires", "ابراز علاقه", "استفسار"),
    "mql": ("qualify_by_marketing", "Qualified by marketing", "تأیید بازاریابی", "تأهيل من التسويق"),
    "sal": ("accept", "Accepted by sales", "پذیرش فروش", "قبول من المبيعات"),
    "sql": ("qualify_by_sales", "Qualified by sales", "تأیید فروش", "تأهيل من المبيعات"),
    "opportunity": ("convert", "Converted", "تبدیل", "تحويل"),
    "customer": ("buy", "Buys", "خرید", "شراء"),
    "repeat": ("buy_again", "Buys again", "خرید دوباره", "شراء متكرر"),
    "advocate": ("recommend", "Recommends", "معرفی", "توصية"),
    "dormant": ("fall_silent", "Falls silent", "خاموش شدن", "خمول"),
    "lost": ("lose", "Lost", "از دست رفتن", "خسارة"),
    "churned": ("churn", "Leaves", "ترک", "مغادرة"),
    "recycled": ("recycle", "Recycled", "بازگردانی", "إعادة تدوير"),
}


def between(first: str, last: str) -> tuple[str, ...]:
    """The forward stages from one to another, both included."""
    return FORWARD[FORWARD.index(first) : FORWARD.index(last) + 1]


def _needs_reason(lead: Any) -> str | None:
    """Going back is for a reason; `lead.complete_lead` has cleared that of an earlier step."""
    if lead.reason:
        return None
    return "going back needs a reason of its own: set `reason` in the same change"


def _needs_conversion(lead: Any) -> str | None:
    return (
        None
        if lead.converted_at and lead.opportunity
        else "an opportunity is made by converting the lead: `crm lead convert`"
    )


def _sources() -> dict[str, tuple[str, ...]]:
    """Where each stage is reached from."""
    onwards = {target: (*between("stranger", target)[:-1], "recycled") for target in between("visitor", "opportunity")}
    return {
        **onwards,
        "customer": (*OPENED, *ASIDE),
        "repeat": ("customer", "dormant", "churned"),
        "advocate": ("customer", "repeat"),
        "dormant": between("visitor", "advocate"),
        "lost": (*between("visitor", "opportunity"), "dormant", "recycled"),
        "churned": (*BOUGHT, "dormant"),
        "recycled": (*between("lead", "advocate"), "dormant", "lost", "churned"),
    }


def _step(target: str, sources: tuple[str, ...]) -> Transition:
    name, en, fa, ar = _LABELS[target]
    guards = {"recycled": (_needs_reason,), "opportunity": (_needs_conversion,)}.get(target, ())
    return Transition(name=name, sources=sources, target=target, guards=guards, label={"en": en, "fa": fa, "ar": ar})


LEAD_STAGE: Final = Workflow(
    record="lead",
    field="stage",
    states=STAGES,
    initial=STAGES,  # one from another system begins where it stood there; see STARTS
    transitions=tuple(_step(target, sources) for target, sources in _sources().items()),
    logged=("lead_change.from_stage", "lead_change.to_stage"),
)
"""Onwards by any step, to a fact only when it is one, back only by `recycled` with a reason."""
