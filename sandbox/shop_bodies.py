"""An order as Shopify, WooCommerce and our own API would write it: whole bodies, with the fields that nobody here reads too.

Sources: https://shopify.dev/docs/api/admin-rest/latest/resources/order,
https://woocommerce.github.io/woocommerce-rest-api-docs/#orders, read November 2026.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.samples import COUNTRIES, Basket, Line

Json = dict[str, Any]

#: The ids of both platforms are long numbers of their own; what people see is the order's number.
_ID_BASE = 5_900_000_000_000
#: WooCommerce's name of its own cash on delivery, and of a card by Stripe.
_WOO_COD, _WOO_CARD = "cod", "stripe"


def shopify_order(basket: Basket, number: int, now: datetime) -> Json:
    """The body of orders/create: addresses, customer, lines, money in shop and presentment currency. No phone, no phone field
    filled anywhere. Times carry the shop's own offset, as Shopify writes them."""
    buyer, total = basket.buyer, f"{basket.total:.2f}"
    written = now.astimezone(ZoneInfo(COUNTRIES[buyer.country].zone)).replace(microsecond=0).isoformat()
    order_id = _ID_BASE + number
    address = _shopify_address(basket)
    return {
        "id": order_id,
        "admin_graphql_api_id": f"gid://shopify/Order/{order_id}",
        "app_id": 580111,
        "name": f"#{number}",
        "number": number - 1000,
        "order_number": number,
        "token": secrets.token_hex(16),
        "checkout_token": secrets.token_hex(16),
        "confirmation_number": secrets.token_hex(5).upper()[:9],
        "confirmed": True,
        "test": False,
        "source_name": "web",
        "created_at": written,
        "processed_at": written,
        "updated_at": written,
        "cancelled_at": None,
        "cancel_reason": None,
        "closed_at": None,
        "email": buyer.email,
        "contact_email": buyer.email,
        "phone": None,
        "customer_locale": buyer.speaks,
        "buyer_accepts_marketing": False,
        "financial_status": "paid" if basket.prepaid else "pending",
        "fulfillment_status": None,
        "payment_gateway_names": [basket.label],
        "currency": basket.currency,
        "presentment_currency": basket.currency,
        "taxes_included": True,
        "total_tax": "0.00",
        "total_discounts": "0.00",
        "total_line_items_price": f"{basket.subtotal:.2f}",
        "subtotal_price": f"{basket.subtotal:.2f}",
        "total_price": total,
        "total_price_set": _both_moneys(total, basket.currency),
        "current_total_price": total,
        "current_total_price_set": _both_moneys(total, basket.currency),
        "total_outstanding": "0.00" if basket.prepaid else total,
        "total_weight": 800,
        "note": basket.note or None,
        "note_attributes": [],
        "tags": "",
        "discount_codes": [],
        "tax_lines": [],
        "refunds": [],
        "fulfillments": [],
        "line_items": [_shopify_line(line, basket.currency, order_id + n) for n, line in enumerate(basket.lines, 1)],
        "shipping_lines": [
            {"id": order_id + 90, "title": "Standard", "code": "Standard", "price": basket.shipping, "source": "shopify", "tax_lines": []}
        ],
        "customer": {
            "id": order_id + 70,
            "email": buyer.email,
            "first_name": buyer.first,
            "last_name": buyer.last,
            "phone": None,
            "state": "disabled",
            "verified_email": True,
            "currency": basket.currency,
            "sms_marketing_consent": None,
            "default_address": {**address, "id": order_id + 71, "customer_id": order_id + 70, "default": True},
        },
        "billing_address": address,
        "shipping_address": address,
    }  # fmt: skip


