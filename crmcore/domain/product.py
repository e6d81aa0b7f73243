"""The product: what orders are made of."""

from __future__ import annotations

from crmcore.domain import field
from crmcore.domain.money import Money
from crmcore.domain.record import Record, record


@record("product", label={"en": "Product", "fa": "کالا", "ar": "منتج"}, title=("name", "code"))
class Product(Record):
    """Something sold; `price` is the list price of one."""

    code: str | None = field.text(default=None, kw_only=True, length=100, fold=False, unique=True, search="code")
    name: str = field.text(search="name", index=True)
    category: str | None = field.text(default=None, length=100, index=True)
    price: Money | None = field.money(default=None)
