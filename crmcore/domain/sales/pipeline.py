"""The pipeline: the stages through which opportunities go, each with the probability that it leads to a sale."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final, Literal
from uuid import UUID

from crmcore.domain import field
from crmcore.domain.copying import evolve
from crmcore.domain.errors import InvalidRecord, nearest
from crmcore.domain.fold import fold
from crmcore.domain.money import no_currency
from crmcore.domain.part import Part, part, parts
from crmcore.domain.record import Record, record

Kind = Literal["open", "won", "lost"]
CERTAIN: Final = {"won": Decimal(1), "lost": Decimal(0)}
"""Probabilities of the closing stages."""
PLACES: Final = Decimal("0.0001")


def stage_key(text: str) -> str:
    """The key of a stage's label: `Closed Won` is `closed_won`."""
    return "_".join(fold(text).split())


@part("stage", label={"en": "Stage", "fa": "مرحله", "ar": "مرحلة"})
class Stage(Part):
    """One stage. `stage` is its key, in lower case; `probability` (0 to 1) that an opportunity in it is won.

    What is left out follows: a label from the key, the position from the order, probabilities of open stages rise
    evenly, a won stage has 1 and a lost one 0.
    """

    stage: str = field.text(length=100, fold=False)
    label: str | None = field.text(default=None, length=100)
    kind: str = field.choice("open", "won", "lost", default="open")
    probability: Decimal | None = field.decimal(scale=4, default=None)
    position: int | None = field.integer(default=None)


def complete_pipeline(before: Pipeline | None, after: Pipeline) -> Pipeline:
    """Keys, positions and probabilities that were not stated; a pipeline can always be won and lost."""
    given: tuple[Any, ...] = after.stages
    if not all(isinstance(each, Stage) and isinstance(each.stage, str) for each in given):
        return after  # the check names what is wrong
    stages = [evolve(each, stage=stage_key(each.stage), label=each.label or each.stage) for each in after.stages]
    stages.sort(key=lambda each: (each.position is None, each.position or 0))
    held = {each.kind for each in stages}
    stages += [Stage(kind, kind.capitalize(), kind) for kind in CERTAIN if kind not in held]
    stages = [evolve(each, position=index) for index, each in enumerate(stages, 1)]
    opened = [each.stage for each in stages if each.kind == "open"]
    return evolve(after, stages=tuple(_with_probability(each, opened) for each in stages))


def _with_probability(stage: Stage, opened: list[str]) -> Stage:
    if stage.probability is not None:
        return stage
    certain = CERTAIN.get(stage.kind)
    if certain is None:
        share = Decimal(opened.index(stage.stage) + 1) / (len(opened) + 1)
        certain = share.quantize(PLACES, ROUND_HALF_EVEN)
    return evolve(stage, probability=certain)


def check_stages(pipeline: Pipeline) -> Mapping[str, str]:
    """Keys are distinct, one stage at least is open, and probabilities are what their kind allows."""
    problems = {}
    seen = Counter(each.stage for each in pipeline.stages)
    if twice := sorted(key for key, times in seen.items() if times > 1):
        problems["stages"] = f"two stages have the key {twice[0]!r}"
    elif "" in seen:
        problems["stages"] = "a stage has no name"
    elif all(each.kind != "open" for each in pipeline.stages):
        problems["stages"] = "a pipeline needs an open stage to begin in"
    for index, each in enumerate(pipeline.stages):
        certain = CERTAIN.get(each.kind)
        if certain is not None and each.probability != certain:
            problems[f"stage[{index}].probability"] = f"a {each.kind} stage has the probability {certain}"
        elif each.probability is not None and not 0 <= each.probability <= 1:
            problems[f"stage[{index}].probability"] = f"{each.probability} is no probability: from 0 to 1"
    return problems


@record(
    "pipeline",
    label={"en": "Pipeline", "fa": "قیف فروش", "ar": "مسار المبيعات"},
    title=("name",),
    complete=complete_pipeline,
    validators=(check_stages,),
)
class Pipeline(Record):
    """Stages in order. `currency` is the one in which its opportunities are usually stated."""

    name: str = field.text(unique=True, search="name", length=100)
    currency: str | None = field.text(default=None, length=3, fold=False, validators=(no_currency,))
    stages: tuple[Stage, ...] = parts(Stage, default=())

    @property
    def opened(self) -> tuple[Stage, ...]:
        """The open stages, in order."""
        return tuple(each for each in self.stages if each.kind == "open")

    def by_key(self) -> dict[str, Stage]:
        """The stages by key."""
        return {each.stage: each for each in self.stages}

    def closing(self, kind: Kind) -> Stage:
        """The first stage of a kind."""
        return next(each for each in self.stages if each.kind == kind)

    def find(self, text: str) -> Stage:
        """The stage with this key or label; `InvalidRecord` names the nearest."""
        wanted = stage_key(text)
        for each in self.stages:
            if wanted in (each.stage, stage_key(each.label or "")):
                return each
        keys = [each.stage for each in self.stages]
        close = nearest(wanted, keys)
        hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(keys)}"
        raise InvalidRecord("opportunity", {"stage": f"{text!r} is no stage of pipeline {self.name!r}: {hint}"})


def usual_pipeline(id: UUID) -> Pipeline:
    """The pipeline that a CRM without any gets with its first opportunity."""
    steps = (("prospecting", "0.1"), ("qualified", "0.25"), ("proposal", "0.5"), ("negotiation", "0.75"))
    stages = tuple(Stage(key, key.capitalize(), probability=Decimal(share)) for key, share in steps)
    return Pipeline("sales", stages=stages, id=id)
