"""Parts made of the values that stand under flat names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crmcore.domain.columns import Column, Group
from crmcore.domain.errors import InvalidValue
from crmcore.domain.part import Part

SEVERAL: Final = (tuple, list, set, frozenset)


def are_parts(value: Any) -> bool:
    """Whether a value is parts ready made, rather than values to make parts of."""
    return type(value) in (tuple, list) and bool(value) and isinstance(value[0], Part)


def checked_number(column: Column, value: Any) -> Any:
    """Several values as a tuple without repetitions, one value as it is; `InvalidValue` where only one can stand."""
    kind = column.field.kind
    is_one = type(value) not in SEVERAL or kind == "choices" or (kind == "json" and type(value) is list)
    if is_one:
        return (value,) if column.many and value is not None else value
    if column.group is None or not column.group.several:
        raise InvalidValue(f"{column.name} holds one value, not {len(value)}", field=column.name)
    return tuple(dict.fromkeys(sorted(value) if isinstance(value, set | frozenset) else value))


def made(group: Group, given: Mapping[str, Any]) -> tuple[Part, ...]:
    """New parts from the values of one flat or line group; of several the first is the preferred one."""
    cls: Any = group.holder.cls
    name, value = next(iter(given.items()))
    if not group.several or type(value) is not tuple:
        return (cls(**group.fixed, **given),)
    first, *rest = value
    return (cls(**group.fixed, **{name: first}), *(cls(**group.where, **{name: each}) for each in rest))
