"""A local SMS gateway over HTTP, described by its settings: how it is asked to send, and how it tells replies and reports.

No two gateways agree on anything, so every field is named by the settings, as a dotted path into JSON ("data.0.id") or as
a form field's name. Placeholders in the send URL and body: {to} {text} {from} {id}. {id} is ours; a gateway that gives it
back with its reports needs nothing else, one that knows only its own id must tell the recipient too (delivery.fields.to).

Weak spots: the secret on the webhook is a password, not a signature, so TLS has to keep it; a gateway that gives no id
with a reply tells two equal texts within ten minutes apart only by whatever else differs in its body.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import msgspec
from aiohttp import web
from msgspec import Struct, field

from adapters.customers import pointers_of
from adapters.receiving import FORM, FORM_LIMIT_BYTES, JSON, Parse, Received, receive
from engine.ports import BadPayload, BadSignature, Front
from flows import phones, pointers
from flows.events import AnyEvent, CustomerWrote, DeliveryReported

ROUTE = "sms"
PATH = "/hooks/sms/{gateway}"
#: Parts of {id}: the conversation (which never holds this mark) and the effect.
MARK = "|"

#: Two equal bodies without an id within so long are one reply, told twice.
SAME_REPLY_S = 600

DeliveryStatus = Literal["queued", "sent", "delivered", "read", "failed"]


class GatewaySend(Struct, frozen=True, kw_only=True):
    """How a text is sent. The body goes as JSON or as a form, as its Content-Type header says; without one: JSON."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = {}
    body: Any = None  # a mapping (nested for JSON), or a text with the placeholders in it; None: all is in the URL
    id_field: str = "id"  # where the gateway's id is in the answer; "": it gives none
    ok_field: str = ""  # what a 2xx must say in its body to mean yes
    ok_values: tuple[str, ...] = ()
    refusals: Mapping[str, str] = {}  # words in the body of a no -> code of flows/refusals (invalid_number, opted_out)


class GatewayReplies(Struct, frozen=True, kw_only=True):
    """How replies arrive. `fields`: from and text; id where it tells one."""

    secret: str
    previous: str = ""  # good while the gateway changes to the new one
    secret_header: str = "X-Gateway-Secret"  # noqa: S105 - the header's name
    fields: Mapping[str, str] = field(default_factory=lambda: {"id": "id", "from": "from", "text": "text"})


class GatewayDelivery(Struct, frozen=True, kw_only=True):
    """How reports arrive, by the same hook: a body whose status is one of `statuses` is a report, any other a reply."""

    fields: Mapping[str, str] = field(
        default_factory=lambda: {"id": "id", "status": "status", "to": "to", "code": "code"}
    )
    statuses: Mapping[str, DeliveryStatus] = {}


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """One gateway, as /hooks/sms/{name}."""

    name: str
    send: GatewaySend
    sender: str  # our number, as customers see it
    shops: tuple[str, ...]  # the first owns strangers
    country: str | None = None  # where numbers without an international prefix are read
    reply_hook: GatewayReplies | None = None
    delivery: GatewayDelivery = GatewayDelivery()
    timeout_s: float = 15.0


def verify(replies: GatewayReplies, received: Received) -> None:
    """The secret in its header, as a Bearer token, or as `?secret=` for gateways that can set nothing but a URL."""
    headers = received.headers
    given = [
        headers.get(replies.secret_header.lower(), ""),
        headers.get("authorization", "").removeprefix("Bearer "),
        *(value for name, value in received.query if name == "secret"),
    ]
    right = [secret.encode() for secret in (replies.secret, replies.previous) if secret]
    good = [hmac.compare_digest(one.encode("utf-8", "surrogateescape"), r) for one in given for r in right]
    if not any(good):
        raise BadSignature("secret")


def parse(settings: GatewaySettings, received: Received) -> tuple[AnyEvent, ...]:
    """A reply or a report. Raises BadPayload where a field is missing that cannot be done without."""
    body = _read(received)
    status = _status(settings, value_at(body, settings.delivery.fields.get("status", "")))
    if status is not None:
        return (_reported(settings, body, status, received),)
    return (_replied(settings, body, received),)


def parsers(settings: GatewaySettings) -> dict[str, Parse]:
    """Route name -> what reads its bodies, kept ones too."""
    return {f"{ROUTE}/{settings.name}": partial(parse, settings)}


