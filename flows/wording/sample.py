"""The fixed sample by which lengths are judged: name of 12 letters, amount of 9 characters, link of 51."""

from __future__ import annotations

from datetime import UTC, datetime

from flows.money import Money
from flows.wording.rendered import Rendered
from flows.wording.rendering import NO_OVERRIDES, Overrides, render
from flows.wording.spec import SPECS
from flows.wording.values import Moment, Value

_WHEN = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)

SAMPLE: dict[str, Value] = {
    "shop": "Casa Marisol",
    "name": "Maria Garcia",
    "order": "#10001",
    "total": Money(4990, "EUR"),
    "price": Money(4490, "EUR"),
    "gift": "a keyring",
    "offer": "10% off lampshades",
    "link": "https://orders.example.com/c/Yk3vQ9bT2mXw7LhR5sNd8f",
    "number": "+34600000000",
    "address": "Calle Mayor 5, Madrid",
    "items": "2 x Lamp",
    "delivery": "UPS 26-27.11.",
    "days": "Thu or Fri",
    "ship": "Wed",
    "what": "leave it with a neighbour",
    "tracking": "https://track.example.com/1Z999AA10123456784",
    "hours": "mon-fri 09:00-18:00",
    "window": "11:00-15:00",
    "by": Moment(_WHEN, "Europe/Madrid", "daytime"),
    "when": Moment(_WHEN, "Europe/Madrid", "daytime"),
    "count": 2,
    "list": "1) #10001, 49.90 EUR\n2) #10002, 19.90 EUR",
    "back": "#9001, #9002",
    "missed": "#9003",
    "late": "#9004",
    "open": "#10000",
    "details": "Calle Mayor",
    "big": Money(49900, "EUR"),
    "many": 24,
    "before": "#9005",
    "door": "Calle Mayor 5",
    "person": "Casa Marisol",
    "answer": "Delivery takes 2-3 days.",
    "text": "Hello, this is Ana from the shop.",
}


def preview(
    template: str, lang: str, *, overrides: Overrides = NO_OVERRIDES, script: str | None = None
) -> list[tuple[str, Rendered]]:
    """The text on each of its channels with the sample's values. Raises UnknownTemplate."""
    channels = SPECS[template].channels if template in SPECS else ("sms",)
    return [
        (channel, render(template, channel, lang, SAMPLE, overrides=overrides, script=script)) for channel in channels
    ]
