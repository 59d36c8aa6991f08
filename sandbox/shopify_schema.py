"""What the pretend Admin API knows of Shopify's schema: the fields, arguments and inputs that an order's tools use.

Sources: https://shopify.dev/docs/api/admin-graphql/2026-10 objects/Order, objects/MailingAddress, input-objects/OrderInput,
input-objects/MailingAddressInput, input-objects/OrderCancelRefundMethodInput, mutations/orderCancel, mutations/tagsAdd,
objects/AppInstallation, objects/WebhookSubscription, read November 2026.
"""

from __future__ import annotations

from sandbox.graphql import Inputs, Schema

_NO_ARGS: dict[str, str] = {}


def _plain(*names: str) -> dict[str, tuple[str, dict[str, str]]]:
    return dict.fromkeys(names, ("String", _NO_ARGS))


SCHEMA: Schema = {
    "QueryRoot": {
        "order": ("Order", {"id": "ID!"}),
        "orders": ("OrderConnection", {"first": "Int", "after": "String", "query": "String", "sortKey": "OrderSortKeys"}),
        "shop": ("Shop", _NO_ARGS),
        "currentAppInstallation": ("AppInstallation", _NO_ARGS),
        "webhookSubscriptions": ("WebhookSubscriptionConnection", {"first": "Int", "topics": "[WebhookSubscriptionTopic!]"}),
    },
    "Mutation": {
        "tagsAdd": ("TagsPayload", {"id": "ID!", "tags": "[String!]!"}),
        "tagsRemove": ("TagsPayload", {"id": "ID!", "tags": "[String!]!"}),
        "orderUpdate": ("OrderUpdatePayload", {"input": "OrderInput!"}),
        "orderCancel": (
            "OrderCancelPayload",
            {
                "orderId": "ID!",
                "reason": "OrderCancelReason!",
                "refundMethod": "OrderCancelRefundMethodInput",
                "restock": "Boolean!",
                "notifyCustomer": "Boolean",
                "staffNote": "String",
            },
        ),
        "draftOrderCreate": ("DraftOrderCreatePayload", {"input": "DraftOrderInput!"}),
    },
    "OrderConnection": {"pageInfo": ("PageInfo", _NO_ARGS), "nodes": ("Order", _NO_ARGS)},
    "PageInfo": _plain("hasNextPage", "endCursor"),
    "Order": {
        **_plain("id", "name", "note", "tags", "phone", "email", "cancelledAt", "updatedAt", "displayFulfillmentStatus"),
        **_plain("displayFinancialStatus"),
        **_plain("createdAt", "processedAt", "paymentGatewayNames", "customerLocale", "currencyCode"),
        "customAttributes": ("Attribute", _NO_ARGS),
        "totalPriceSet": ("MoneyBag", _NO_ARGS),
        "currentTotalPriceSet": ("MoneyBag", _NO_ARGS),
        "totalOutstandingSet": ("MoneyBag", _NO_ARGS),
        "customer": ("Customer", _NO_ARGS),
        "lineItems": ("LineItemConnection", {"first": "Int"}),
        "shippingAddress": ("MailingAddress", _NO_ARGS),
        "billingAddress": ("MailingAddress", _NO_ARGS),
    },
    "Attribute": _plain("key", "value"),
    "MoneyBag": {"presentmentMoney": ("MoneyV2", _NO_ARGS), "shopMoney": ("MoneyV2", _NO_ARGS)},
    "MoneyV2": _plain("amount", "currencyCode"),
    "Customer": _plain("firstName", "lastName"),
    "LineItemConnection": {"nodes": ("LineItem", _NO_ARGS)},
    "LineItem": {
        **_plain("name", "sku", "quantity", "currentQuantity"),
        "originalUnitPriceSet": ("MoneyBag", _NO_ARGS),
    },
    "MailingAddress": _plain(
        "firstName", "lastName", "name", "company", "address1", "address2", "city", "province", "provinceCode", "zip", "country",
        "countryCodeV2", "phone",
    ),
    "Shop": _plain("name", "myshopifyDomain"),
    "AppInstallation": {"accessScopes": ("AccessScope", _NO_ARGS)},
    "AccessScope": _plain("handle"),
    "WebhookSubscriptionConnection": {"nodes": ("WebhookSubscription", _NO_ARGS)},
    "WebhookSubscription": _plain("id", "topic", "uri"),
    "TagsPayload": {"node": ("Node", _NO_ARGS), "userErrors": ("UserError", _NO_ARGS)},
    "Node": _plain("id"),
    "OrderUpdatePayload": {"order": ("Order", _NO_ARGS), "userErrors": ("UserError", _NO_ARGS)},
    "OrderCancelPayload": {
        "job": ("Job", _NO_ARGS),
        "orderCancelUserErrors": ("OrderCancelUserError", _NO_ARGS),
        "userErrors": ("UserError", _NO_ARGS),
    },
    "DraftOrderCreatePayload": {"draftOrder": ("DraftOrder", _NO_ARGS), "userErrors": ("UserError", _NO_ARGS)},
    "DraftOrder": _plain("id", "name"),
    "Job": _plain("id", "done"),
    "UserError": _plain("field", "message"),
    "OrderCancelUserError": _plain("field", "message", "code"),
}  # fmt: skip

INPUTS: Inputs = {
    "OrderInput": {
        "id": "ID!", "note": "String", "phone": "String", "email": "String", "tags": "[String!]",
        "shippingAddress": "MailingAddressInput",
    },
    "MailingAddressInput": dict.fromkeys(
        ("address1", "address2", "city", "company", "countryCode", "firstName", "lastName", "phone", "provinceCode", "zip"),
        "String",
    ),
    "OrderCancelRefundMethodInput": {"originalPaymentMethodsRefund": "Boolean"},
    "DraftOrderInput": {
        "lineItems": "[DraftOrderLineItemInput!]", "note": "String", "tags": "[String!]", "email": "String",
        "phone": "String", "shippingAddress": "MailingAddressInput",
    },
    "DraftOrderLineItemInput": {
        "title": "String", "quantity": "Int!", "originalUnitPriceWithCurrency": "MoneyInput", "sku": "String",
        "variantId": "ID",
    },
    "MoneyInput": {"amount": "Decimal!", "currencyCode": "CurrencyCode!"},
}  # fmt: skip