def routes(front: Front, gateways: Mapping[str, GatewaySettings]) -> list[web.RouteDef]:
    """One route for all gateways with a reply hook; 404 for the others."""
    if any(g.reply_hook is not None and not g.reply_hook.secret for g in gateways.values()):
        raise ValueError("a gateway's hook cannot be checked without a secret")

    async def take(request: web.Request) -> web.StreamResponse:
        settings = gateways.get(request.match_info["gateway"])
        if settings is None or settings.reply_hook is None:
            raise web.HTTPNotFound
        check = partial(verify, settings.reply_hook)
        [(route, read)] = parsers(settings).items()
        return await receive(request, front, route, check, read, FORM_LIMIT_BYTES, (FORM, JSON))

    return [web.post(PATH, take)]


def tracked(conversation: str, effect_id: str) -> str:
    """Our {id} of a message: a report that carries it back finds its conversation."""
    return f"{conversation}{MARK}{effect_id}"


def value_at(body: Any, path: str) -> str:
    """What stands at a dotted path, as text; "" where nothing does. Digits are places in a list."""
    here = body
    for name in path.split(".") if path else ():
        if isinstance(here, Mapping):
            here = here.get(name)
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return ""
    return "" if here is None or not path or isinstance(here, dict | list) else str(here)


def _read(received: Received) -> Any:
    if received.content_type == FORM:
        try:
            return dict(received.form)
        except ValueError as error:
            raise BadPayload("the form is no UTF-8") from error
    try:
        return msgspec.json.decode(received.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadPayload("no JSON") from error


def _replied(settings: GatewaySettings, body: Any, received: Received) -> CustomerWrote:
    fields = settings.reply_hook.fields if settings.reply_hook else {}
    raw, path = value_at(body, fields.get("from", "")), fields.get("text", "")
    sender = phones.read_phone(raw, settings.country) if raw else None
    if sender is None:
        raise BadPayload("no number that wrote")
    if not path or not _has(body, path):
        raise BadPayload("no text")
    own = value_at(body, fields.get("id", ""))
    provider_id = own or _named(received)
    return CustomerWrote(
        event_id=f"gateway:{settings.name}:{provider_id}:received",
        to=pointers_of(settings.shops, sender.e164),
        at=received.at,
        opens=True,
        channel="sms",
        address=sender.e164,
        sender=settings.sender,
        text=value_at(body, path),
        provider_id=provider_id,
    )


def _reported(settings: GatewaySettings, body: Any, status: DeliveryStatus, received: Received) -> DeliveryReported:
    """Whose it is says our own id in it, else the recipient's number. Raises BadPayload where neither is told."""
    fields = settings.delivery.fields
    told, word = value_at(body, fields.get("id", "")), value_at(body, fields.get("status", ""))
    conversation, mark, effect_id = told.partition(MARK)
    ours = bool(mark and conversation and effect_id)
    phone = phones.read_phone(value_at(body, fields.get("to", "")), settings.country)
    if not told or not (ours or phone):
        raise BadPayload("neither our id nor the recipient")
    if ours:
        to: tuple[pointers.Pointer, ...] = (pointers.conversation(conversation),)
    else:
        assert phone is not None
        to = pointers_of(settings.shops, phone.e164)
    return DeliveryReported(
        event_id=f"gateway:{settings.name}:{told}:{word}",
        to=to,
        at=received.at,
        effect_id=effect_id if ours else "",
        provider_id="" if ours else told,
        provider="gateway",
        status=status,
        code=(value_at(body, fields.get("code", "")) or "failed") if status == "failed" else "",
    )


def _named(received: Received) -> str:
    """A name for a reply that the gateway gives none: its body, within some minutes. A gateway comes again within those; a
    customer who writes "1" about this order and "1" about the next one has answered twice."""
    span = int(received.at.timestamp()) // SAME_REPLY_S
    return hashlib.sha256(f"{span} ".encode() + received.body).hexdigest()[:32]


def _status(settings: GatewaySettings, word: str) -> DeliveryStatus | None:
    """What a word of the gateway's means; "Delivered" and "DELIVERED" are one."""
    if not word:
        return None
    found = settings.delivery.statuses
    return found.get(word) or next((ours for said, ours in found.items() if said.casefold() == word.casefold()), None)


def _has(body: Any, path: str) -> bool:
    """Whether there is such a field, be it blank: an empty text is a text."""
    here = body
    for name in path.split("."):
        if isinstance(here, Mapping) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return False
    return True
