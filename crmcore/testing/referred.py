"""Records of the core's types for others to refer to."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from crmcore.domain.customer import Person
from crmcore.domain.import_batch import ImportBatch
from crmcore.domain.leads.lead import Lead
from crmcore.domain.product import Product
from crmcore.domain.sales.opportunity import Opportunity
from crmcore.domain.user import User

BEGAN = dt.datetime(2025, 1, 15, 9, tzinfo=dt.UTC)


def one_of_each(work: Any) -> dict[str, list[UUID]]:
    """Add what required references of the core's types point at, in a unit of work; the ids by record type."""
    deal = work.opportunities.add(Opportunity("Plan"))
    batch = ImportBatch("customer", "people.csv", "0" * 64, 1, "{}", BEGAN)
    return {
        "customer": [work.customers.add(Person(name)).id for name in ("Leila", "Omar")],
        "user": [work.users.add(User("Sara")).id],
        "product": [work.products.add(Product("Tea")).id],
        "pipeline": [deal.pipeline],
        "opportunity": [deal.id],
        "lead": [work[Lead].add(Lead(work.customers.add(Person("Nader")).id)).id],
        "import_batch": [work[ImportBatch].add(batch).id],
    }
