"""What a Crm is told about where it stands: its time zone and its base currency."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crmcore.domain.errors import InvalidSetting


def zone_of(name: str) -> dt.tzinfo:
    """The time zone with this IANA name; `InvalidSetting` if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidSetting(f"there is no time zone {name!r}: use a name such as Europe/Berlin or UTC") from None


def currency_of(code: str) -> str:
    """The code of a currency; `InvalidSetting` unless it is three capitals."""
    if len(code) != 3 or not (code.isascii() and code.isalpha() and code.isupper()):
        raise InvalidSetting(f"a currency is three capitals such as EUR, not {code!r}")
    return code
