"""What Twilio's webhooks say, as events. Pure; the signature has been checked before.

The names that are read must be there once each, because Twilio joins names and values without a mark when it signs;
whatever else stands beside them is let pass: Twilio adds fields without notice. The account and our own number must be
ours. Source: https://www.twilio.com/docs/messaging/guides/webhook-request, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import Literal

from adapters.customer_head import Head
from adapters.customers import e164_of, pointers_of
from adapters.receiving import Received
from engine.ports import BadPayload
from flows import pointers
from flows.events import AnyEvent, Attached, CustomerPressed, CustomerWrote, DeliveryReported

WHATSAPP = "whatsapp:"

#: Twilio's word -> ours. Source: https://www.twilio.com/docs/messaging/api/message-resource#message-status-values, read 2026-11.
STATUSES: dict[str, Literal["queued", "sent", "delivered", "read", "failed"]] = {
    "accepted": "queued",
    "scheduled": "queued",
    "queued": "queued",
    "sending": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}

_OF_A_MESSAGE = frozenset({"MessageSid", "AccountSid", "From", "To", "Body"})
_OF_A_STATUS = frozenset({"MessageSid", "AccountSid", "MessageStatus"})
#: Twilio sends at most ten media. Source: twilio.com/docs/messaging/guides/webhook-request, read 2026-11.
MAX_MEDIA = 10
#: The address of a file at Twilio, of which only the two ids are read: it is not called.
_MEDIUM = re.compile(r"/Messages/((?:MM|SM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})$")


def parse_message(
    account_sid: str, senders: Mapping[str, Sequence[str]], received: Received
) -> tuple[CustomerWrote | CustomerPressed, ...]:
    """What one customer wrote or pressed. () for a sender that is no customer (an operator's short code).

    Raises BadPayload: a field is missing or doubled, the account is another, or `To` belongs to no shop (`senders`).
    """
    fields = _once(received.form, _OF_A_MESSAGE)
    if fields["AccountSid"] != account_sid:
        raise BadPayload("AccountSid is not ours")
    shops = senders.get(fields["To"])
    if not shops:
        raise BadPayload("To is no sender of a shop")
    whatsapp = fields["From"].startswith(WHATSAPP)
    phone = e164_of(fields["From"].removeprefix(WHATSAPP))
    user_id = _user_id(fields, phone) if whatsapp else ""
    if not phone and not user_id:
        return ()
    head: Head = {
        "event_id": f"twilio:{fields['MessageSid']}:received",
        "to": pointers_of(shops, phone, user_id),
        "at": received.at,
        "opens": True,
        "channel": "whatsapp" if whatsapp else "sms",
        "address": phone or user_id,
        "sender": fields["To"].removeprefix(WHATSAPP),
        "provider_id": fields["MessageSid"],
        "reply_to": fields.get("OriginalRepliedMessageSid", ""),
    }
    return (_pressed(fields, head) or _wrote(fields, head),)


def parse_status(account_sid: str, received: Received) -> tuple[AnyEvent, ...]:
    """What became of one message of ours. () for a word we do not follow, and for messages that did not come from here.

    Whose it is says the query of the StatusCallback that we gave with it, which Twilio signs. Raises BadPayload.
    """
    fields = _once(received.form, _OF_A_STATUS)
    if fields["AccountSid"] != account_sid:
        raise BadPayload("AccountSid is not ours")
    query = dict(received.query)
    conversation, effect_id = query.get("c", ""), query.get("e", "")
    status = STATUSES.get(fields["MessageStatus"])
    if not conversation or not effect_id or status is None:
        return ()
    return (
        DeliveryReported(
            event_id=f"twilio:{fields['MessageSid']}:{fields['MessageStatus']}",
            to=(pointers.conversation(conversation),),
            at=received.at,
            effect_id=effect_id,
            provider_id=fields["MessageSid"],
            provider="twilio",
            status=status,
            code=fields.get("ErrorCode", "") if status == "failed" else "",
        ),
    )


def _once(pairs: Sequence[tuple[str, str]], names: Set[str]) -> dict[str, str]:
    """The fields by name. Raises BadPayload where one of `names` is missing or stands there twice."""
    fields = dict(pairs)
    if not fields.keys() >= names:
        missing = sorted(names - fields.keys())
        raise BadPayload(*(f"{name} is missing" for name in missing))
    if len(fields) != len(pairs):
        given = [name for name, _ in pairs]
        if doubled := [name for name in sorted(names) if given.count(name) > 1]:
            raise BadPayload(*(f"{name} stands there twice" for name in doubled))
    return fields


def _user_id(fields: Mapping[str, str], phone: str) -> str:
    """The business-scoped user id: beside the phone, or in its place where the person hides the number."""
    told = fields.get("ExternalUserId", "").removeprefix(WHATSAPP)
    return told or ("" if phone else fields["From"].removeprefix(WHATSAPP))


def _pressed(fields: Mapping[str, str], head: Head) -> CustomerPressed | None:
    """A button (the payload is its own text where the template names none), or a row of a list."""
    payload = fields.get("ButtonPayload") or fields.get("ListId") or fields.get("ButtonText")
    if not payload:
        return None
    title = fields.get("ButtonText") or fields.get("ListTitle") or fields["Body"]
    return CustomerPressed(payload=payload, title=title, **head)


def _wrote(fields: Mapping[str, str], head: Head) -> CustomerWrote:
    carries = fields.get("NumMedia", "0") != "0"
    return CustomerWrote(
        text=fields["Body"],
        opt_out_type=fields.get("OptOutType", "").upper(),
        media=_media(fields) if carries else (),
        files=_files(fields) if carries else (),
        location=_location(fields),
        name=fields.get("ProfileName", ""),
        **head,
    )


def _media(fields: Mapping[str, str]) -> tuple[str, ...]:
    count = fields.get("NumMedia", "0")
    if not count.isdecimal():
        return ()
    return tuple(
        fields.get(f"MediaContentType{n}", "application/octet-stream") for n in range(min(int(count), MAX_MEDIA))
    )


def _files(fields: Mapping[str, str]) -> tuple[Attached, ...]:
    """Those of the media whose address has Twilio's form; the message is named by Twilio's own field, not by the address."""
    found: list[Attached] = []
    for n, kind in enumerate(_media(fields)):
        ids = _MEDIUM.search(fields.get(f"MediaUrl{n}", ""))
        if ids is not None:
            found.append(Attached(kind, f"{ids[1]}/{ids[2]}"))
    return tuple(found)


def _location(fields: Mapping[str, str]) -> tuple[float, float] | None:
    if "Latitude" not in fields or "Longitude" not in fields:
        return None
    try:
        latitude, longitude = float(fields["Latitude"]), float(fields["Longitude"])
    except ValueError:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None  # NaN is neither
