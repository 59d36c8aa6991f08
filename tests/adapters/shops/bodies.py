"""Orders in the shapes that Shopify and WooCommerce send, written by us: `shopify_order(phone=…)` replaces a part."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from typing import Any

_ADDRESS = {
    "first_name": "Ana",
    "last_name": "Ruiz",
    "name": "Ana Ruiz",
    "company": None,
    "address1": "Calle de la Luna 7",
    "address2": "2º izq.",
    "city": "Madrid",
    "zip": "28004",
    "province": "Madrid",
    "province_code": "M",
    "country": "Spain",
    "country_code": "ES",
    "phone": None,
    "latitude": 40.42,
    "longitude": -3.7,
}

_SHOPIFY: dict[str, Any] = {
    "id": 6112233445566,
    "admin_graphql_api_id": "gid://shopify/Order/6112233445566",
    "name": "#1042",
    "number": 42,
    "order_number": 1042,
    "email": "Ana.Ruiz@example.com",
    "contact_email": "ana.ruiz@example.com",
    "phone": None,
    "created_at": "2026-11-21T10:58:00+01:00",
    "processed_at": "2026-11-21T10:57:59+01:00",
    "updated_at": "2026-11-21T10:58:02+01:00",
    "cancelled_at": None,
    "cancel_reason": None,
    "closed_at": None,
    "currency": "EUR",
    "presentment_currency": "EUR",
    "total_price": "39.80",
    "total_price_set": {
        "shop_money": {"amount": "39.80", "currency_code": "EUR"},
        "presentment_money": {"amount": "39.80", "currency_code": "EUR"},
    },
    "financial_status": "pending",
    "fulfillment_status": None,
    "payment_gateway_names": ["Cash on Delivery (COD)"],
    "customer_locale": "es-ES",
    "buyer_accepts_marketing": False,
    "note": "llamar\nal timbre",
    "note_attributes": [],
    "test": False,
    "line_items": [
        {
            "id": 11,
            "title": "Taza",
            "name": "Taza - azul",
            "variant_title": "azul",
            "sku": "TZ-1",
            "quantity": 2,
            "current_quantity": 2,
            "price": "19.90",
            "price_set": {
                "shop_money": {"amount": "19.90", "currency_code": "EUR"},
                "presentment_money": {"amount": "19.90", "currency_code": "EUR"},
            },
        }
    ],
    "shipping_address": _ADDRESS | {"phone": "600 11 22 33"},
    "billing_address": _ADDRESS,
    "customer": {
        "id": 77,
        "first_name": "Ana",
        "last_name": "Ruiz",
        "email": "ana.ruiz@example.com",
        "phone": None,
        "sms_marketing_consent": None,
        "default_address": _ADDRESS | {"id": 5, "default": True},
    },
}

_WOO: dict[str, Any] = {
    "id": 913,
    "parent_id": 0,
    "number": "913",
    "order_key": "wc_order_x1",
    "status": "processing",
    "currency": "MAD",
    "date_created": "2026-11-21T10:58:00",
    "date_created_gmt": "2026-11-21T09:58:00",
    "date_modified": "2026-11-21T10:58:05",
    "date_modified_gmt": "2026-11-21T09:58:05",
    "total": "349.00",
    "customer_note": "",
    "billing": {
        "first_name": "Samira",
        "last_name": "El Amrani",
        "company": "",
        "address_1": "12 Rue Atlas",
        "address_2": "",
        "city": "Casablanca",
        "state": "",
        "postcode": "20000",
        "country": "MA",
        "email": "samira@example.com",
        "phone": "0612-345678",
    },
    "shipping": {
        "first_name": "",
        "last_name": "",
        "company": "",
        "address_1": "",
        "address_2": "",
        "city": "",
        "state": "",
        "postcode": "",
        "country": "",
        "phone": "",
    },
    "payment_method": "cod",
    "payment_method_title": "Paiement &agrave; la livraison",
    "meta_data": [{"id": 1, "key": "_whatsapp_opt_in", "value": "yes"}, {"id": 2, "key": "_cart", "value": {"a": 1}}],
    "line_items": [
        {
            "id": 1,
            "name": "Th&eacute;i&egrave;re &ndash; cuivre",
            "quantity": 1,
            "sku": "TH",
            "total": "349.00",
            "price": 349,
        }
    ],
}


def shopify_order(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(_SHOPIFY) | changes


def woo_order(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(_WOO) | changes


def as_body(order: object) -> bytes:
    return json.dumps(order).encode()


def signed(body: bytes, secret: str) -> str:
    """As both platforms sign: base64 of HMAC-SHA256 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
