"""One marshmallow schema per record type, derived from its declaration at first use: for rows from outside.

Only what reads rows may import this module, and only when it does: marshmallow takes longer to load than many commands
take to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import EXCLUDE, Schema, ValidationError

from crmcore.adapters.serialization.fields import ColumnField, field_of
from crmcore.adapters.serialization.readers import Reader
from crmcore.adapters.serialization.rows import compiled
from crmcore.domain.catalogue import Catalogue
from crmcore.domain.columns import REQUIRED, Columns, columns_of
from crmcore.domain.flatten import missing
from crmcore.domain.record import RecordType
from crmcore.ports.codec import Problem, Reading, RowReader, Rules


class RowSchema(Schema):
    """The schema of one record type; its fields read by the rules of the rows, of which nothing else is kept."""

    def __init__(self, rules: Rules) -> None:
        self._rules: Rules | None = rules
        self.readers: dict[str, Reader] = {}
        super().__init__(unknown=EXCLUDE)
        self._rules = None

    def on_bind_field(self, field_name: str, field_obj: Any) -> None:
        """marshmallow's own hook, as each field joins the schema."""
        if isinstance(field_obj, ColumnField) and self._rules is not None:
            field_obj.use(self._rules)
            self.readers[field_obj.column.name] = field_obj.read


class RowSchemas:
    """Implements `ports.codec.Schemas`, where each method is described."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._classes: dict[str, type[RowSchema]] = {}
        self._made: WeakKeyDictionary[Rules, dict[str, RowSchema]] = WeakKeyDictionary()  # gone with their rules

    def columns(self, type: RecordType) -> Columns:
        """The columns of a record type, with the facets of every active plugin."""
        return columns_of(type, self._catalogue.facets.get(type.name, ()))

    def unknown(self, type: RecordType, names: Iterable[str], rules: Rules) -> dict[str, str]:
        """Those of these names that are no columns, and why."""
        columns = self.columns(type).visible(rules.hidden)
        return {name: columns.unknown(name).message for name in names if name not in columns.by_name}

    def schema(self, type: RecordType, rules: Rules) -> RowSchema:
        """The schema of a record type for rows that follow these rules."""
        made = self._made.setdefault(rules, {})
        if type.name not in made:
            made[type.name] = self._class(type)(rules)
        return made[type.name]

    def read(self, type: RecordType, raw: Mapping[str, object], *, rules: Rules) -> Reading:
        """One row by column name."""
        columns = self.columns(type).visible(rules.hidden)
        reasons = self.unknown(type, raw, rules)
        known = {name: value for name, value in raw.items() if name not in reasons}
        try:
            loaded = self.schema(type, rules).load(known)
        except ValidationError as error:
            messages: dict[str, list[str]] = dict(error.messages_dict)
            reasons.update((name, " ".join(reason)) for name, reason in messages.items())
            loaded = error.valid_data
        values = {_name(attribute): value for attribute, value in loaded.items()}
        problems = [Problem(name, raw[name], reasons[name]) for name in raw if name in reasons]
        if not rules.partial:
            lacking = missing(columns, {*values, *reasons})
            problems += [Problem(name, raw.get(name), REQUIRED) for name in lacking]
        return Reading(values, problems)

    def reader(
        self, type: RecordType, columns: Iterable[str], rules: Rules, keys: Mapping[str, str] | None = None
    ) -> RowReader:
        """As `read`, for many rows that have no other columns than these."""
        names = list(columns)
        visible = self.columns(type).visible(rules.hidden)
        unknown = self.unknown(type, names, rules)
        readers = self.schema(type, rules).readers
        plan = [(n, (keys or {}).get(n, n), readers[n]) for n in names if n not in unknown]
        asks = not rules.partial and (visible.required or visible.demanding)
        return compiled(plan, unknown, partial(missing, visible) if asks else None)

    def _class(self, type: RecordType) -> type[RowSchema]:
        if type.name not in self._classes:
            fields: dict[str, Any] = {_attribute(c.name): field_of(c) for c in self.columns(type)}
            made: Any = RowSchema.from_dict(fields, name=f"{type.cls.__name__}Row")
            self._classes[type.name] = made
        return self._classes[type.name]


def _attribute(name: str) -> str:
    """A name without dots: marshmallow would nest what is read."""
    return name.replace(".", ":")


def _name(attribute: str) -> str:
    return attribute.replace(":", ".")
