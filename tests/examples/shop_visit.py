"""Visit the Django shop: a process of its own, since Django is set up once in a process.

Called with pairs of an e-mail and a card; buys once for each and prints the answers as JSON.
"""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

SHOP = Path(__file__).resolve().parents[2] / "examples" / "django_shop"


def main(*arguments: str) -> None:
    """Make the tables, buy, and tell what the shop answered."""
    sys.path.insert(0, str(SHOP))
    os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    import django
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    opened = import_module("shop.customers").crm
    opened().close()
    opened.cache_clear()  # who serves has not made the tables, and opens the CRM at the first sale
    answers = []
    for email, card in zip(arguments[::2], arguments[1::2], strict=True):
        form = {"email": email, "item": "saffron", "price": "12.50", "card": card}
        answer = Client().post("/buy", form)
        answers.append({"status": answer.status_code, **answer.json()})
    connections.close_all()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
