"""One shop's settings and customers, as the tests of the flows know it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from flows import countries
from flows.couriers import Aftercare, Courier, Span
from flows.events import CustomerWrote, OrderTold
from flows.money import Money
from flows.orders import Item, OrderFields
from flows.pointers import Pointer, order, phone
from flows.policy import Calls, Country, Hours, Policy, Quiet, Rung, Sender
from flows.postal import PostalAddress

SHOP = "demo"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)  # a Monday, 11:00 in Madrid
GROUP = "-100123"
ANA, BEN, CY = "+34655102938", "+34677410253", "+34690318274"  # none that looks made up
MAIL = "ana@example.com"

TWILIO = Sender(
    "sms",
    "twilio",
    "+34911000001",
    opt_out=frozenset(["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"]),
    opt_in=frozenset(["start", "yes", "unstop"]),
    help=frozenset(["help", "info"]),
    answers_opt_out=True,
    can_be_asked=True,
)
GATEWAY = Sender("sms", "gateway", "34911", opt_out=frozenset(["baja"]), two_way=True)
WHATSAPP = Sender("whatsapp", "twilio", "+34911000002", can_be_asked=True)
EMAIL = Sender("email", "smtp", "orders@example.com")
APPROVED = frozenset(
    (name, "en")
    for name in (
        "confirm",
        "reconfirm",
        "cancelled_by_shop",
        "cancelled_no_answer",
        "cancelled_optout",
        "missed_call",
        "old_number_told",
    )
)

POLICY = Policy(
    shop=SHOP,
    name="Demo Shop",
    country="ES",
    zone="Europe/Madrid",
    hours=Hours(),
    sms=TWILIO,
    whatsapp=WHATSAPP,
    email=EMAIL,
    staff_chat=GROUP,
    wa_templates=APPROVED,
    countries=countries.built_in() | {"ES": Country()},
)
#: Other settings under which every promise holds as well.
POLICIES = {
    "usual": POLICY,
    "gateway": replace(POLICY, sms=GATEWAY, whatsapp=None, quiet=None, calls=Calls(1, timedelta(hours=1), "hold")),
    "hard": replace(
        POLICY,
        if_unanswered="cancel",
        ladder=(Rung("whatsapp", timedelta(hours=1)), Rung("sms", timedelta(hours=2))),
        quiet=Quiet(POLICY.quiet.start, POLICY.quiet.end) if POLICY.quiet else None,
    ),
    "alone": replace(POLICY, staff_chat="", wa_templates=frozenset(), ladder=POLICY.ladder[:1]),
    "couriers": replace(
        POLICY,
        after=Aftercare(
            couriers=(
                Courier(
                    name="Day", week=dict.fromkeys(range(6), ((time(9), time(14)), (time(15), time(20)))), tells=False
                ),
                Courier(
                    name="Any", week=dict.fromkeys(range(7), ((time(8), time(22)),)), cut_off=time(20), lead_days=0
                ),
            ),
            news=frozenset({"shipped", "today", "delivered"}),
            replan=True,
            pickup_points=("Kiosk Sol",),
            still_after=timedelta(hours=30),
            still_night=Span(time(22), time(6)),
        ),
    ),
    "paused": replace(POLICY, paused=frozenset(["sms"])),
    "telling": replace(POLICY, tells=frozenset(["callback", "shopify"])),
}


def fields(order_id: str = "1001", **more: object) -> OrderFields:
    """A cash-on-delivery order of Ana in Madrid; keywords replace fields."""
    usual = OrderFields(
        id=order_id,
        total=Money(4990, "EUR"),
        placed_at=NOW,
        name="Ana Ruiz",
        phone=ANA,
        phone_raw="655 10 29 38",
        email=MAIL,
        address=PostalAddress(line1="Calle Mayor 1", city="Madrid", postcode="28013", country="ES"),
        items=(Item("Lamp", 1, "S1"),),
        consent_whatsapp=True,
    )
    return replace(usual, **more)


def names(of: OrderFields) -> tuple[Pointer, ...]:
    """Under which pointers an order is looked for, as the shops' adapters do."""
    first = order(SHOP, of.id)
    if of.phone:
        return first, phone(SHOP, of.phone)
    return (first, Pointer("email", of.email, SHOP)) if of.email else (first, first)


def told(of: OrderFields, n: object = 1, at: datetime = NOW, **more: object) -> OrderTold:
    """The shop tells of an order; keywords replace the event's fields."""
    event = OrderTold(event_id=f"shop:{n}", to=names(of), at=at, opens=True, fields=of, mode="upsert", source="shopify")
    return replace(event, **more)


def wrote(text: str, n: object = 1, at: datetime = NOW, address: str = ANA, **more: object) -> CustomerWrote:
    """A text message from the customer; keywords replace the event's fields."""
    event = CustomerWrote(
        event_id=f"twilio:SM{n}:received",
        to=(phone(SHOP, address),),
        at=at,
        opens=True,
        channel="sms",
        address=address,
        sender=TWILIO.address,
        text=text,
        provider_id=f"SM{n}",
    )
    return replace(event, **more)
