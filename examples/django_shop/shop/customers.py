"""The CRM of the shop: one for the whole process."""

from functools import cache

from django.conf import settings

import crmcore


@cache
def crm() -> crmcore.Crm:
    """The CRM over the shop's database; opened at first use, with connections of its own for its own work.

    That first use must not be inside `atomic()`: on SQLite it would wait for the transaction that is waiting for it.
    """
    return crmcore.open(settings.CRM_DATABASE)
