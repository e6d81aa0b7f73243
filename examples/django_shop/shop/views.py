"""One view that writes the shop's row and the CRM's records in one transaction, and where it is found."""

from decimal import Decimal

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from crmcore import CrmError, Interaction, Money, Order, OrderLine
from shop.customers import crm
from shop.models import Purchase


class PaymentRefused(Exception):
    """The bank said no, after everything was written."""


@csrf_exempt  # for trying it out with curl; a shop on the web has its form and keeps the check
@require_POST
def buy(request: HttpRequest) -> JsonResponse:
    """Sell one item to a customer who is known by e-mail. Refused by the CRM or the bank, it leaves nothing behind."""
    item, price = request.POST["item"], Money(request.POST["price"], "EUR")
    try:
        with transaction.atomic():
            purchase = book(request.POST["email"], item, price)
            charge(request.POST.get("card", ""), price)
    except PaymentRefused as refused:
        return JsonResponse({"error": str(refused)}, status=402)
    except CrmError as refused:
        return JsonResponse({"error": refused.message}, status=400)
    return JsonResponse({"purchase": purchase.pk}, status=201)


def book(email: str, item: str, price: Money) -> Purchase:
    """Write to both sides. Inside `transaction.atomic()`, Django's connection carries the CRM's writes too."""
    with crm().work(dbapi=connection.connection, actor="checkout") as work:
        customer = work.customers.find(email=email)
        purchase = Purchase.objects.create(item=item, amount=price.amount, customer=customer.id if customer else NOBODY)
        ...
    return purchase
