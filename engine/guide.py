"""The way from nothing to a running service, as steps: what is done, what is missing, how to get it, what to paste where.

One list for `run.py check`, which prints what is left, and for the playground's page, which ticks what is done. It is read from the
file as it stands, so that it also guides somebody whose settings cannot be used yet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from msgspec import Struct

from engine.check import check
from engine.settings import BadSettings, Fault, read
from engine.settings.unset import BLOCK_OF

Tree = Mapping[str, Any]
#: What the shipped config.yaml says where only the shop can know.
EXAMPLE_URL, EXAMPLE_SHOP = "https://orders.example.com", "demo"
#: Names that are nobody's: what still ends in one comes from a sample. Source: RFC 2606
NOBODYS = (".example", "example.com", "example.org", "example.net")


class Step(Struct, frozen=True):
    """One step. `missing`: what is wrong, in words; `how`: sentences; `paste`: (where, what) at the provider. An optional step
    that is not begun stops nothing."""

    name: str
    title: str
    done: bool
    optional: bool
    missing: tuple[str, ...]
    how: tuple[str, ...]
    paste: tuple[tuple[str, str], ...] = ()


#: Step -> (title, how). Sources: the providers' own consoles and manuals, read 2026-11; docs/start-*.md shows each at length.
HOW: dict[str, tuple[str, tuple[str, ...]]] = {
    "address": (
        "Your address on the web",
        (
            "Customers open links, and providers post to it: an https name that leads to this machine. With Caddy, which gets the"
            " certificate by itself: orders.example.com { reverse_proxy 127.0.0.1:8080 }",
            "Write it in config.yaml as public_url.",
        ),
    ),
    "storage": (
        "The key and the database",
        (
            'Make a key, keep a copy of it: python3 -c "import base64,secrets;print(base64.b64encode(secrets.token_bytes(32)).decode())"',
            "Set it before each start: export DOORSTEP_KEY=...",
        ),
    ),
    "shop": ("Your shop", ("In config.yaml under shops: id, name, language, country, currency, timezone, hours.",)),
    "orders-api": (
        "Orders from your own program",
        (
            'Make a token: python3 -c "import secrets;print(secrets.token_urlsafe(32))", and export DEMO_API_TOKEN=... (api_token).',
            "Your program posts each order there; /docs of the running service describes it, docs/orders.http has examples.",
        ),
    ),
    "shopify": (
        "Orders from Shopify",
        (
            "Shopify admin, Settings, Notifications, Webhooks: four webhooks, format JSON. The signing secret under the list is"
            " webhook_secret.",
            "To hear of decisions: Settings, Apps and sales channels, Develop apps: an app with read_orders, write_orders and"
            " write_draft_orders; its Admin API access token is access_token, and shop_domain the address that ends in .myshopify.com.",
        ),
    ),
    "woocommerce": (
        "Orders from WooCommerce",
        (
            "WooCommerce, Settings, Advanced, Webhooks: two webhooks with a secret of yours (webhook_secret), API version v3.",
            "To hear of decisions: Settings, Advanced, REST API: a key with Read/Write; it gives consumer_key and consumer_secret.",
        ),
    ),
    "twilio": (
        "SMS and WhatsApp through Twilio",
        (
            "console.twilio.com shows account SID and auth token under Account Info. Buy a number that can send and receive texts in your"
            " country (Phone Numbers, Buy a number): sms_from.",
            "For WhatsApp: Messaging, Senders, WhatsApp senders: whatsapp_from. Each text of `run.py preview` that may open a conversation"
            " is submitted under Content Template Builder; its SID (HX...) goes under content_sids.",
        ),
    ),
    "meta": (
        "WhatsApp through Meta",
        (
            "developers.facebook.com, your app, WhatsApp, API Setup: phone_number_id. A system user's token from Meta Business Settings is"
            " access_token; App settings, Basic: app_secret. Choose a verify_token yourself.",
        ),
    ),
    "sms_gateway": (
        "SMS through your gateway",
        ("Its manual says URL, headers and body of a sent text, and what it posts on an answer: fill sms_gateway by it.",),
    ),
    "smtp": (
        "E-mail",
        (
            "Your mail provider gives host, port, user and password of outgoing mail: smtp.url; the address of orders is smtp.from.",
            "SPF and DKIM of your domain have to name that provider, or mails land in the spam folder.",
        ),
    ),
    "telegram": (
        "The staff group and the owner in Telegram",
        (
            "In Telegram, write /newbot to @BotFather: it gives the token. Make a group, add the bot, make it an administrator.",
            "Open the group on web.telegram.org: the number behind # in the address (it begins with -100) is staff_group.",
            "Everybody's own number, which @userinfobot tells, goes under people; one of them with role: owner. Each of them"
            " presses Start in the bot's private chat once.",
        ),
    ),
    "callback": (
        "Your own program hears of decisions",
        ("Name its address and a secret of at least 24 letters under callback; each decision is posted there, signed (docs/shops.md).",),
    ),
}  # fmt: skip


def guide(tree: Tree, faults: Sequence[Fault]) -> list[Step]:
    """The steps of these settings, in the order in which one takes them. `faults`: what `check` found."""
    shops = [shop for shop in _list(tree.get("shops")) if isinstance(shop, Mapping)]
    shop = shops[0] if shops else {}
    url, shop_id = str(tree.get("public_url") or EXAMPLE_URL).rstrip("/"), str(shop.get("id") or "SHOP")
    wrong = [fault for fault in faults if not fault.warning]
    steps = [
        _step(
            "address", not _nobodys(url), wrong, ("public_url", "listen"), missing="public_url is still the example's"
        ),
        _step("storage", bool(tree.get("storage")), wrong, ("storage",)),
        _step(
            "shop",
            shop_id not in ("SHOP", EXAMPLE_SHOP),
            wrong,
            (),
            missing="it is still the example's: id demo",
            own=_own(wrong),
        ),
    ]
    steps += _sources(shop, url, shop_id, wrong)
    steps += _carriers({**tree, **shop}, url, wrong)
    steps.append(_step("callback", bool(shop.get("callback")), wrong, ("callback",), optional=True))
    return steps


def _nobodys(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith(NOBODYS[0]) or any(host == name or host.endswith(f".{name}") for name in NOBODYS[1:])


def readable(path: str | Path) -> bool:
    """Whether the file is there and its YAML is sound: else there is nothing yet to guide through."""
    try:
        read(path)
    except BadSettings:
        return False
    return True


def guided(path: str | Path, env: Mapping[str, str], now: datetime) -> list[Step]:
    """The steps of the file at `path` as it stands; those of an empty one where it cannot be read. `now` is aware UTC."""
    try:
        tree = read(path).tree
    except BadSettings:
        tree = {}
    return guide(tree, check(path, env, now))


def looked(path: str | Path, now: datetime) -> list[Mapping[str, Any]]:
    """`guided` with this process's environment, as plain values for a page."""
    return [{f: getattr(step, f) for f in step.__struct_fields__} for step in guided(path, os.environ, now)]


