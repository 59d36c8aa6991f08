"""From the settings to the places where shops hear of decisions."""

from __future__ import annotations

from adapters.callback import Callback
from adapters.shopify_admin import ShopifyAdmin
from adapters.woo_rest import WooRest
from engine.ports import ShopPort
from engine.settings import Settings


def places(settings: Settings) -> dict[tuple[str, str], ShopPort]:
    """(shop, place) -> who tells it there."""
    found: dict[tuple[str, str], ShopPort] = {}
    for shop in settings.shops:
        if shop.callback is not None:
            found[shop.id, "callback"] = Callback(shop.id, shop.callback.url, shop.callback.secret.reveal())
        if shop.shopify is not None and shop.shopify.admin_url and shop.shopify.access_token:
            token = shop.shopify.access_token.reveal()
            found[shop.id, "shopify"] = ShopifyAdmin(shop.id, shop.shopify.admin_url, token, shop.country)
        woo = shop.woocommerce
        if woo is not None and woo.url and woo.consumer_key and woo.consumer_secret:
            key, secret = woo.consumer_key.reveal(), woo.consumer_secret.reveal()
            found[shop.id, "woocommerce"] = WooRest(shop.id, woo.url, key, secret, shop.country)
    return found
