"""Faults between settings, seen in the tree as it was written, so that they show beside every other fault at once."""

from __future__ import annotations

from collections.abc import Iterator

from engine.secret import ENV_NAME
from engine.settings.faults import path

Crossed = tuple[str, str, str]  # where, what, mend


def crossed(tree: dict[str, object]) -> Iterator[Crossed]:
    """What no single setting shows: shops of one name, staff before a machine's step, an unsigned Telegram webhook."""
    yield from _shops(tree.get("shops"))
    yield from _blocks(tree, ())
    for index, shop in enumerate(_list(tree.get("shops"))):
        yield from _blocks(_dict(shop), ("shops", index))
        yield from _written_back(_dict(shop), index)
        yield from _prepay(_dict(shop), _dict(tree.get("risk")), index)


def _shops(shops: object) -> Iterator[Crossed]:
    if shops == []:
        yield "shops", "there is no shop", "Add one under shops."
    seen: dict[object, int] = {}
    for index, shop in enumerate(_list(shops)):
        name = _dict(shop).get("id")
        if name is not None and name in seen:
            yield f"shops[{index}].id", f"shops[{seen[name]}] is called {name} too", "Give every shop an id of its own."
        seen.setdefault(name, index)


def _prepay(shop: dict[str, object], risk: dict[str, object], index: int) -> Iterator[Crossed]:
    """Payment ahead needs somewhere to pay."""
    asks = _dict(_dict(shop.get("risk", risk)).get("ask"))
    if any("prepay" in _list(wanted) for wanted in asks.values()) and not shop.get("payment_link"):
        mend = 'Add payment_link: "https://pay.example.com/{order}/{amount}"'
        yield path(("shops", index, "payment_link")), "risk.ask wants prepay, and there is no payment_link", mend


def _written_back(shop: dict[str, object], index: int) -> Iterator[Crossed]:
    """Half a set of credentials writes nothing back, and nobody would notice."""
    shopify, woo = _dict(shop.get("shopify")), _dict(shop.get("woocommerce"))
    if shopify.get("access_token") and not (shopify.get("shop_domain") or shopify.get("base_url")):
        mend = "Add shop_domain: your-shop.myshopify.com"
        yield path(("shops", index, "shopify", "shop_domain")), "access_token has no shop_domain beside it", mend
    needed = ("url", "consumer_key", "consumer_secret")
    missing = [name for name in needed if not woo.get(name)]
    if (woo.get("consumer_key") or woo.get("consumer_secret")) and missing:
        mend = "Make a key with Read/Write under WooCommerce, Settings, Advanced, REST API."
        yield path(("shops", index, "woocommerce", missing[0])), f"{missing[0]} is missing beside the others", mend


def _blocks(holder: dict[str, object], loc: tuple[str | int, ...]) -> Iterator[Crossed]:
    confirmation = _dict(holder.get("confirmation"))
    ladder = confirmation.get("ladder")
    where = path((*loc, "confirmation", "ladder"))
    if "ladder" in confirmation and not ladder:
        yield where, "the ladder has no step", "Add at least - {channel: staff, wait: 24h}"
    if any(_dict(step).get("channel") == "staff" for step in _list(ladder)[:-1]):
        yield where, "staff are asked before a machine's step", "Make staff the last step of the ladder."
    yield from _sends(_dict(_dict(holder.get("sms_gateway")).get("send")), path((*loc, "sms_gateway", "send")))
    telegram = _dict(holder.get("telegram"))
    if telegram.get("mode") == "webhook" and not telegram.get("webhook_secret"):
        mend = 'Add webhook_secret: "${TELEGRAM_WEBHOOK_SECRET}"'
        yield path((*loc, "telegram", "mode")), "webhook mode needs webhook_secret", mend


def _sends(send: dict[str, object], where: str) -> Iterator[Crossed]:
    """A gateway that is told neither to whom nor what."""
    if not send or any(ENV_NAME.fullmatch(str(send.get(name) or "").strip()) for name in ("url", "body")):
        return  # nothing there, or what stands in the environment
    written = " ".join(str(send.get(name) or "") for name in ("url", "body", "headers"))
    for field, what in (("{to}", "to whom a text goes"), ("{text}", "what a text says")):
        if field not in written:
            mend = f"""Put {field} into url or body, as in '{{"to": "{{to}}", "text": "{{text}}"}}'."""
            yield where, f"nothing in the request says {what}", mend


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