def in_words(steps: Sequence[Step]) -> Iterator[str]:
    """Lines for a terminal: what is done in one line, and each step that is left with how to take it."""
    done = [step.title for step in steps if step.done]
    if done:
        yield f"Done: {', '.join(done)}."
    for step in (step for step in steps if not step.done):
        yield ""
        yield f"{step.title}{' (optional)' if step.optional else ''}"
        yield from (f"  {sentence}" for sentence in step.how)
        yield from (f"  {where}: {what}" for where, what in step.paste)


def _sources(shop: Tree, url: str, shop_id: str, wrong: Sequence[Fault]) -> list[Step]:
    """Where orders come from: one way is enough, and a way that is begun has to be finished."""
    some = any(shop.get(key) for key in ("api_token", "shopify", "woocommerce"))
    hook = f"{url}/hooks/{{}}/{quote(shop_id)}"
    paste = {
        "shopify": tuple(
            (f"Event {event}", hook.format("shopify"))
            for event in ("Order creation", "Order update", "Order cancellation", "Order fulfilment")
        ),
        "woocommerce": tuple(
            (f"Topic {topic}", hook.format("woocommerce")) for topic in ("Order created", "Order updated")
        ),
        "orders-api": (("POST", f"{url}/orders"), ("Header", "Authorization: Bearer <api_token>")),
    }
    keys = {"shopify": "shopify", "woocommerce": "woocommerce", "orders-api": "api_token"}
    return [
        _step(name, bool(shop.get(key)), wrong, (key,), optional=some and not shop.get(key), paste=paste[name])
        for name, key in keys.items()
    ]


