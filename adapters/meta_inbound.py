"""What Meta's webhook says, as events. Pure; the signature has been checked before.

A body is a batch: messages and statuses of several people, at several numbers of ours. Everything that a customer does
becomes CustomerWrote or CustomerPressed, of whatever kind it is: one that we do not know is told as media of a type of our
own (`application/x-whatsapp-<kind>`), so that a person looks at it. Notices of Meta about templates and limits are read in
meta_notices; about anything else they are nobody's words and give nothing.
Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from adapters import meta_notices
from adapters import meta_shapes as shapes
from adapters.customer_head import Head
from adapters.customers import e164_of, pointers_of
from adapters.meta_notices import Account
from adapters.receiving import PartlyUnreadable, Received
from engine.ports import BadPayload
from flows import pointers
from flows.events import AnyEvent, Attached, CustomerPressed, CustomerWrote, DeliveryReported

#: Meta's word -> ours; a voice message that was played has been read. "deleted" and "warning" say nothing of the delivery.
STATUSES: dict[str, Literal["sent", "delivered", "read", "failed"]] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
#: Parts of biz_opaque_callback_data: the conversation (which never holds this mark) and the effect.
MARK = "|"
#: Emoji of a reaction that was taken away again.
WITHDRAWN = "-"

T = TypeVar("T")


class MetaSender(Struct, frozen=True):
    """One business number: what the customer sees ("+34…") and the shops it belongs to, the first owns strangers."""

    address: str
    shops: tuple[str, ...]


def parse(senders: Mapping[str, MetaSender], accounts: Sequence[Account], received: Received) -> tuple[AnyEvent, ...]:
    """All events of the batch, in its order. `senders`: phone_number_id -> ours; `accounts`: whose templates are told of.

    Raises BadPayload where the body is no batch, PartlyUnreadable where single parts of it cannot be read.
    """
    body = _decode(received.body, shapes.Body)
    if body.object != "whatsapp_business_account":
        raise BadPayload("object is no whatsapp_business_account")
    events: list[AnyEvent] = []
    faults: list[str] = []
    for entry in body.entry:
        for change in entry.changes:
            if change.field == "messages":
                try:
                    _read_change(change, senders, received, events, faults)
                except BadPayload as bad:
                    faults += bad.faults
            elif change.field in meta_notices.FIELDS:
                events += meta_notices.read(accounts, entry, change, received)
    if faults:
        raise PartlyUnreadable(tuple(events), *faults)
    return tuple(events)


def tracked(conversation: str, effect_id: str) -> str:
    """What goes out as biz_opaque_callback_data, and comes back with every status."""
    return f"{conversation}{MARK}{effect_id}"


def _read_change(
    change: shapes.Change,
    senders: Mapping[str, MetaSender],
    received: Received,
    events: list[AnyEvent],
    faults: list[str],
) -> None:
    """Adds to `events`, and to `faults` for each part that cannot be read. Raises BadPayload: nothing of it can."""
    value = _decode(change.value, shapes.Value)
    sender = senders.get(value.metadata.phone_number_id)
    if sender is None:
        raise BadPayload("phone_number_id is no sender of a shop")
    for raw in value.messages:
        try:
            event = _message(_decode(raw, shapes.Message), value, sender, received)
        except BadPayload as bad:
            faults += bad.faults
        else:
            events += [event] if event is not None else []
    for raw in value.statuses:
        try:
            report = _status(_decode(raw, shapes.Status), value, sender, received)
        except BadPayload as bad:
            faults += bad.faults
        else:
            events += [report] if report is not None else []


def _message(
    message: shapes.Message, value: shapes.Value, sender: MetaSender, received: Received
) -> CustomerWrote | CustomerPressed | None:
    """None for a notice of WhatsApp that is nobody's words. Raises BadPayload where nobody is told who wrote."""
    contact = _contact(message.from_, value.contacts)
    phone = e164_of(message.from_) or e164_of(contact.wa_id)
    user_id = message.from_user_id or contact.user_id
    if not phone and not user_id:
        raise BadPayload("a message without a sender")
    head: Head = {
        "event_id": f"meta:{message.id}:received",
        "to": pointers_of(sender.shops, phone, user_id),
        "at": received.at,
        "opens": True,
        "channel": "whatsapp",
        "address": phone or user_id,
        "sender": sender.address,
        "provider_id": message.id,
        "reply_to": message.context.id if message.context else "",
    }
    if message.system is not None:  # a changed number is told to staff; a changed security code is not
        changed = message.system.type == "user_changed_number"
        media = ("application/x-whatsapp-system",)
        return CustomerWrote(text=message.system.body, media=media, **head) if changed else None
    return _pressed(message, head) or _wrote(message, contact.profile.name, head)