def woocommerce_order(basket: Basket, number: int, now: datetime) -> Json:
    """The body of order.created. Billing carries the phone and the e-mail, as WooCommerce's checkout asks for them."""
    buyer = basket.buyer
    local = now.astimezone(ZoneInfo(COUNTRIES[buyer.country].zone)).replace(tzinfo=None, microsecond=0).isoformat()
    utc = now.replace(tzinfo=None, microsecond=0).isoformat()
    place = buyer.address
    shipping = {
        "first_name": buyer.first, "last_name": buyer.last, "company": "", "address_1": place.line1, "address_2": place.line2,
        "city": place.city, "state": place.region, "postcode": place.postcode, "country": buyer.country,
    }  # fmt: skip
    return {
        "id": number,
        "parent_id": 0,
        "number": str(number),
        "order_key": f"wc_order_{secrets.token_hex(7)[:13]}",
        "created_via": "checkout",
        "version": "9.9.5",
        "status": "processing",
        "currency": basket.currency,
        "currency_symbol": basket.currency,
        "prices_include_tax": True,
        "date_created": local,
        "date_created_gmt": utc,
        "date_modified": local,
        "date_modified_gmt": utc,
        "date_paid": local if basket.prepaid else None,
        "date_paid_gmt": utc if basket.prepaid else None,
        "date_completed": None,
        "date_completed_gmt": None,
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": basket.shipping,
        "shipping_tax": "0.00",
        "cart_tax": "0.00",
        "total": f"{basket.total:.2f}",
        "total_tax": "0.00",
        "customer_id": 0,
        "customer_note": basket.note,
        "customer_user_agent": "Mozilla/5.0",
        "billing": {**shipping, "email": buyer.email, "phone": buyer.typed},
        "shipping": {**shipping, "phone": ""},
        "payment_method": _WOO_CARD if basket.prepaid else _WOO_COD,
        "payment_method_title": basket.label,
        "transaction_id": "",
        "meta_data": [{"id": number + 40_000, "key": "wpml_language", "value": buyer.speaks}],
        "line_items": [_woo_line(line, number * 10 + n) for n, line in enumerate(basket.lines)],
        "tax_lines": [],
        "shipping_lines": [
            {"id": number * 10 + 9, "method_title": "Flat rate", "method_id": "flat_rate", "total": basket.shipping, "taxes": []}
        ],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }  # fmt: skip


def api_order(basket: Basket, number: int, now: datetime) -> Json:
    """The body of POST /orders as docs/api.md shows it."""
    buyer, place = basket.buyer, basket.buyer.address
    return {
        "id": str(number),
        "placed_at": (now - timedelta(seconds=1)).replace(microsecond=0).isoformat(),
        "name": buyer.name,
        "phone": buyer.typed or None,
        "email": buyer.email or None,
        "address": {
            "line1": place.line1, "line2": place.line2, "city": place.city, "region": place.region,
            "postcode": place.postcode, "country": buyer.country,
        },
        "items": [
            {"sku": line.sku, "title": line.title, "quantity": line.quantity, "price": line.price} for line in basket.lines
        ],
        "total": f"{basket.total:.2f}",
        "currency": basket.currency,
        "payment": basket.label,
        "language": buyer.speaks,
        "note": basket.note,
        "consent": {"whatsapp": True, "news": False, "polls": True},
    }  # fmt: skip


def _shopify_address(basket: Basket) -> Json:
    buyer, place = basket.buyer, basket.buyer.address
    return {
        "first_name": buyer.first,
        "last_name": buyer.last,
        "name": buyer.name,
        "company": None,
        "address1": place.line1,
        "address2": place.line2 or None,
        "city": place.city,
        "province": place.region or None,
        "zip": place.postcode or None,
        "country": COUNTRIES[buyer.country].name,
        "country_code": buyer.country,
        "phone": buyer.typed or None,
    }


def _shopify_line(line: Line, currency: str, line_id: int) -> Json:
    return {
        "id": line_id,
        "product_id": line_id + 500,
        "variant_id": line_id + 600,
        "sku": line.sku,
        "title": line.title,
        "name": line.title,
        "quantity": line.quantity,
        "current_quantity": line.quantity,
        "fulfillable_quantity": line.quantity,
        "fulfillment_status": None,
        "grams": 400,
        "price": line.price,
        "price_set": _both_moneys(line.price, currency),
        "total_discount": "0.00",
        "requires_shipping": True,
        "taxable": True,
        "gift_card": False,
        "properties": [],
        "tax_lines": [],
    }


def _woo_line(line: Line, line_id: int) -> Json:
    whole = f"{Decimal(line.price) * line.quantity:.2f}"
    return {
        "id": line_id,
        "name": line.title,
        "product_id": line_id + 300,
        "variation_id": 0,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": whole,
        "subtotal_tax": "0.00",
        "total": whole,
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
        "sku": line.sku,
        "price": float(line.price),  # WooCommerce writes this one as a number
    }


def _both_moneys(amount: str, currency: str) -> Json:
    money = {"amount": amount, "currency_code": currency}
    return {"shop_money": money, "presentment_money": money}
