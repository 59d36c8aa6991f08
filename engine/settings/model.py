"""The settings as a whole: the house, the shops, and the blocks that a shop may replace with its own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, PrivateAttr

from engine.secret import Secret, webhook_key
from engine.settings.block import Block, setting
from engine.settings.couriers import Delivery
from engine.settings.faults import wrong
from engine.settings.forms import PaymentLink, PublicAddress, ShopifyDomain, Token, WooAddress, WooKey, WooSecret
from engine.settings.offering import Offers, Polls
from engine.settings.providers import Imap, Meta, SmsGateway, Smtp, Telegram, Twilio
from engine.settings.rules import (
    Complaints,
    Confirmation,
    CountryRule,
    LimitRules,
    Numbers,
    Privacy,
    Risk,
)
from engine.settings.values import (
    Closing,
    Country,
    Currency,
    Duration,
    Email,
    EnvSecret,
    Flag,
    KeySecret,
    Language,
    Listen,
    Name,
    OpeningHours,
    Phone,
    Site,
    Text,
    WebAddress,
    Zone,
    secret_url,
)
from flows.policy import Hours

#: A block whose keys are all commented out is null in YAML; that means its defaults.
_Empty = BeforeValidator(lambda value: {} if value is None else value)

KEY_BYTES = 32  # AES-256
MAKE_A_KEY = 'python3 -c "import base64,secrets;print(base64.b64encode(secrets.token_bytes(32)).decode())"'

MAKE_A_WEBHOOK_KEY = (
    "python3 -c \"import base64,secrets;print('whsec_'+base64.b64encode(secrets.token_bytes(32)).decode())\""
)


def _key(secret: Secret) -> Secret:
    if secret.known and _decoded(secret.reveal()) is None:
        raise wrong(f"the key is not {KEY_BYTES} bytes in base64", f"Make one with: {MAKE_A_KEY}")
    return secret


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text.strip(), altchars=b"-_" if set(text) & set("-_") else None, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None


def _callback_key(secret: Secret) -> Secret:
    if secret.known:
        try:
            webhook_key(secret.reveal())
        except ValueError as error:
            raise wrong(str(error), f"Make one with: {MAKE_A_WEBHOOK_KEY}") from error
    return secret


class Storage(Block):
    """Where everything is kept."""

    url: Annotated[Secret, secret_url("sqlite", "mongodb", "mongodb+srv", example="sqlite:///data/doorstep.db")] = (
        setting("sqlite:/// and a path, or mongodb://host/database", eg="sqlite:///data/doorstep.db")
    )
    redis: Annotated[Secret, secret_url("redis", "rediss", example="redis://127.0.0.1:6379")] | None = setting(
        "redis://host when more than one process serves", None, eg="redis://127.0.0.1:6379"
    )
    encryption_key: Annotated[KeySecret, AfterValidator(_key)] = setting(
        "32 bytes in base64: encrypts personal data at rest and keys the lookup hashes", eg="${DOORSTEP_KEY}"
    )

    old_keys: tuple[Annotated[KeySecret, AfterValidator(_key)], ...] = setting(
        "former encryption_keys, the latest first: read until run.py rotate-key is done, and for links and nothing else afterwards",
        (),
        eg='["${DOORSTEP_OLD_KEY}"]',
    )

    def key(self) -> bytes:
        """The 32 bytes. Raises UnsetSecret."""
        return _decoded(self.encryption_key.reveal()) or b""

    def former_keys(self) -> tuple[bytes, ...]:
        """Raises UnsetSecret."""
        return tuple(_decoded(old.reveal()) or b"" for old in self.old_keys)

    @property
    def path(self) -> str | None:
        """The file of a SQLite store (relative to the working directory unless absolute); None for other stores."""
        url = self.url.reveal()
        return url.removeprefix("sqlite:///") if url.startswith("sqlite:///") else None


class Person(Block):
    """Somebody of the shop. The file fills the table at the first start; then the table holds."""

    telegram: int = setting("the user's id in Telegram (the bot's /id shows it)", eg="111222333", least=1)
    name: Text = setting("how colleagues see them", eg="Ana")
    role: Literal["staff", "manager", "owner"] = setting("what they may do", eg="staff")
    phone: Phone | None = setting("for urgent news", None, eg='"+34600000000"')
    email: Email | None = setting("for urgent news", None, eg="ana@example.com")
    language: Language | None = setting("of the cards' buttons; null: the shop's", None, eg="es")


class Channels(Block):
    """Which provider carries which channel; null switches a channel off."""

    sms: Literal["twilio", "gateway"] | None = setting("texts", "twilio")
    whatsapp: Literal["twilio", "meta"] | None = setting("WhatsApp", "twilio")
    email: Literal["smtp"] | None = setting("e-mail", "smtp")


class Shopify(Block):
    """Orders from Shopify."""

    webhook_secret: Token = setting("signs its webhooks", eg="${SHOPIFY_WEBHOOK_SECRET}")
    webhook_secret_previous: EnvSecret | None = setting(
        "the one before, good on what comes in while it is being replaced",
        None,
        eg="${SHOPIFY_WEBHOOK_SECRET_PREVIOUS}",
    )
    shop_domain: ShopifyDomain | None = setting("the shop's address at Shopify", None, eg="demo.myshopify.com")
    access_token: Token | None = setting("to write decisions back; null: none are written", None, eg="${SHOPIFY_TOKEN}")
    base_url: Site | None = setting("null: https:// and shop_domain", None, eg="https://demo.myshopify.com")
    cancel_after: Duration = setting(
        "Shopify's cancel is for good: it is tagged at once and made after so long, while the customer may come back",
        timedelta(minutes=30),
    )

    @property
    def admin_url(self) -> str | None:
        """Where its Admin API answers; None where decisions are not written back."""
        if self.access_token is None or not (self.base_url or self.shop_domain):
            return None
        return self.base_url or f"https://{self.shop_domain}"


class WooCommerce(Block):
    """Orders from WooCommerce."""

    webhook_secret: EnvSecret = setting("signs its webhooks", eg="${WOO_WEBHOOK_SECRET}")
    webhook_secret_previous: EnvSecret | None = setting(
        "the one before, good on what comes in while it is being replaced", None, eg="${WOO_WEBHOOK_SECRET_PREVIOUS}"
    )
    url: WooAddress | None = setting("the shop's address", None, eg="https://shop.example.com")
    consumer_key: WooKey | None = setting("to write decisions back; null: none are written", None, eg="${WOO_KEY}")
    consumer_secret: WooSecret | None = setting("beside consumer_key", None, eg="${WOO_SECRET}")

    @property
    def writes(self) -> bool:
        """Whether decisions are written back."""
        return bool(self.url and self.consumer_key and self.consumer_secret)


class Callback(Block):
    """Decisions go to this address, signed as Standard Webhooks."""

    url: WebAddress = setting("where", eg="https://shop.example.com/doorstep")
    secret: Annotated[EnvSecret, AfterValidator(_callback_key)] = setting(
        "whsec_ and 24 to 64 bytes in base64, or a text of at least 24 letters", eg="${CALLBACK_SECRET}"
    )


class ConsentDefault(Block):
    """Where an order does not say; the shop declares that its checkout asks."""

    whatsapp: Flag = setting("the customer takes WhatsApp messages about the order", True)
    news: Flag = setting("and news", False)
    polls: Flag = setting("and polls", False)


class Blocks(Block):
    """What stands once for all shops, or inside a shop and then replaces the global one whole."""

    people: tuple[Person, ...] = setting("staff and owners", (), eg="[{telegram: 111, name: Olga, role: owner}]")
    telegram: Telegram | None = setting("the staff group", None)
    twilio: Twilio | None = setting("SMS and WhatsApp", None)
    meta: Meta | None = setting("WhatsApp", None)
    sms_gateway: SmsGateway | None = setting("a local SMS gateway", None)
    smtp: Smtp | None = setting("e-mail out", None)
    imap: Imap | None = setting("e-mail replies", None)
    channels: Annotated[Channels, _Empty] = setting("provider by channel", Channels)
    confirmation: Annotated[Confirmation, _Empty] = setting("how an order is confirmed", Confirmation)
    countries: Annotated[dict[Country, CountryRule], _Empty] = setting(
        "overrides of the country table", dict, eg="{ES: {two_way_sms: true}}"
    )
    risk: Annotated[Risk, _Empty] = setting("assessment", Risk)
    delivery: Annotated[Delivery, _Empty] = setting("after the yes", Delivery)
    complaints: Annotated[Complaints, _Empty] = setting("complaints", Complaints)
    offers: Annotated[Offers, _Empty] = setting("offers", Offers)
    polls: Annotated[Polls, _Empty] = setting("polls", Polls)
    limits: Annotated[LimitRules, _Empty] = setting("ceilings", LimitRules)
    privacy: Annotated[Privacy, _Empty] = setting("how long data is kept, and who answers for it", Privacy)
    numbers: Annotated[Numbers, _Empty] = setting("what reports count with", Numbers)


class Shop(Blocks):
    """One shop. Any of the global blocks may stand in it too."""

    id: Name = setting("short name; part of its addresses", eg="demo")
    name: Text = setting("how customers know it", eg="Demo Shop")
    language: Language = setting("the language when nothing better is known", eg="en")
    country: Country = setting("where numbers without a country code are read", eg="ES")
    currency: Currency = setting("of amounts without one", eg="EUR")
    timezone: Zone = setting("of its hours", eg="Europe/Madrid")
    hours: OpeningHours = setting("opening hours by day", Hours(), eg='{mon-fri: "09:00-18:00", sat: "10:00-14:00"}')
    holidays: tuple[Closing, ...] = setting("dates on which it is closed", (), eg="[2026-12-25]")
    api_token: Token | None = setting("Bearer token of POST /orders; null: no API", None, eg="${DEMO_API_TOKEN}")
    api_token_previous: Token | None = setting(
        "the one before, good on what comes in while it is being replaced", None, eg="${DEMO_API_TOKEN_PREVIOUS}"
    )
    shopify: Shopify | None = setting("orders from Shopify", None)
    woocommerce: WooCommerce | None = setting("orders from WooCommerce", None)
    callback: Callback | None = setting("where decisions go", None)
    cod_payment_methods: tuple[Text, ...] | None = setting(
        "labels that mean cash on delivery; null: the built-in list in many languages",
        None,
        eg='[cod, "cash on delivery"]',
    )
    consent_default: Annotated[ConsentDefault, _Empty] = setting("consent where an order does not say", ConsentDefault)
    payment_link: PaymentLink | None = setting(
        "where a customer can pay; {order} and {amount} are filled in",
        None,
        eg='"https://pay.example.com/{order}/{amount}"',
    )
    faq: dict[Language, dict[Literal["delivery_cost", "delivery_time", "returns", "pickup"], Text]] = setting(
        "language -> topic (delivery_cost, delivery_time, returns, pickup) -> short answer", dict,
        eg="{en: {returns: 30 days}}",
    )  # fmt: skip
    texts: dict[Language, dict[Text, Text]] = setting(
        "the shop's own words: language -> template -> text", dict, eg='{en: {thanks_reply: "You are welcome!"}}'
    )
    script: Literal["own", "latin"] | None = setting("of Hindi, Urdu and Bengali texts; null: the customer's own", None)
    call_from: Phone | None = setting("the number that staff call from, named in missed-call messages", None)
    share: Flag = setting("other shops may use the same sender or group (each of them says so)", False)


class Settings(Blocks):
    """Everything of config.yaml."""

    public_url: PublicAddress = setting("the address that customers and providers use", eg="https://orders.example.com")
    listen: Listen = setting("where the service listens", "127.0.0.1:8080")
    storage: Storage = setting("where everything is kept")
    shops: tuple[Shop, ...] = setting("the shops")
    _lines: dict[str, int] = PrivateAttr(default_factory=dict)

    def shop(self, shop_id: str) -> Shop:
        """Raises KeyError for a shop that is not there."""
        for shop in self.shops:
            if shop.id == shop_id:
                return shop
        raise KeyError(shop_id)

    def blocks(self, shop: Shop) -> Blocks:
        """The blocks that hold for this shop: its own where it has them (null included), else the global ones."""
        return Blocks.model_construct(**{name: getattr(self.home(shop, name)[1], name) for name in Blocks.model_fields})

    def home(self, shop: Shop, block: str) -> tuple[str, Blocks]:
        """Where a shop's block stands: its path in the file ("shops[0].twilio"), and who holds it."""
        if block in shop.model_fields_set:
            return f"shops[{self.shops.index(shop)}].{block}", shop
        return block, self

    @property
    def lines(self) -> Mapping[str, int]:
        """Path -> line of the file; empty for settings that came from no file."""
        return self._lines

    def read_from(self, lines: dict[str, int]) -> Self:
        """These settings, knowing where in the file they stand. For `load`."""
        self._lines = lines
        return self


#: Names of what may stand globally or inside a shop.
BLOCKS: tuple[str, ...] = tuple(Blocks.model_fields)
