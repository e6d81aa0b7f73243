"""The host's own tables."""

from django.db import models


class Purchase(models.Model):
    """What somebody bought, as the shop books it. The CRM's order bears its number as `external_id`."""

    item = models.CharField(max_length=100)
    amount = models.DecimalField(max_digits=10, decimal_places=2)
    email = models.EmailField()
