"""What is asked of an import."""

from __future__ import annotations

from typing import Literal

import attrs

from crmcore.application.importing.mapping import CALENDARS, ColumnMapping
from crmcore.domain.errors import InvalidSetting

OnDuplicate = Literal["skip", "update", "create"]
CHOICES = ("skip", "update", "create")


@attrs.frozen(kw_only=True)
class ImportPlan:
    """How the rows of a file become records of type `record`.

    `match`: the one field by which a row is known, in place of the usual ones. `on_duplicate`: what becomes of a row
    whose record is there: left alone, changed where the row says otherwise, or added once more. `date_format` (of
    `strptime`), `calendar` of dates, `decimal` mark and `currency` hold for every column to which the mapping says
    nothing; amounts without a currency are in the base currency otherwise. `source` names the system of origin of rows
    that name none. `ignore_unknown` leaves out columns that match no field instead of refusing the file.
    `create_pipeline` makes the pipelines that opportunities name, of the stages that the mapping lists.
    """

    record: str
    mapping: ColumnMapping = ColumnMapping()
    match: str | None = None
    on_duplicate: OnDuplicate = attrs.field(default="skip")
    date_format: str | None = None
    calendar: str | None = attrs.field(default=None)
    decimal: str | None = None
    currency: str | None = None
    source: str | None = None
    ignore_unknown: bool = False
    create_pipeline: bool = False

    @on_duplicate.validator
    def _known(self, _: object, value: str) -> None:
        if value not in CHOICES:
            raise InvalidSetting(f"on_duplicate is one of {', '.join(CHOICES)}, not {value!r}")

    @calendar.validator
    def _one_of_ours(self, _: object, value: str | None) -> None:
        if value not in (None, *CALENDARS):
            raise InvalidSetting(f"calendar is one of {', '.join(CALENDARS)}, not {value!r}")

    def __attrs_post_init__(self) -> None:
        if self.mapping.record not in (None, self.record):
            raise InvalidSetting(
                f"the map is for {self.mapping.record}, not for {self.record}: use the one or the other"
            )

    @property
    def origin(self) -> str | None:
        """The system of origin of rows that name none."""
        given = self.mapping.defaults.get("source")
        return self.source or (given if isinstance(given, str) else None)
