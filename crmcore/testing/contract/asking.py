"""What filters promise: every operator over every kind of field, two-valued where values are missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from crmcore.application.repository import RecordRepository
from crmcore.crm import Crm
from crmcore.domain.errors import PredicateError
from crmcore.testing.contract.answers import OVER_CUSTOMERS, OVER_FIELDS, REFUSED, add_customers, add_samples
from crmcore.testing.contract.case import StorageCase
from crmcore.testing.specimens import Sample


def differing(records: RecordRepository[Any], name: str, table: Mapping[str, str]) -> dict[str, str]:
    """The expressions that find other records than they should, with what they find; counts are compared too."""
    wrong = {}
    for text, expected in table.items():
        found = "".join(getattr(r, name) for r in records.query(text, sort=name).items)
        if (found, records.count(text)) != (expected, len(expected)):
            wrong[text] = f"{found} (counted {records.count(text)})"
    return wrong


class AskingContract(StorageCase):
    """Filters find exactly what fits."""

    def test_every_operator_over_every_kind(self, crm: Crm) -> None:
        """Some comparison would find too much or too little on this storage."""
        with crm.work("sara") as work:
            add_samples(work)
            assert differing(work[Sample], "label", OVER_FIELDS) == {}

    def test_names_beyond_the_record(self, crm: Crm) -> None:
        """A filter over parts, facets, references, related records or derived figures would be wrong."""
        with crm.work("sara") as work:
            add_customers(work)
            assert differing(work.customers, "name", OVER_CUSTOMERS) == {}

    @pytest.mark.parametrize("text", REFUSED)
    def test_what_means_nothing_is_refused(self, crm: Crm, text: str) -> None:
        """A filter that fits no field would find something, or fail without saying where."""
        with crm.work("sara") as work, pytest.raises(PredicateError):
            work[Sample].query(text)

    def test_values_are_never_syntax(self, crm: Crm) -> None:
        """QRY: a hostile text would be read as SQL, as a pattern or as a parameter."""
        hostile = ["' OR '1'='1", "'; DROP TABLE crm_customer; --", "%", "_", "*", "\\", "\\' OR 1=1 --", ":label",
                   "%(label)s", "?1", "{label}", "NULL", "#", "/*", "E'\\''", "[a-z]", "ʼ OR 1=1 --"]  # fmt: skip
        with crm.work("sara") as work:
            work[Sample].add_many([Sample(text, dt.datetime(2025, 1, 1, tzinfo=dt.UTC)) for text in hostile])
        with crm.work("sara") as work:
            for text in hostile:
                quoted = text.replace('"', '""')
                assert [s.label for s in work[Sample].query(f'label = "{quoted}"').items] == [text]
                assert text in [s.label for s in work[Sample].query(f'label ~ "{quoted}"').items]
