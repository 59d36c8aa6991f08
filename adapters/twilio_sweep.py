"""Asks Twilio for what its webhooks never told: what customers wrote, and what became of ours.

The Messages list knows less than a webhook: not the payload of a WhatsApp button (its title stands in the body, and is read as
words), not the kind of an attachment, not a place, not the verdict on an opt-out word (ours is made from the same list of words).
Messages of the last half minute are left to their webhooks, which know more.
Source: https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import msgspec

from adapters.customers import e164_of, pointers_of
from adapters.exchange import Exchange, decoded
from adapters.receiving import FORM, Received
from adapters.replied import Answer
from adapters.twilio import MESSAGE_PATH
from adapters.twilio_inbound import STATUSES, WHATSAPP, parse_message
from adapters.twilio_send import authorization, messages_url
from adapters.twilio_settings import TwilioSettings
from engine.ports import BadPayload, Swept, Unanswered
from flows.events import AnyEvent, DeliveryReported

#: Left to the webhooks, which Twilio gives up after 15 s.
YOUNGEST = timedelta(seconds=30)
#: A message of Twilio's list is about a kilobyte; an answer of ours may have two million bytes.
PAGE_SIZE = 500
#: A hundred thousand messages at one sweep; what is beyond it was sent by somebody else.
PAGES_MOST = 200
#: Twilio keeps trying a phone that is off for at most ten hours (its ValidityPeriod), and a report may come two hours late.
SETTLES_WITHIN = timedelta(hours=12)


class _Listed(msgspec.Struct):
    sid: str
    to: str
    from_: str | None = msgspec.field(name="from", default=None)
    body: str | None = None
    status: str = ""
    direction: str = ""
    date_sent: str | None = None
    error_code: int | str | None = None
    num_media: str | int = "0"


class _Page(msgspec.Struct):
    messages: list[_Listed]
    next_page_uri: str | None = None


class _Sweep:
    """What both have in common: the list."""

    provider = "Twilio"

    def __init__(self, settings: TwilioSettings, name: str, exchange: Exchange) -> None:
        self._settings = settings
        self._exchange = exchange
        self.name = f"twilio:{settings.account_sid}:{name}"
        self.shop = next((shops[0] for shops in settings.senders.values() if shops), "")

    async def _listed(self, of: dict[str, str], since: datetime) -> list[tuple[datetime, _Listed]]:
        """Oldest first. Raises Unanswered."""
        base = self._settings.base_url.rstrip("/")
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        url: str | None = (
            f"{messages_url(self._settings)}?{urlencode({**of, 'DateSent>': moment, 'PageSize': PAGE_SIZE})}"
        )
        found: list[tuple[datetime, _Listed]] = []
        for _ in range(PAGES_MOST):
            answer = await self._exchange.ask("GET", url or "", headers=authorization(self._settings))
            if not isinstance(answer, Answer):
                raise Unanswered(f"Twilio's list: {answer.reason}")
            page = decoded(answer.body, _Page) if answer.status == 200 else None
            if page is None:
                raise Unanswered(f"Twilio's list: http {answer.status}")
            found += [(_moment(m.date_sent) or since, m) for m in page.messages]
            if not page.next_page_uri or not page.next_page_uri.startswith("/"):
                break
            url = base + page.next_page_uri
        return sorted(found, key=lambda each: each[0])


class TwilioReplies(_Sweep):
    """Implements engine.ports.Sweeper: what customers wrote."""

    deep = timedelta()
    tells = True

    def __init__(self, settings: TwilioSettings, exchange: Exchange) -> None:
        super().__init__(settings, "in", exchange)

    async def sweep(self, since: datetime, now: datetime) -> Swept:
        upto = now - YOUNGEST
        found: list[tuple[datetime, _Listed]] = []
        for sender in self._settings.senders:
            found += [(at, m) for at, m in await self._listed({"To": sender}, since) if m.direction == "inbound"]
        events: list[AnyEvent] = []
        for at, message in sorted(found, key=lambda each: each[0]):
            if at <= upto:
                events += self._told(message, now)
        return Swept(tuple(events), upto)

    def _told(self, message: _Listed, now: datetime) -> Iterable[AnyEvent]:
        """As the webhook would have told it."""
        form = {
            "MessageSid": message.sid,
            "AccountSid": self._settings.account_sid,
            "From": message.from_ or "",
            "To": message.to,
            "Body": message.body or "",
            "NumMedia": str(message.num_media),
        }
        received = Received(urlencode(form).encode(), MESSAGE_PATH, {"content-type": FORM}, now)
        try:
            return parse_message(self._settings.account_sid, self._settings.senders, received)
        except BadPayload:
            return ()  # of a number that is no shop's any more


class TwilioReceipts(_Sweep):
    """Implements engine.ports.Sweeper: what became of our messages. A receipt is found by the address that it is about."""

    deep = SETTLES_WITHIN
    tells = False

    def __init__(self, settings: TwilioSettings, exchange: Exchange) -> None:
        super().__init__(settings, "out", exchange)

    async def sweep(self, since: datetime, now: datetime) -> Swept:
        of: list[dict[str, str]] = [{"From": sender} for sender in self._settings.senders]
        if self._settings.messaging_service_sid:
            of = [{}]  # its pool has numbers of its own
        events: list[AnyEvent] = []
        for wanted in of:
            for _, message in await self._listed(wanted, since):
                if message.direction.startswith("outbound"):
                    events += self._told(message, now)
        return Swept(tuple(events), now)

    def _told(self, message: _Listed, now: datetime) -> Iterable[DeliveryReported]:
        status = STATUSES.get(message.status, "queued")
        if status in ("queued", "sent"):
            return
        phone = e164_of(message.to.removeprefix(WHATSAPP))
        user_id = "" if phone else message.to.removeprefix(WHATSAPP)
        every = tuple(dict.fromkeys(shop for shops in self._settings.senders.values() for shop in shops))
        for shop in self._settings.senders.get(message.from_ or "", every):
            yield DeliveryReported(
                event_id=f"twilio:{message.sid}:{message.status}",
                to=pointers_of((shop,), phone, user_id),
                at=now,
                effect_id="",
                provider_id=message.sid,
                provider="twilio",
                status=status,
                code="" if message.error_code is None or status != "failed" else str(message.error_code),
            )


def _moment(rfc2822: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(rfc2822 or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
