"""The rules of the core's record types, by name: what a Crm gives to its kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crmcore.application.rules import Rule

RULES: Final[Mapping[str, Rule]] = {}
