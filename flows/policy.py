"""What the settings mean to decisions: one frozen struct per shop, built from config.yaml by engine/settings."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Literal

from msgspec import Struct

from flows.complaint import Rules as ComplaintRules
from flows.couriers import Aftercare
from flows.keeping import Keep
from flows.offers import Offers
from flows.poll_rules import Polls
from flows.risk.policy import RiskPolicy


class Rung(Struct, frozen=True):
    """One step of the confirmation ladder."""

    channel: str  # sms | whatsapp | email | voice | staff
    wait: timedelta  # from acceptance until the next rung


class Calls(Struct, frozen=True):
    attempts: int = 2
    apart: timedelta = timedelta(hours=3)
    then: Literal["cancel", "hold"] = "cancel"


class Quiet(Struct, frozen=True):
    """Local times between which follow-ups rest; may cross midnight."""

    start: time
    end: time


class Hours(Struct, frozen=True):
    """Business hours: weekday (0 Monday) -> (from, to) pairs in local time; dated closings beside it (ISO dates)."""

    week: dict[int, tuple[tuple[time, time], ...]] = {}
    holidays: frozenset[str] = frozenset()
    away_until: datetime | None = None  # closed until then, whatever the week says


class Sender(Struct, frozen=True):
    """One address of ours on one channel, with the habits of the provider behind it."""

    channel: str
    provider: str  # twilio | gateway | meta | smtp
    address: str  # what the customer sees: +E.164, short code, alphanumeric id, e-mail
    opt_out: frozenset[str] = frozenset()  # casefolded words that the provider itself takes as an opt-out
    opt_in: frozenset[str] = frozenset()
    help: frozenset[str] = frozenset()
    answers_opt_out: bool = False  # the provider acknowledges STOP, START and HELP by itself
    two_way: bool | None = None  # None: the country table says
    rate_per_s: float = 1.0  # messages (SMS: segments) a second
    can_be_asked: bool = False  # the provider's list can be searched for a message of unknown fate


class Country(Struct, frozen=True):
    """Facts of one country for texts. Source: flows/country_facts.py and settings."""

    two_way_sms: Literal["yes", "local", "no"] = "yes"  # local: only to a short code or a number of that country
    links_allowed: bool = True
    source: str = ""
    sender: str = ""  # write from this address there; "" is the shop's usual one


class Limits(Struct, frozen=True):
    """Only messages that we begin; None is off."""

    first_sms_per_number_day: int | None = 3
    first_sms_per_prefix_hour: int | None = 20
    first_sms_per_hour: int | None = None
    hour_follows_usual: bool = (
        False  # first_sms_per_hour is the floor of max(floor, 4 x the usual hour), `auto` in the settings
    )
    money_per_day: str | None = None  # "20.00 EUR"


class Prices(Struct, frozen=True):
    """What messages cost in the shop's currency; None: nobody said."""

    sms_segment: float | None = None
    whatsapp_message: float | None = None

    def cost(self, segments: int, whatsapp: int) -> float:
        return segments * (self.sms_segment or 0) + whatsapp * (self.whatsapp_message or 0)


#: Time to think before a cancel that no shop can take back.
CANCEL_AFTER = timedelta(minutes=30)


class Policy(Struct, frozen=True, kw_only=True):
    shop: str
    name: str
    language: str = "en"
    country: str = ""
    currency: str = "EUR"
    zone: str = "UTC"
    hours: Hours = Hours()
    ladder: tuple[Rung, ...] = (
        Rung("sms", timedelta(hours=4)),
        Rung("whatsapp", timedelta(hours=4)),
        Rung("email", timedelta(hours=12)),
        Rung("staff", timedelta(hours=24)),
    )
    calls: Calls = Calls()
    if_unanswered: Literal["hold", "cancel"] = "hold"
    quiet: Quiet | None = Quiet(time(21), time(9))
    sms: Sender | None = None
    whatsapp: Sender | None = None
    email: Sender | None = None
    voice: Sender | None = None  # calls that a machine makes; staff call from `call_from`
    staff_chat: str = ""  # the Telegram group; "" when Telegram is off
    take_for: timedelta = timedelta(minutes=30)  # who has taken a card and does nothing gives it back after so long
    topics: dict[str, int] = {}  # flows.topics.NAMES -> its thread; empty where the group is no forum
    replies: dict[str, dict[str, str]] = {}  # language -> title -> text that staff send with one press
    call_from: str = ""  # the number staff call from, as the customer sees it
    daily_recipients: int = (
        0  # people whom WhatsApp lets us write to first within 24 h, by the settings; 0: as it tells
    )
    reach_limit: int | None = None  # the same as of now, from the settings or learnt; None: no limit is known
    reach_full: dict[str, datetime] = {}  # kind of message (flows/tiers.py) -> until when it waits for room there
    wa_templates: frozenset[tuple[str, str]] = frozenset()  # (template, language) that the provider has approved
    countries: dict[str, Country] = {}
    consent_whatsapp: bool = True
    cod_labels: frozenset[str] = frozenset()  # casefolded
    limits: Limits = Limits()
    money_until: datetime | None = None  # the day's money is spent: what costs and what we begin waits until then
    paused: frozenset[str] = frozenset()  # channels that the owner or a fault has switched off
    shares: dict[str, tuple[str, ...]] = {}  # channel -> other shops that write from the same sender
    overrides: dict[str, dict[str, str]] = {}  # the shop's own words: language -> template -> text
    script: str | None = None  # own | latin, for Hindi, Urdu, Bengali
    risk: RiskPolicy = RiskPolicy()
    on_trusted: Literal["confirm", "ask"] = "confirm"
    on_review: Literal["staff", "ask"] = "staff"
    ask_more: dict[str, tuple[str, ...]] = {}  # verdict or signal -> second_number | prepay | call
    disposable: frozenset[str] = frozenset()  # domains of throw-away e-mail
    not_shipped_after: timedelta = timedelta(days=3)
    no_news_after: timedelta = timedelta(days=10)
    risk_enabled: bool = True
    group: str = ""  # shops of one group count orders of the same item by the same number among each other
    consent_news: bool = False  # where an order does not say
    consent_polls: bool = False
    payment_link: str = ""  # with {order} and {amount}
    later_within: timedelta | None = timedelta(days=14)  # who wants it later may name a day as far ahead; None: staff
    exchange: bool = True  # who cancels because it is the wrong article is shown to staff for an exchange
    tells: frozenset[str] = frozenset()  # places that hear of decisions: callback, shopify, woocommerce
    cancel_after: timedelta = timedelta(
        minutes=30
    )  # Shopify's cancel is for good: the customer may come back till then
    after: Aftercare = Aftercare()  # between the yes and the door
    complaints: ComplaintRules = ComplaintRules()
    polls: Polls = Polls()
    offers: Offers = Offers()  # to who haggles, and to who comes back
    faq: dict[str, dict[str, str]] = {}  # language -> topic -> short answer
    prices: Prices = Prices()
    notices_stopped: frozenset[int] = frozenset()  # notices to many of which nothing may leave any more
    keep: Keep = Keep()  # how long what is known of people is kept

    def sender(self, channel: str) -> Sender | None:
        """Our address on that channel; None where it is not configured or paused."""
        if channel in self.paused:
            return None
        return {"sms": self.sms, "whatsapp": self.whatsapp, "email": self.email, "voice": self.voice}.get(channel)