def _pressed(message: shapes.Message, head: Head) -> CustomerPressed | None:
    if message.button is not None:
        button = message.button
        return CustomerPressed(payload=button.payload or button.text, title=button.text, **head)
    if message.interactive is not None:
        pressed = message.interactive.button_reply or message.interactive.list_reply
        return CustomerPressed(payload=pressed.id, title=pressed.title, **head) if pressed else None
    return None


def _wrote(message: shapes.Message, name: str, head: Head) -> CustomerWrote:
    """Words, media, a place, a reaction, an edit, a deletion; else a kind of which only the name is known."""
    if message.text is not None:
        return CustomerWrote(text=message.text.body, name=name, **head)
    if message.media is not None:
        kind, held = message.media.mime_type, message.media.id
        files = (Attached(kind, held),) if held.isascii() and held.isdigit() else ()
        return CustomerWrote(text=message.media.caption or "", media=(kind,), files=files, name=name, **head)
    if message.reaction is not None:
        head["reply_to"] = message.reaction.message_id
        return CustomerWrote(text="", reaction=message.reaction.emoji or WITHDRAWN, name=name, **head)
    if message.location is not None:
        place = message.location
        text = ", ".join(part for part in (place.name, place.address) if part)
        return CustomerWrote(text=text, location=(place.latitude, place.longitude), name=name, **head)
    if message.edit is not None:
        return _edited(message.edit, name, head)
    if message.revoke is not None:
        head["reply_to"] = message.revoke.original_message_id
        return CustomerWrote(text="", deleted=True, name=name, **head)
    if message.contacts is not None:
        return CustomerWrote(text=_cards(message.contacts), media=("text/vcard",), name=name, **head)
    text = message.order.text or "" if message.order else ""
    return CustomerWrote(text=text, media=(f"application/x-whatsapp-{message.type}",), name=name, **head)


def _edited(edit: shapes.Original, name: str, head: Head) -> CustomerWrote:
    """`reply_to` names the message that was edited."""
    new = edit.message or shapes.Edited()
    text = new.text.body if new.text else (new.media.caption or "" if new.media else "")
    media = (new.media.mime_type,) if new.media else ()
    head["reply_to"] = edit.original_message_id
    return CustomerWrote(text=text, media=media, edited=True, name=name, **head)


def _cards(cards: Sequence[shapes.Card]) -> str:
    lines = []
    for card in cards:
        lines.append(" ".join([card.name.formatted_name, *(phone.phone for phone in card.phones)]).strip())
    return "\n".join(lines)


def _contact(wa_id: str, contacts: Sequence[shapes.Contact]) -> shapes.Contact:
    """Who stands beside the message; the only one also where the number is hidden or written in another form."""
    for contact in contacts:
        if contact.wa_id and contact.wa_id == wa_id:
            return contact
    return contacts[0] if len(contacts) == 1 else shapes.Contact()


def _status(
    status: shapes.Status, value: shapes.Value, sender: MetaSender, received: Received
) -> DeliveryReported | None:
    """What became of one message of ours; found by our own mark, else by whom it went to. None: not to be followed."""
    word = STATUSES.get(status.status)
    if word is None or status.recipient_type == "group":
        return None
    conversation, mark, effect_id = status.biz_opaque_callback_data.partition(MARK)
    if mark and conversation and effect_id:
        to: tuple[pointers.Pointer, ...] = (pointers.conversation(conversation),)
    else:
        effect_id = ""
        contact = _contact(status.recipient_id, value.contacts)
        phone = e164_of(status.recipient_id)
        user_id = status.recipient_user_id or contact.user_id
        if not phone and not user_id:
            return None
        to = pointers_of(sender.shops, phone, user_id)
    code = str(status.errors[0].code) if word == "failed" and status.errors else ""
    return DeliveryReported(
        event_id=f"meta:{status.id}:{status.status}",
        to=to,
        at=received.at,
        effect_id=effect_id,
        provider_id=status.id,
        provider="meta",
        status=word,
        code=code,
    )


def _decode(raw: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Raises BadPayload naming the place, never the content."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise BadPayload(f"{kind.__name__}: {error}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadPayload(f"{kind.__name__}: no JSON") from error
