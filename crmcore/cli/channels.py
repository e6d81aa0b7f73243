"""What people call the channels of interactions: the labels that plugins declare, in place of names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from crmcore.domain.interaction import Interaction

if TYPE_CHECKING:
    from crmcore.application.unit import UnitOfWork

FIELD = "channel"


def labels(work: UnitOfWork) -> dict[str, str]:
    """The English label of each channel, else the first that it has; those without any are left out."""
    found = {name: slot.spec.label for name, slot in work.kernel.slots.get("channel", {}).items() if slot.spec}
    return {name: label.get("en") or next(iter(label.values())) for name, label in found.items() if label}


def labelled(work: UnitOfWork, items: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Timeline entries with the labels of channels; those of interactions that are called by nothing else, too."""
    known, name = labels(work), work.catalogue.of(Interaction).name
    return [_labelled(item, known) if item["type"] == name else item for item in items]


def _labelled(item: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    channel = item.get(FIELD)
    label = known.get(channel) if isinstance(channel, str) else None
    if label is None:
        return item
    return {**item, FIELD: label, "label": label if item["label"] == channel else item["label"]}
