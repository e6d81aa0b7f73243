"""Steps: a record going from one state of a workflow to another, as a plain value."""

from __future__ import annotations

import attrs

from crmcore.domain.workflow import Workflow


@attrs.frozen(kw_only=True)
class Step:
    """A step of `workflow` (`opportunity:status`) from the state `source` to `target`.

    `source` is None for the beginning of a record (or of the facet that holds the field). `transition` is the name of
    what was taken; None for the beginning, and where a value is given back as it was without a step that leads there.
    """

    workflow: str
    transition: str | None
    source: str | None
    target: str


def steps(workflow: Workflow, before: str | None, after: str | None) -> Step | None:
    """The step from the state `before` (None: there was none) to `after`; None if nothing is entered by it."""
    if after is None or before == after:
        return None
    taken = None if before is None else workflow.between(before, after)
    return Step(workflow=workflow.name, transition=taken.name if taken else None, source=before, target=after)
