"""What the town of the story tests is: its people, numbers, secrets, and the settings of its shop."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.settings import Settings, build
from engine.settings.document import parse
from flows.wording import wa_template
from sandbox.twilio import PretendTwilio
from tests.town_meta import META_ENV

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Madrid
ACCOUNT, TOKEN = "AC" + "0" * 32, "town-twilio-token"
API_TOKEN, OTHER_TOKEN = "town-api-token", "town-other-token"
SHOPIFY_SECRET, WOO_SECRET = "town-shopify-secret", "town-woo-secret"
SHOPIFY_TOKEN, WOO_KEY, WOO_REST = "town-shopify-admin-token", "ck_town", "cs_town"
CALLBACK_SECRET = "whsec_" + base64.b64encode(bytes(range(40, 72))).decode()
KEY = base64.b64encode(bytes(range(32))).decode()
BOT_TOKEN = "123456789:AAtown-town-town-town-town-town-town"
SMS_FROM, WA_FROM = "+34911000001", "+34911000002"
ANA_PHONE = "+34600000001"
OLGA, ANA, BEN, EVE = 111, 222, 333, 999  # owner, staff, staff, a stranger

SETTINGS = """
public_url: http://127.0.0.1:{port}
listen: 127.0.0.1:{port}
storage: {{url: "sqlite:///{path}", encryption_key: "${{KEY}}"}}
people:
  - {{telegram: 111, name: Olga, role: owner}}
  - {{telegram: 222, name: Ana, role: staff}}
  - {{telegram: 333, name: Ben, role: staff}}
twilio:
  account_sid: {account}
  auth_token: ${{TWILIO}}
  base_url: {twilio}
  sms_from: "{sms_from}"
  whatsapp_from: "{wa_from}"
  content_sids: {{{contents}}}
  {twilio_more}
smtp: {{url: "{smtp}", from: "Demo Shop <orders@example.com>"}}
telegram: {telegram}
countries: {countries}
{more}
shops:
  - id: demo
    name: Demo Shop
    language: en
    country: ES
    currency: EUR
    timezone: Europe/Madrid
    hours: {{mon-fri: "09:00-18:00"}}
    api_token: ${{API}}
    shopify: {{webhook_secret: "${{SHOPIFY}}"{shopify_more}}}
    woocommerce: {{webhook_secret: "${{WOO}}"{woo_more}}}
    {in_shop}
"""
ENV = {
    "KEY": KEY,
    "TWILIO": TOKEN,
    "API": API_TOKEN,
    "SHOPIFY": SHOPIFY_SECRET,
    "WOO": WOO_SECRET,
    "BOT": BOT_TOKEN,
    "OTHER": OTHER_TOKEN,
    "SHOPIFY_TOKEN": SHOPIFY_TOKEN,
    "WOO_KEY": WOO_KEY,
    "WOO_REST": WOO_REST,
    "CALLBACK": CALLBACK_SECRET,
    **META_ENV,
}
#: Our templates that "Twilio has approved" in the town, in English.
APPROVED = ("confirm", "reconfirm", "cancelled_by_shop", "cancelled_no_answer", "cancelled_optout", "missed_call")


def local(text: str, zone: str = "Europe/Madrid") -> datetime:
    """The moment (UTC) at which a clock there shows this: local("2026-10-24 20:30")."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def settings_of(text: str) -> Settings:
    return build(parse(text), ENV)


def register(twilio: PretendTwilio, approved: tuple[str, ...]) -> str:
    """Submit our own template texts to the pretend Content API, as a shop does once."""
    made = []
    for n, name in enumerate(approved):
        template = wa_template(name, "en")
        sid = f"HX{n:032d}"
        twilio.register_content(sid, template.body, list(template.buttons))
        made.append(f"{name}: {{en: {sid}}}")
    return ", ".join(made)
