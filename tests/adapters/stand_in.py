"""What stands in for the engine in front of an adapter, and how recorded bodies are read."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from adapters.gateway import GatewayDelivery, GatewayReplies, GatewaySend, GatewaySettings
from adapters.meta import MetaSettings, MetaTemplate
from adapters.meta_inbound import MetaSender
from adapters.meta_notices import Account
from adapters.receiving import FORM, JSON, Received
from adapters.twilio_settings import TwilioSettings
from engine.ports import Handled
from flows.events import AnyEvent

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ACCOUNT = "AC" + "5a" * 16
#: For an answer that never comes; half of it is for making a connection, which on a busy machine takes a fifth of a second.
PATIENCE_S = 1.2

TWILIO = TwilioSettings(
    account_sid=ACCOUNT,
    auth_tokens=("twilio-token-new", "twilio-token-old"),
    public_url="https://orders.example.com",
    senders={"+34910000001": ("demo",), "whatsapp:+34910000002": ("demo",)},
    content_sids={"confirm": {"en": "HX" + "0c" * 16}},
    timeout_s=PATIENCE_S,
)
META = MetaSettings(
    access_token="meta-access-token",
    app_secrets=("meta-secret-new", "meta-secret-old"),
    verify_token="meta-verify-token",
    senders={"7700112233": MetaSender("+34910000002", ("demo",))},
    templates={"confirm": {"en": MetaTemplate("order_confirm", "en_US")}},
    accounts=(Account("204", ("demo",), {("order_confirm", "en_US"): ("confirm", "en")}),),
    timeout_s=PATIENCE_S,
)
GATEWAY = GatewaySettings(
    name="local",
    send=GatewaySend(
        url="http://127.0.0.1:9/send",
        headers={"Authorization": "Bearer gateway-token"},
        body={"to": "{to}", "text": "{text}", "from": "{from}"},
        refusals={"not a mobile": "invalid_number"},
    ),
    sender="+34600000099",
    shops=("demo",),
    country="ES",
    reply_hook=GatewayReplies(secret="gateway-secret"),
    delivery=GatewayDelivery(statuses={"SENT": "sent", "DELIVRD": "delivered", "UNDELIV": "failed"}),
    timeout_s=PATIENCE_S,
)


@dataclass
class KeptBody:
    """One call of `keep`."""

    route: str
    body: bytes
    headers: dict[str, str]
    why: str


@dataclass
class StandInFront:
    """Implements engine.ports.Front as far as adapters use it. `rows`: events by id, as a store would hold them."""

    rows: dict[str, AnyEvent] = field(default_factory=dict)
    handled: list[AnyEvent] = field(default_factory=list)
    kept: list[KeptBody] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    failure: Exception | None = None  # what `handle` raises
    moment: datetime = NOW
    fails_for: str = ""  # only for event ids that hold this
    policies: dict[str, Any] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.moment

    async def handle(self, event: AnyEvent) -> Handled:
        if self.failure is not None and self.fails_for in event.event_id:
            raise self.failure
        self.handled.append(event)
        known = event.event_id in self.rows
        self.rows.setdefault(event.event_id, event)
        return Handled(None, duplicate=known)

    async def keep(self, route: str, body: bytes, headers: dict[str, str], why: str) -> None:
        self.kept.append(KeptBody(route, body, headers, why))

    def count(self, name: str, **labels: str) -> None:
        self.counted[name + "".join(f":{value}" for value in labels.values())] += 1


@dataclass(frozen=True)
class Recorded:
    """One recorded body: the request it came with, and the events that must come of it."""

    name: str
    route: str
    received: Received
    events: list[dict[str, Any]]


def recorded(folder: Path) -> list[Recorded]:
    """Every recorded body of a folder with its expected events. Raises FileNotFoundError where the events are missing."""
    found = []
    for path in sorted(folder.glob("*.json")):
        if not path.name.endswith(".events.json"):
            asked = json.loads(path.read_text("utf-8"))
            events = json.loads(path.with_suffix(".events.json").read_text("utf-8"))
            found.append(Recorded(path.stem, asked["route"], request_of(asked), events))
    return found


def request_of(asked: dict[str, Any]) -> Received:
    """The request that a recorded file describes."""
    if "form" in asked:
        body = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in asked["form"].items()).encode()
        content_type = FORM
    else:
        body, content_type = json.dumps(asked["json"]).encode(), JSON
    return Received(body, asked["target"], {"content-type": content_type}, NOW)
