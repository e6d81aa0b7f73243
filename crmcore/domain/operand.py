"""Typing the values of a predicate by the field that they are compared with."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from uuid import UUID

import attrs

from crmcore.domain.bound import Op, Test
from crmcore.domain.errors import InvalidValue, PredicateError, nearest
from crmcore.domain.field import Field
from crmcore.domain.fold import fold
from crmcore.domain.kinds import CHECKS
from crmcore.domain.literal import Ago, Value
from crmcore.domain.money import Money
from crmcore.domain.predicate import Path

EQUALITY: Final = frozenset(("=", "!=", "in"))
ORDERED: Final = frozenset((*EQUALITY, "<", "<=", ">", ">="))
EXPECTED: Final = {
    "text": "text in quotes (\"...\" or '...')",
    "integer": "a whole number",
    "decimal": "a number",
    "money": "an amount (1200 or 1200.50 EUR)",
    "boolean": "true or false",
    "date": "a date (2025-01-31), today, or a span (90 days ago)",
    "datetime": "a date, a time (2025-01-31T09:30), today, now, or a span (90 days ago)",
    "choice": "one of its options in quotes",
    "reference": "an id in quotes",
}


@attrs.frozen
class Typing:
    """What values mean at one moment for one actor; errors point into `text`."""

    now: dt.datetime
    zone: dt.tzinfo
    currency: str
    me: str
    text: str = ""

    def test(self, field: Field, op: str, values: tuple[Value, ...], path: Path) -> Test:
        """The typed test; `PredicateError` for an operator or value that does not fit the field."""
        if op == "~":
            return self._contains(field, values[0], path)
        allowed = ORDERED if field.kind not in ("boolean", "choice", "reference", "json") else EQUALITY
        if field.kind == "json" or op not in allowed:
            fits = '"is missing"' if field.kind == "json" else 'one of =, !=, in, "is missing"'
            raise self._error(f"{path} is of type {field.kind}, which {op} does not fit", path.position, fits)
        typed: Op = op  # type: ignore[assignment]  # narrowed by the line above
        return Test(field, typed, tuple(self.value(field, v, str(path)) for v in values))

    def _contains(self, field: Field, value: Value, path: Path) -> Test:
        if field.kind != "text" or not field.fold:
            raise self._error(f"{path} compares exactly only, not with ~", path.position, "one of =, !=, in")
        if value.kind != "text":
            raise self._error(f"~ looks for text in {path}", value.position, EXPECTED["text"])
        return Test(field, "contains", (fold(str(value.value)),))

    def value(self, field: Field, value: Value, called: str) -> Any:
        """The value as the field holds it; `called` is how the field was named."""
        try:
            typed = getattr(self, f"_as_{field.kind}")(field, value)
        except InvalidValue as error:
            raise self._error(f"{called}: {error}", value.position, EXPECTED[field.kind]) from None
        except OverflowError:
            message = f"{called}: the time lies outside the years 1 to 9999"
            raise self._error(message, value.position, EXPECTED[field.kind]) from None
        if typed is None:
            raise self._error(f"{called} is of type {field.kind}", value.position, EXPECTED[field.kind])
        return typed

    def _as_text(self, field: Field, value: Value) -> str | None:
        if value.kind == "me":
            return self.me
        return str(value.value) if value.kind == "text" else None

    def _as_integer(self, field: Field, value: Value) -> int | None:
        if value.kind != "number" or value.value != int(value.value):  # type: ignore[arg-type]  # a Decimal
            return None
        number = int(value.value)  # type: ignore[arg-type]  # a Decimal
        return number if CHECKS[field.kind](field, number) is None else None

    def _as_decimal(self, field: Field, value: Value) -> Any:
        if value.kind != "number":
            return None
        if problem := CHECKS[field.kind](field, value.value):
            raise InvalidValue(problem)
        return value.value

    def _as_money(self, field: Field, value: Value) -> Money | None:
        if value.kind == "number":
            return Money(value.value, self.currency)  # type: ignore[arg-type]  # a Decimal
        if value.kind == "money" and isinstance(value.value, tuple):
            return Money(value.value[0], value.value[1])
        return None

    def _as_boolean(self, field: Field, value: Value) -> bool | None:
        return bool(value.value) if value.kind == "flag" else None

    def _as_date(self, field: Field, value: Value) -> dt.date | None:
        if value.kind == "date" and isinstance(value.value, dt.date):
            return value.value
        if value.kind == "today":
            return self.now.astimezone(self.zone).date()
        if isinstance(value.value, Ago):
            return before(self.now.astimezone(self.zone), value.value).date()
        return None

    def _as_datetime(self, field: Field, value: Value) -> dt.datetime | None:
        match value.kind, value.value:
            case "time", dt.datetime() as moment:
                return moment.astimezone(dt.UTC) if moment.utcoffset() is not None else self._local(moment)
            case "now", _:
                return self.now
            case "ago", Ago() as span:
                return before(self.now.astimezone(self.zone), span).astimezone(dt.UTC)
            case (("date" | "today"), _):
                day = self._as_date(field, value)
                return None if day is None else dt.datetime.combine(day, dt.time(), self.zone).astimezone(dt.UTC)
        return None

    def _local(self, moment: dt.datetime) -> dt.datetime:
        """A time without a zone in ours; `InvalidValue` for one that a clock change skips."""
        found = moment.replace(tzinfo=self.zone).astimezone(dt.UTC)
        if found.astimezone(self.zone).replace(tzinfo=None) != moment:
            raise InvalidValue(f"there is no {moment.isoformat()} in {self.zone}: a clock change skips it")
        return found

    def _as_choice(self, field: Field, value: Value) -> str | None:
        if value.kind != "text":
            return None
        if value.value not in field.options:
            close = nearest(str(value.value), field.options)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(field.options)}"
            raise InvalidValue(f"there is no {value.value!r}; {hint}")
        return str(value.value)

    def _as_reference(self, field: Field, value: Value) -> UUID | None:
        if value.kind != "text":
            return None
        try:
            return UUID(str(value.value))
        except ValueError:
            hint = "" if field.target in ("*", "") else f"; to compare by name write {field.name}.name"
            raise InvalidValue(f"{value.value!r} is no id{hint}") from None

    def _error(self, message: str, position: int, expected: str) -> PredicateError:
        return PredicateError(message, self.text, position, expected)


def before(moment: dt.datetime, span: Ago) -> dt.datetime:
    """The moment a span before another, in that one's zone: days keep the time of day across a clock change, a
    month that is too short ends on its last day."""
    try:
        match span.unit:
            case "hours":
                return (moment.astimezone(dt.UTC) - dt.timedelta(hours=float(span.count))).astimezone(moment.tzinfo)
            case "days":
                return moment - dt.timedelta(days=float(span.count))
            case "weeks":
                return moment - dt.timedelta(weeks=float(span.count))
        if span.count != int(span.count):
            raise InvalidValue(f"{span.count} {span.unit}: whole months and years only")
        return _months_before(moment, int(span.count) * (12 if span.unit == "years" else 1))
    except (OverflowError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(f"{span.count} {span.unit} ago is before the first year") from None


def _months_before(moment: dt.datetime, months: int) -> dt.datetime:
    total = moment.year * 12 + moment.month - 1 - months
    year, month = divmod(total, 12)
    following = dt.date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - dt.timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
