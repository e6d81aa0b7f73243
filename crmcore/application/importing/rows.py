"""The rows of a file, typed: each with its values by field, or with the reason why it is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import attrs

from crmcore.application.importing.binding import Binding
from crmcore.application.importing.currency_columns import OF_COLUMN, row_reader
from crmcore.application.importing.mapping import ColumnRule
from crmcore.application.importing.report import Refusal
from crmcore.application.importing.whole_parts import looks_whole, read_parts
from crmcore.domain.cells import parted
from crmcore.domain.columns import Columns
from crmcore.domain.errors import InvalidValue
from crmcore.domain.reading import shorten
from crmcore.ports.codec import Problem, Schemas
from crmcore.ports.exchange import RawRow

BESIDE_ADDRESS: Final = re.compile(r"[\s,;<>]")
SEVERAL: Final = (
    "is not one e-mail address alone; where a cell holds several, say with `split` in a map what parts them"
)
NOTHING: Final = Refusal(None, "", "the row gives no value")


@attrs.define(eq=False)
class Row:
    """One row of the file: as it stands there, its values by field, and why it is refused, if it is."""

    raw: RawRow
    values: dict[str, Any]
    refusal: Refusal | None = None

    def refuse(self, refusal: Refusal) -> None:
        """Keep the first reason."""
        self.refusal = self.refusal or refusal


class RowTyper:
    """Makes rows of raw ones. Several columns of one field are joined; whole parts stand under their attribute."""

    def __init__(self, binding: Binding, schemas: Schemas) -> None:
        self._binding = binding
        self._joined = {f: rules for f, rules in binding.rules.items() if len(rules) > 1}
        self._wholes = [(p, binding.wholes[p.attribute]) for p in binding.type.parts if p.attribute in binding.wholes]
        keys = {name: f"\0{name}" if name in self._joined else rules[0].column for name, rules in binding.rules.items()}
        self._read = row_reader(binding, schemas, keys)
        self._emails = _email_columns(binding)

    def type(self, raw: RawRow) -> Row:
        """The row, with all that is wrong with it in one refusal."""
        cells, parts, problems = self._prepared(raw.values)
        reading = self._read(cells)
        values = reading.values
        for name in self._emails:
            if (value := values.get(name)) is not None and (found := _several_addresses(value)):
                problems = [*problems, Problem(name, found, f"{shorten(found)} {SEVERAL}")]
        values.update(parts)
        problems = [*reading.problems, *problems]
        if problems:
            return Row(raw, values, self._refusal(raw, problems))
        return Row(raw, values, None if values else NOTHING)

    def _prepared(self, cells: Mapping[str, object]) -> tuple[Mapping[str, object], dict[str, Any], list[Problem]]:
        """The cells for the reader, the parts that stood whole among them, and what is wrong with those."""
        if not self._joined and not self._wholes:
            return cells, {}, []
        given, parts, problems = dict(cells), {}, []
        for part, column in self._wholes:
            value = given.get(column)
            flat = part.attribute in self._binding.rules
            if value in (None, "", []) or (flat and not looks_whole(value)):
                continue
            given.pop(column)
            try:
                parts[part.attribute] = read_parts(part, value)
            except InvalidValue as error:
                problems.append(Problem(part.attribute, value, error.message))
        for field, rules in self._joined.items():
            if values := [
                each for rule in rules for each in _pieces(self._binding.columns, rule, given.get(rule.column))
            ]:
                given[f"\0{field}"] = values
        return given, parts, problems

    def _refusal(self, raw: RawRow, problems: list[Problem]) -> Refusal:
        first, *others = ((self._column(raw, problem), problem) for problem in problems)
        reason = first[1].reason
        if first[1].field == "id":
            reason += "; if it is the number of another system, map the column to external_id"
        listed = "".join(f"; also {column}: {problem.reason}" for column, problem in others)
        return Refusal(first[0], first[1].value, reason + listed)

    def _column(self, raw: RawRow, problem: Problem) -> str:
        """The column of the file at fault: of several for one field, that which has the value."""
        if problem.field.startswith(OF_COLUMN):
            return problem.field.removeprefix(OF_COLUMN)
        for rule in self._joined.get(problem.field, ()):
            if problem.value == raw.values.get(rule.column):
                return rule.column
        return self._binding.header(problem.field)


def _pieces(columns: Columns, rule: ColumnRule, value: object) -> list[Any]:
    """The values of one of several columns of a field; a name that stands for many is parted as in its own column."""
    if value is None or value == "":
        return []
    if not isinstance(value, str):
        return value if isinstance(value, list) else [value]
    if rule.split is not None:
        return [piece for each in value.split(rule.split.strip()) if (piece := each.strip())]
    column = columns.by_name[rule.field]
    return parted(value) if column.many or column.field.kind == "choices" else [value]


def _email_columns(binding: Binding) -> list[str]:
    """The columns whose values are e-mail addresses, by declaration."""
    views = [view.name for view in binding.type.options.flats if view.search == "email"]
    fields = [field.name for field in binding.type.fields if field.search == "email"]
    return [name for name in (*views, *fields) if name in binding.rules]


def _several_addresses(value: str | tuple[str, ...]) -> str | None:
    """A text that is more than one e-mail address: stored as one it would be an address that nobody has."""
    for each in (value,) if isinstance(value, str) else value:
        text = each.strip()
        if text.count("@") > 1 or ("@" in text and BESIDE_ADDRESS.search(text)):
            return each
    return None
