"""A plugin whose guard hangs in the transaction, for people who are called like that."""

from __future__ import annotations

import time

from crmcore.domain.customer import Customer
from crmcore.plugins import Checking, Plugin, hookimpl, on

plugin = Plugin("hanging")


@hookimpl
@on("customer")
def check_changes(context: Checking) -> None:
    """Waits for something that never comes, as a call over the network does."""
    if any(isinstance(each.after, Customer) and each.after.name == "hang" for each in context.changes):
        time.sleep(60)
