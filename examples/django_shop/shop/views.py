"""One view that writes the shop's row and the CRM's records in one transaction, and its address."""

from decimal import Decimal

from django.db import connection, transaction
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from crmcore import Crm, CrmError, Interaction, Money, Order, OrderLine, Person
from shop.customers import crm
from shop.models import Purchase


class PaymentRefused(Exception):
    """The bank said no, after everything was written."""


@csrf_exempt  # for trying it out with curl: a shop on the web has a form and keeps the check
@require_POST
def buy(request: HttpRequest) -> JsonResponse:
    """Sell an item to somebody known by e-mail. What the CRM or the bank refuses leaves nothing behind."""
    shop_crm = crm()
    email, item, price = (request.POST[name] for name in ("email", "item", "price"))
    try:
        with transaction.atomic():
            purchase = Purchase.objects.create(email=email, item=item, amount=Decimal(price))
            tell_crm(shop_crm, purchase, Money(price, "EUR"))
            if request.POST.get("card") == "expired":
                raise PaymentRefused("the card has expired")
    except PaymentRefused as refused:
        return JsonResponse({"error": str(refused)}, status=402)
    except CrmError as refused:
        return JsonResponse({"error": refused.message}, status=409)
    return JsonResponse({"purchase": purchase.pk}, status=201)


def tell_crm(shop_crm: Crm, purchase: Purchase, price: Money) -> None:
    """Write the order and the contact to the CRM, on Django's connection and so in its transaction."""
    with shop_crm.work(dbapi=connection.connection, actor="checkout", source="shop") as work:
        customer = work.customers.find(email=purchase.email)
        if customer is None:
            customer = work.customers.add(Person(emails=[purchase.email]))
        work.orders.add(
            Order(
                customer=customer.id,
                ordered_at=work.now(),
                lines=(OrderLine(unit_price=price, description=purchase.item),),
                source="shop",
                external_id=str(purchase.pk),
            )
        )
        work.interactions.add(
            Interaction(customer=customer.id, at=work.now(), channel="web", subject=f"Bought {purchase.item}")
        )


urlpatterns = [path("buy", buy)]
