"""The forms that ids, tokens and addresses of the providers have: a mistake is told here, not by a provider's 401 at night.

Only what is surely wrong is refused: a prefix that every such id has, a blank that none has, an API's path behind its host. No
value is repeated in a message: what stands in the wrong place may be a secret.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from engine.secret import Secret
from engine.settings.faults import wrong
from engine.settings.values import EnvSecret, Site, Text

_SID = re.compile(r"[A-Z]{2}[0-9A-Za-z_-]+")
#: Source: twilio.com/docs/glossary/what-is-a-sid: two letters and 32 hexadecimal digits, read 2026-11.
_ACCOUNT = re.compile(r"AC[0-9A-Za-z]{32}")
#: Source: core.telegram.org/bots/api#authorizing-your-bot, read 2026-11.
_BOT_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{3,}")
#: Source: core.telegram.org/bots/api#setwebhook, secret_token, read 2026-11.
_HOOK_WORD = re.compile(r"[A-Za-z0-9_-]{1,256}")
_SHOPIFY = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
#: What these APIs have behind their host, and Doorstep adds by itself.
_API_PATH = re.compile(r"https?://[^/]+/(?:2010-04-01|v\d+(?:\.\d+)?|bot)", re.IGNORECASE)
#: Routes of ours: who copied a webhook's address wrote one of these behind the host.
_OUR_PATH = re.compile(r"https?://[^/]+/(?:hooks|c|orders|docs|healthz|readyz)(?:/|$)", re.IGNORECASE)
_PLACE = re.compile(r"\{([^{}]*)\}")


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        what = "this is an API key" if value.startswith("SK") else "this is no account"
        raise wrong(
            f"{what}: an account's SID is AC and 32 letters or digits", "Copy Account SID from the Twilio console."
        )
    return value


def _sid(prefix: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not value.startswith(prefix) or not _SID.fullmatch(value):
            raise wrong(
                f"this is no {what}: its SID begins with {prefix}", f"Copy the SID ({prefix}…) from the Twilio console."
            )
        return value

    return AfterValidator(check)


def _meta_id(value: str) -> str:
    if not (value.isascii() and value.isdigit()):
        mend = "Copy the id, not the telephone number, from the app's page WhatsApp, API Setup."
        raise wrong("an id of Meta's has digits and nothing else", mend)
    return value


def _token(secret: Secret) -> Secret:
    if secret.known and re.search(r"\s", secret.reveal()):
        raise wrong(
            f"what {_name(secret)} holds has a blank or a line break in it", "Set it again, as it was given to you."
        )
    return secret


def _bot_token(secret: Secret) -> Secret:
    if secret.known and not _BOT_TOKEN.fullmatch(secret.reveal()):
        mend = "Copy the whole line from @BotFather, like 123456789:AA…"
        raise wrong(f"what {_name(secret)} holds is no bot's token", mend)
    return secret


def _hook_word(secret: Secret) -> Secret:
    if secret.known and not _HOOK_WORD.fullmatch(secret.reveal()):
        mend = 'Make one with: python3 -c "import secrets;print(secrets.token_urlsafe(32))"'
        raise wrong(f"Telegram takes only letters, digits, _ and - in what {_name(secret)} holds", mend)
    return secret


def _woo(prefix: str, other: str) -> AfterValidator:
    def check(secret: Secret) -> Secret:
        if secret.known and secret.reveal().startswith(other):
            raise wrong(f"{_name(secret)} holds what begins with {other}", f"Here belongs what begins with {prefix}.")
        return _token(secret)

    return AfterValidator(check)


def _name(secret: Secret) -> str:
    return secret.written.strip("${} ")


def _shopify(value: str) -> str:
    domain = value.lower().removeprefix("https://").rstrip("/")
    if not _SHOPIFY.fullmatch(value):
        mend = f"Did you mean {domain}?" if _SHOPIFY.fullmatch(domain) else "Write it as demo.myshopify.com."
        if re.fullmatch(r"[a-z0-9-]+", domain):
            mend = f"Did you mean {domain}.myshopify.com?"
        raise wrong("this is no shop's address at Shopify", mend)
    return value


def _api(value: str) -> str:
    if _API_PATH.match(value):
        raise wrong("the API's path does not belong here", f"Write {'/'.join(value.split('/')[:3])}")
    return value


def _public(value: str) -> str:
    if _OUR_PATH.match(value):
        raise wrong("this is the address of one page or webhook", f"Write {'/'.join(value.split('/')[:3])}")
    return value


def _woo_shop(value: str) -> str:
    shop, api, _ = value.partition("/wp-json")
    if api:
        raise wrong("the API's path does not belong here", f"Write {shop}")
    return value


def _payment_link(value: str) -> str:
    if not value.startswith(("https://", "http://")) or re.search(r"\s", value):
        raise wrong("this is no web address", 'Write for example "https://pay.example.com/{order}/{amount}".')
    for name in _PLACE.findall(value):
        if name not in ("order", "amount"):
            raise wrong(f"{{{name[:20]}}} is not known here", "{order} and {amount} are filled in.")
    return value


def _fields(*known: str, needed: tuple[str, ...] = ()) -> AfterValidator:
    """A mapping of our names: a misspelled one would be read from nowhere."""

    def check(value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name not in known:
                raise wrong(f"there is no field {name[:40]!r}", f"Ours, on the left, are {', '.join(known)}.")
        if missing := [name for name in needed if not value.get(name)]:
            raise wrong(f"nothing says where {missing[0]} stands", f"Add {missing[0]}: and the gateway's name of it.")
        return value

    return AfterValidator(check)


AccountSid = Annotated[Text, AfterValidator(_account)]
ServiceSid = Annotated[Text, _sid("MG", "Messaging Service")]
ContentSid = Annotated[Text, _sid("HX", "content template")]
MetaId = Annotated[Text, AfterValidator(_meta_id)]
Token = Annotated[EnvSecret, AfterValidator(_token)]
BotToken = Annotated[EnvSecret, AfterValidator(_bot_token)]
HookWord = Annotated[EnvSecret, AfterValidator(_hook_word)]
WooKey = Annotated[EnvSecret, _woo("ck_", "cs_")]
WooSecret = Annotated[EnvSecret, _woo("cs_", "ck_")]
ShopifyDomain = Annotated[Text, AfterValidator(_shopify)]
ApiAddress = Annotated[Site, AfterValidator(_api)]
PublicAddress = Annotated[Site, AfterValidator(_public)]
WooAddress = Annotated[Site, AfterValidator(_woo_shop)]
ReplyFields = Annotated[dict[Text, Text], _fields("id", "from", "text", needed=("from", "text"))]
DeliveryFields = Annotated[dict[Text, Text], _fields("id", "status", "to", "code", needed=("id", "status"))]
PaymentLink = Annotated[Text, AfterValidator(_payment_link)]