def _carriers(tree: Tree, url: str, wrong: Sequence[Fault]) -> list[Step]:
    """Who carries messages, and the staff group."""
    channels = tree.get("channels")
    chosen = {"sms": "twilio", "whatsapp": "twilio", "email": "smtp"} | (
        dict(channels) if isinstance(channels, Mapping) else {}
    )
    gateway = tree.get("sms_gateway")
    name = quote(str(gateway.get("name") or "local")) if isinstance(gateway, Mapping) else "local"
    paste = {
        "twilio": (
            ("Phone number, A message comes in, Webhook, HTTP POST", f"{url}/hooks/twilio/message"),
            ("WhatsApp sender, Webhook URL for incoming messages", f"{url}/hooks/twilio/message"),
        ),
        "meta": (
            ("WhatsApp, Configuration, Callback URL", f"{url}/hooks/meta"),
            ("Verify token", "what you chose as verify_token"),
            ("Webhook fields", "messages"),
        ),
        "sms_gateway": (("Address for answers and delivery reports", f"{url}/hooks/sms/{name}"),),
    }
    blocks = dict.fromkeys(BLOCK_OF[str(provider)] for provider in chosen.values() if str(provider) in BLOCK_OF)
    steps = [_step(block, bool(tree.get(block)), wrong, (block,), paste=paste.get(block, ())) for block in blocks]
    owner = any(isinstance(person, Mapping) and person.get("role") == "owner" for person in _list(tree.get("people")))
    both = bool(tree.get("telegram")) and owner
    missing = "nobody is the owner: complaints reach nobody" if tree.get("telegram") else ""
    return [*steps, _step("telegram", both, wrong, ("telegram", "people"), missing=missing)]


def _step(
    name: str,
    begun: bool,
    wrong: Sequence[Fault],
    keys: tuple[str, ...],
    *,
    optional: bool = False,
    missing: str = "",
    paste: tuple[tuple[str, str], ...] = (),
    own: Sequence[Fault] | None = None,
) -> Step:
    """`keys`: the parts of the settings whose faults belong to this step; `own`: these faults instead."""
    mine = [fault for fault in wrong if _key(fault) in keys] if own is None else own
    told = tuple(f"{fault.where}: {fault.what}. {fault.mend}" for fault in mine) if begun else ()
    title, how = HOW[name]
    lacks = told or ((missing,) if missing and not begun else ())
    return Step(name, title, begun and not mine, optional, lacks, how, paste)


def _key(fault: Fault) -> str:
    """The top-level key that a fault is about, or the key inside its shop."""
    parts = fault.where.replace("]", "").replace("[", ".").split(".")
    return parts[2] if parts[0] == "shops" and len(parts) > 2 else parts[0]


def _own(wrong: Sequence[Fault]) -> list[Fault]:
    """The faults of the shop itself, and of everything that has no step of its own."""
    named = {"public_url", "listen", "storage", "people", "api_token", "callback"} | set(HOW)
    return [fault for fault in wrong if _key(fault) not in named]


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()
