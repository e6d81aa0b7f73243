"""The application: the CRM's tables are made where Django's are, by `migrate`."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def make_tables(**_: object) -> None:
    """Make the CRM's tables, on a connection of its own and outside any transaction of Django's."""
    from shop.customers import crm

    crm().upgrade()


class ShopConfig(AppConfig):
    """The shop."""

    name = "shop"

    def ready(self) -> None:
        """Make the CRM's tables after Django has made its own."""
        post_migrate.connect(make_tables, sender=self)
