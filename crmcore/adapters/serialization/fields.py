"""marshmallow fields, one class per kind of declared field: each reads a column as `readers` says.

The classes of marshmallow that they extend tell tools, such as makers of OpenAPI descriptions, what a column is; none
of their own conversions is used, for they coerce.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from marshmallow import ValidationError, fields, missing

from crmcore.adapters.serialization.readers import ABSENT, Reader, reader_of
from crmcore.domain.columns import Column
from crmcore.domain.errors import InvalidValue
from crmcore.ports.codec import Rules

if TYPE_CHECKING:
    AnyField = fields.Field[Any]
else:
    AnyField = fields.Field  # no generic class before marshmallow 4


class ColumnField(AnyField):
    """Reads one column. What a row lacks is judged by the row as a whole, so nothing is missing here."""

    read: Reader

    def __init__(self, column: Column) -> None:
        required = column.group is None and column.field.required
        super().__init__(data_key=column.name, required=required, allow_none=True)
        self.column = column

    def use(self, rules: Rules) -> None:
        """Read by these rules from now on; `InvalidSetting` if they cannot work with the column."""
        self.read = reader_of(self.column, rules)

    def deserialize(
        self, value: Any, attr: str | None = None, data: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> Any:
        """The typed value; `ValidationError` says why there is none."""
        if value is missing:
            return missing
        try:
            found = self.read(value)
        except InvalidValue as error:
            raise ValidationError(error.message) from None
        return missing if found is ABSENT else found


class TextField(ColumnField, fields.String):
    """Text, or one of several options."""


class IntegerField(ColumnField, fields.Integer):
    """A whole number."""


class DecimalField(ColumnField, fields.Decimal):
    """An exact number."""


class BooleanField(ColumnField, fields.Boolean):
    """True or false."""


class DateField(ColumnField, fields.Date):
    """A day."""


class DateTimeField(ColumnField, fields.DateTime):
    """A moment."""


class RawField(ColumnField, fields.Raw):
    """Money, a set, several values in one, a reference that may be a name, or JSON."""


FIELDS: Final[dict[str, type[ColumnField]]] = {
    "text": TextField,
    "integer": IntegerField,
    "decimal": DecimalField,
    "money": RawField,
    "boolean": BooleanField,
    "date": DateField,
    "datetime": DateTimeField,
    "choice": TextField,
    "choices": RawField,
    "reference": RawField,
    "json": RawField,
}


def field_of(column: Column) -> ColumnField:
    """The marshmallow field of a column."""
    return RawField(column) if column.many else FIELDS[column.field.kind](column)
