"""The record types that serialization is tested on: the core's, and a plugin's with every kind of field."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from crmcore.domain import catalogue
from crmcore.domain.record import Record, RecordType
from crmcore.domain.records import CORE
from crmcore.testing import specimens
from crmcore.testing.strategies import records

CATALOGUE = catalogue.build(
    [*((None, cls) for cls in CORE), ("specimen", specimens.Sample), ("specimen", specimens.Entry)],
    [("specimen", specimens.Profile)],
)
CUSTOMER = CATALOGUE.record("customer")
ORDER = CATALOGUE.record("order")
PRODUCT = CATALOGUE.record("product")
SAMPLE = CATALOGUE.record("specimen.sample")
USER = CATALOGUE.record("user")


def any_record(**options: Any) -> SearchStrategy[tuple[RecordType, Record]]:
    """A record of any declared type, with its facets or without, beside its type."""
    types = st.sampled_from(sorted(CATALOGUE.records.values(), key=lambda type: type.name))
    return types.flatmap(
        lambda type: st.tuples(st.just(type), records(type, facets=CATALOGUE.facets.get(type.name, ()), **options))
    )
