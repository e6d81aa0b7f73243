"""Guards: asked before anything of a batch is written. One veto, or one guard that fails, and nothing is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from crmcore.application.hooks import batch
from crmcore.application.hooks.calling import called
from crmcore.application.hooks.lending import lend
from crmcore.application.kernel import Plan
from crmcore.application.session import Session
from crmcore.domain.change import Change
from crmcore.domain.errors import Vetoed
from crmcore.domain.facet import Facet
from crmcore.plugins.contexts import Amendment, Checking, Merging, Stepping, Veto
from crmcore.plugins.dispatch import Call
from crmcore.plugins.refusal import refuse, told

Amended = Mapping[UUID, Mapping[type[Facet], Facet]]
NOTHING: Amended = {}


def check(unit: Session, plan: Plan[Any], changes: Sequence[Change]) -> Amended:
    """Ask the guards of a record type; the facets that they set, by record. All guards see the same changes.

    Raises Vetoed for the first veto, PluginFailed for a guard that fails.
    """
    hooks, name = unit.kernel.hooks, plan.type.name
    asked, on_steps = hooks.of("check_changes", name), hooks.of("check_steps", name)
    if not (asked or on_steps) or not changes:
        return NOTHING
    unit.check_writable()
    shown = batch.frozen(plan, changes)
    amended: dict[UUID, dict[type[Facet], Facet]] = {}
    with unit.whole():
        answers = [
            (call, *answer_of(unit, call, Checking(name, batch.for_each(plan, shown), _reading(unit, call))))
            for call in asked
        ]
        for call in on_steps:
            if steps := tuple(batch.steps_of(unit, plan, batch.for_each(plan, shown))):
                answers.append((call, *answer_of(unit, call, Stepping(name, steps, _reading(unit, call)))))
    for call, vetoes, amendments in answers:
        for veto in vetoes:
            raise vetoed(call, veto)
        for each in amendments:
            amended.setdefault(each.change.id, {})[each.facet.__class__] = each.facet
    return amended


def vetoes(unit: Session, plan: Plan[Any], call: Call, changes: Sequence[Change]) -> list[Veto]:
    """What one guard has against changes that nobody is about to write; PluginFailed if it fails."""
    shown, name = batch.frozen(plan, changes), plan.type.name
    if call.hook == "check_changes":
        return answer_of(unit, call, Checking(name, shown, _reading(unit, call)))[0]
    steps = tuple(batch.steps_of(unit, plan, shown))
    return answer_of(unit, call, Stepping(name, steps, _reading(unit, call)))[0] if steps else []


def vetoed(call: Call, veto: Veto) -> Vetoed:
    """The veto as an error."""
    change, reason = veto.change, told(veto.reason)
    return Vetoed(
        change.type.name,
        {told(veto.field) or change.operation: f"refused by plugin {call.plugin!r}: {reason}"},
        plugin=call.plugin,
        hook=call.hook,
        id=str(change.id),
        reason=reason,
    )


def _reading(unit: Session, call: Call) -> Any:
    return lend(unit, call.plugin, reading=True)


def answer_of(unit: Session, call: Call, context: Checking | Stepping | Merging) -> tuple[list[Veto], list[Amendment]]:
    """What a guard answers; PluginFailed for an answer that it may not give."""
    answer = called(unit, call, context)
    if answer is None:
        return [], []
    if type(answer) not in (list, tuple):  # of another class, it might answer otherwise each time it is looked at
        remedy = "Return a list of Veto and Amendment, or None"
        refuse([call.problem(f"it returned a value of type {type(answer).__name__}", remedy)])
    changes = [step.change for step in context.steps] if isinstance(context, Stepping) else context.changes
    given = {id(change) for change in changes}
    refuse(problem for each in answer for problem in _faults(unit, call, each, given, isinstance(context, Checking)))
    return [v for v in answer if isinstance(v, Veto)], [a for a in answer if isinstance(a, Amendment)]


def _faults(unit: Session, call: Call, each: Any, given: set[int], amends: bool) -> Iterator[Any]:
    if not issubclass(type(each), (Veto, Amendment) if amends else Veto):
        kinds = "Veto or Amendment" if amends else "Veto"
        yield call.problem(f"it returned a value of type {type(each).__name__} in its list", f"Return only {kinds}")
        return
    if id(each.change) not in given:
        yield call.problem("its answer is about a change that it was not given", "Answer with a change of the context")
    elif isinstance(each, Veto):
        texts: tuple[object, object] = (each.reason, each.field)
        if not all(isinstance(text, str) for text in texts) or not each.reason.strip():
            yield call.problem("it vetoes without a reason", "Give a reason that a person understands")
    else:
        yield from _misplaced(unit, call, each)


def _misplaced(unit: Session, call: Call, each: Amendment) -> Iterator[Any]:
    """A guard sets its own facet of a record that goes on to be there, and nothing else."""
    facet = unit.catalogue.facet_by_class.get(each.facet.__class__)
    if facet is None or facet.name != call.plugin or facet.record != each.change.type.name:
        what = f"it set {each.facet.__class__.__name__}, which is no facet of its own on {each.change.type.name}"
        yield call.problem(what, "A guard sets the facet of its own plugin only")
    elif each.change.operation == "remove":
        yield call.problem("it set a facet of a record that is being removed", "Veto the removal, or leave it")
