"""The plain statements that somebody would write by hand for one question: what the floors of reading are made of.

Each names the columns of its table as the database lists them and takes the stored id, or a text, as its parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import attrs

from benchmarks.drivers import Raw, Row, Rows, named

Statement = Callable[[Row], Rows]
RECENT: Final = 20


@attrs.frozen
class Statements:
    """Statements on one raw connection."""

    raw: Raw

    def all_of(self, table: str, alias: str = "", without: str = "") -> str:
        """The columns of a table, named."""
        columns = [c for c in self.raw.columns(table) if c != without]
        if not alias:
            return named(self.raw, columns)
        return ", ".join(f"{alias}.{self.raw.quote}{column}{self.raw.quote}" for column in columns)

    def statement(self, sql: str) -> Statement:
        """A statement to be sent with its parameters, which stand as ? in the text."""
        return partial(self.raw.fetch, sql.replace("?", self.raw.mark))

    def customer(self) -> Statement:
        """The customer with this id."""
        return self.statement(f"SELECT {self.all_of('crm_customer')} FROM crm_customer WHERE id = ?")

    def contact_points(self) -> Statement:
        """The contact points of this customer."""
        table = "crm_customer_contact_point"
        return self.statement(f"SELECT {self.all_of(table)} FROM {table} WHERE owner = ?")

    def key(self) -> Statement:
        """The ids of customers who have this e-mail address, as its match key."""
        name = named(self.raw, ["key"])
        return self.statement(
            f"SELECT id FROM crm_match_key WHERE kind = 'email' AND {name} = ? AND record = 'customer'"
        )

    def view(self) -> list[Statement]:
        """The five statements of a customer's whole view."""
        member = "SELECT {}, {} FROM crm_customer c LEFT JOIN crm_loyalty_customer m ON m.id = c.id WHERE c.id = ?"
        related = (
            "SELECT {}, o.name FROM crm_relationship r JOIN crm_customer o ON o.id = r.{} WHERE r.{} = ? "
            "UNION ALL SELECT {}, o.name FROM crm_relationship r JOIN crm_customer o ON o.id = r.{} WHERE r.{} = ?"
        )
        ends = ("to_customer", "from_customer")
        relationship = self.all_of("crm_relationship", "r")
        twice = self.statement(related.format(relationship, *ends, relationship, *reversed(ends)))
        return [
            self.statement(member.format(self.all_of("crm_customer", "c"), self.all_of("crm_loyalty_customer", "m"))),
            self.contact_points(),
            lambda id: twice(id * 2),
            self._newest_interactions(),
            self._newest_orders(),
        ]

    def _newest_interactions(self) -> Statement:
        at, columns = named(self.raw, ["at"]), self.all_of("crm_interaction")
        order = f"ORDER BY {at} DESC, id DESC LIMIT {RECENT}"
        return self.statement(f"SELECT {columns} FROM crm_interaction WHERE customer = ? {order}")

    def _newest_orders(self) -> Statement:
        lines = self.all_of("crm_order_line", "l", without="owner")
        newest = f"SELECT * FROM crm_order WHERE customer = ? ORDER BY ordered_at DESC, id DESC LIMIT {RECENT}"
        return self.statement(
            f"SELECT {self.all_of('crm_order', 'o')}, {lines} FROM ({newest}) o "
            "LEFT JOIN crm_order_line l ON l.owner = o.id ORDER BY o.ordered_at DESC, o.id DESC, l.no"
        )

    def page(self, table: str, when: str, limit: int, later: bool) -> Statement:
        """A page of a customer's interactions or orders, newest first; `later`: behind a time and an id."""
        at = named(self.raw, [when])
        behind = f" AND ({at}, id) < (?, ?)" if later else ""
        order = f"ORDER BY {at} DESC, id DESC LIMIT {limit}"
        return self.statement(f"SELECT {self.all_of(table)} FROM {table} WHERE customer = ?{behind} {order}")


FILTER: Final = 'kind = "person" and loyalty.tier in ("gold", "platinum") and no order where (status = "open")'
"""A question over a customer's own field, a facet and related records."""

_MEMBERS: Final = (
    "JOIN crm_loyalty_customer m ON m.id = c.id WHERE m.tier IN ('gold', 'platinum')",
    "WHERE c.id IN (SELECT id FROM crm_loyalty_customer WHERE tier IN ('gold', 'platinum'))",
)
COUNTS: Final = tuple(
    f"SELECT count(*) FROM crm_customer c {members} AND c.kind = 'person' "
    "AND NOT EXISTS (SELECT 1 FROM crm_order o WHERE o.customer = c.id AND o.status = 'open')"
    for members in _MEMBERS
)
"""How one would write it by hand, in two ways: which one a database likes better depends on it and on its figures."""
