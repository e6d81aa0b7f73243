"""Importing files: rows into records, each row with one outcome. Use the names of this module."""

from crmcore.application.importing.mapping import ColumnMapping, ColumnRule, read_mapping
from crmcore.application.importing.plan import ImportPlan
from crmcore.application.importing.report import ImportReport, Reject
from crmcore.application.importing.run import import_records

__all__ = ["ColumnMapping", "ColumnRule", "ImportPlan", "ImportReport", "Reject", "import_records", "read_mapping"]
