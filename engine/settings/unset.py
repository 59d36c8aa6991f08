"""Which environment variables a command needs and does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from engine.secret import Secret
from engine.settings.faults import Fault, line_of
from engine.settings.model import MAKE_A_KEY, MAKE_A_WEBHOOK_KEY, Settings

_STORAGE = frozenset({"storage"})
_PROVIDERS = frozenset({"twilio", "meta", "sms_gateway", "smtp"})
_SHOP = frozenset({"api_token", "shopify", "woocommerce", "callback"})

#: What each command takes secrets from. sandbox, understand and preview run on a bare machine.
USES: dict[str, frozenset[str]] = {
    "serve": _STORAGE | _PROVIDERS | _SHOP | {"telegram", "imap"},
    "check": _STORAGE | _PROVIDERS | _SHOP | {"telegram", "imap"},
    "send-test": _PROVIDERS,
    "templates": frozenset({"twilio", "meta"}),
    "import-events": frozenset({"api_token"}),
    **dict.fromkeys(("sandbox", "understand", "preview"), frozenset[str]()),
    **dict.fromkeys(
        (
            *("import-history", "import-orders", "assess", "orders", "order", "report"),
            *("export-customer", "erase-customer", "backup", "restore", "migrate", "rotate-key"),
        ),
        _STORAGE,
    ),
}

#: channels.<name> -> its value -> the block that must be filled.
BLOCK_OF: dict[str, str] = {"twilio": "twilio", "meta": "meta", "gateway": "sms_gateway", "smtp": "smtp"}

_IN_SHOP = re.compile(r"shops\[\d+\]\.")
#: Where each secret comes from, by the end of its path.
_MENDS = {
    "storage.encryption_key": f"Make one with: {MAKE_A_KEY}",
    "api_token": 'Make one with: python3 -c "import secrets;print(secrets.token_urlsafe(32))"',
    "twilio.auth_token": "It stands in the Twilio console under Account Info.",
    "telegram.token": "@BotFather gives it: /newbot, or /token for a bot that exists.",
    "telegram.webhook_secret": 'Make one with: python3 -c "import secrets;print(secrets.token_urlsafe(32))"',
    "meta.access_token": "Make a system user's token in Meta Business Settings.",
    "meta.app_secret": "It stands in the Meta app under App settings, Basic.",
    "meta.verify_token": "Choose one, and type it in when you register the webhook at Meta.",
    "shopify.webhook_secret": "It stands in Shopify's admin under Settings, Notifications, Webhooks.",
    "woocommerce.webhook_secret": "It stands in WooCommerce under Settings, Advanced, Webhooks.",
    "callback.secret": f"Make one with: {MAKE_A_WEBHOOK_KEY}",
}


def unset(settings: Settings, command: str) -> list[Fault]:
    """One fault for every ${NAME} that `command` uses and the environment lacks, by line. Raises KeyError for no command of ours."""
    used, groups = _blocks_in_use(settings), USES[command]
    faults = []
    for where, secret in _secrets(settings, ""):
        prefix = _IN_SHOP.match(where)
        block = _block(where[prefix.end() :] if prefix else where)
        at = f"{prefix[0] if prefix else ''}{block}"
        if secret.known or block not in groups or (block not in _STORAGE | _SHOP and at not in used):
            continue
        for name in secret.missing:
            faults.append(not_set(where, name, settings.lines))
    return sorted(faults, key=lambda fault: (fault.line or 0, fault.where))


def not_set(where: str, name: str, lines: Mapping[str, int]) -> Fault:
    """The fault of one unset variable, with the place where its value is found."""
    source = next((mend for end, mend in _MENDS.items() if where.endswith(end)), "")
    mend = f"Set it before you start: export {name}=... {source}".rstrip()
    return Fault(where, line_of(where, lines), f"the environment variable {name} is not set", mend)


def _block(where: str) -> str:
    return re.split(r"[.\[]", where, maxsplit=1)[0]


def _blocks_in_use(settings: Settings) -> set[str]:
    """Paths of the provider blocks that some shop's channels lead to."""
    used = set()
    for shop in settings.shops:
        channels = settings.blocks(shop).channels
        named = {BLOCK_OF[name] for name in (channels.sms, channels.whatsapp, channels.email) if name}
        extra = {"telegram"} | ({"imap"} if channels.email else set())
        used |= {settings.home(shop, block)[0] for block in named | extra}
    return used


def _secrets(value: object, where: str) -> Iterator[tuple[str, Secret]]:
    """Every secret below `value`, with its path in the file."""
    if isinstance(value, Secret):
        yield where, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            key = field.alias or name
            yield from _secrets(getattr(value, name), f"{where}.{key}" if where else key)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, f"{where}.{key}")
    elif isinstance(value, tuple):
        for index, inner in enumerate(value):
            yield from _secrets(inner, f"{where}[{index}]")
