"""What cattrs writes for one declared class: a function to a dict and a strict one back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import attrs
from attrs import frozen
from cattrs import Converter, override
from cattrs.errors import ClassValidationError
from cattrs.gen import make_dict_structure_fn_from_attrs, make_dict_unstructure_fn_from_attrs

from crmcore.adapters.serialization.faults import faults
from crmcore.adapters.serialization.leaves import dumper, loader
from crmcore.domain.errors import InvalidRecord, InvalidValue
from crmcore.domain.facet import FacetType
from crmcore.domain.field import Field
from crmcore.domain.reading import shorten
from crmcore.domain.record import RecordType

Hooks = tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]
NUMBER: Final = Field(kind="integer", name="no", default=0)
VERSION: Final = Field(kind="integer", name="version", default=0)


@frozen(eq=False)
class Shape:
    """How the objects of one class are dumped and loaded; `load` raises `InvalidRecord` with every problem."""

    name: str
    keys: frozenset[str]
    dump: Callable[[Any], dict[str, Any]]
    _structure: Callable[[Any, Any], Any]

    def load(self, plain: object) -> Any:
        """The object of a plain form."""
        if not isinstance(plain, Mapping):
            raise InvalidRecord(self.name, {"": f"expected an object, got {shorten(plain)}"})
        try:
            return self._structure(plain, None)
        except ClassValidationError as error:
            raise InvalidRecord(self.name, faults(error, self.keys, self.name)) from None


def record_shape(converter: Converter, type: RecordType) -> Shape:
    """The shape of a record type with its parts; facets are left out of what it dumps, and loaded as they are."""
    hooks = {f.name: (dumper(f), loader(f)) for f in type.fields}
    hooks |= {p.attribute: _list_of(_shape(converter, p.name, p.cls, _leaves(NUMBER, p.fields))) for p in type.parts}
    passed: dict[str, Hooks] = {"facets": (dict, lambda value, _: value)}
    whole = _shape(converter, type.name, type.cls, {**hooks, **passed})
    return attrs.evolve(whole, dump=_shape(converter, type.name, type.cls, hooks).dump)


def facet_shape(converter: Converter, facet: FacetType) -> Shape:
    """The shape of a facet, under dotted keys."""
    return _shape(converter, facet.name, facet.cls, _leaves(VERSION, facet.fields), f"{facet.name}.")


def _leaves(first: Field, rest: Iterable[Field]) -> dict[str, Hooks]:
    return {f.name: (dumper(f), loader(f)) for f in (first, *rest)}


def _shape(converter: Converter, name: str, cls: type, hooks: Mapping[str, Hooks], prefix: str = "") -> Shape:
    """The declarations say all that there is to know, so that types need not be resolved."""
    attributes = [a.evolve(type=Any) for a in attrs.fields(cls) if a.name in hooks]
    names = {n: prefix + n for n in hooks}
    overrides: dict[str, Any] = {
        n: override(rename=names[n], unstruct_hook=dump, struct_hook=load) for n, (dump, load) in hooks.items()
    }
    dumps: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn_from_attrs(
        attributes, cls, converter, **overrides
    )
    loads: Callable[[Any, Any], Any] = make_dict_structure_fn_from_attrs(attributes, cls, converter, **overrides)
    return Shape(name, frozenset(names.values()), dumps, loads)


def _list_of(shape: Shape) -> Hooks:
    def dump(parts: Iterable[Any]) -> list[dict[str, Any]]:
        return [shape.dump(part) for part in parts]

    def load(plain: Any, _: Any) -> tuple[Any, ...]:
        if type(plain) is not list:
            raise InvalidValue(f"expected a list, got {shorten(plain)}", value=repr(plain))
        loaded, problems = [], {}
        for at, each in enumerate(plain):
            try:
                loaded.append(shape.load(each))
            except InvalidRecord as error:
                problems.update({f"[{at}].{name}".rstrip("."): problem for name, problem in error.problems.items()})
        if problems:
            raise InvalidRecord(shape.name, problems)
        return tuple(loaded)

    return dump, load
