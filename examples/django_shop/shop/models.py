"""The host's own tables."""

from django.db import models


class Purchase(models.Model):
    """What somebody bought, as the shop books it; `customer` is the id of the CRM's record."""

    item = models.CharField(max_length=100)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    customer = models.UUIDField()
