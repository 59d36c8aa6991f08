"""Everything held about one person, and how it is erased: `run.py export-customer` and `run.py erase-customer`.

A person is found by what is named: a phone, a mailbox or a WhatsApp user id. Other addresses that their conversations hold are
reported, not followed: a mailbox may be shared. Not ours to erase, and said so: what stands in the Telegram group, on the
customer's phone and in the shop's own system, and backups made before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from engine.ports import History, Kept, ServiceError, Store
from flows import pointers
from flows.conversation import Conversation
from flows.emails import read_email
from flows.forgetting import Forgotten, forget, unfinished
from flows.phones import read_phone
from flows.pointers import Pointer
from flows.policy import Policy
from flows.risk.identity import Identity
from flows.risk.words import in_words

#: Bodies that are kept for a repair and looked through.
KEPT_MOST = 10_000
#: So many last digits of a phone are taken for it, however it is written in a body.
DIGITS = 8


class Forgetting(Store, History, Protocol):
    """A store that can erase a person."""

    async def forget(self, conversation: str, left: Callable[[Conversation], Forgotten | None]) -> bool:
        """Overwrite the conversation, its key and its journal with what `left` makes of it as it is now; False: nothing was."""


class Named(Struct, frozen=True, kw_only=True):
    """Who is meant, as somebody typed it; empty where nothing was said."""

    phone: str = ""
    email: str = ""
    whatsapp_id: str = ""


class Unreadable(ServiceError):
    """What was named is no phone or mailbox."""


class Unfinished(ServiceError):
    """The person has open orders, which would go on without them."""


class Erased(Struct, frozen=True):
    """What was erased, over all shops asked for."""

    conversations: int = 0
    history: int = 0
    bodies: int = 0


class _Person(Struct, frozen=True):
    phone: str  # E.164
    email: str  # as it is pointed to
    whatsapp_id: str

    def pointers(self, shop: str) -> Iterable[Pointer]:
        if self.phone:
            yield pointers.phone(shop, self.phone)
        if self.email:
            yield Pointer("email", self.email, shop)
        if self.whatsapp_id:
            yield Pointer("whatsapp_id", self.whatsapp_id, shop)

    def identity(self, found: list[Conversation]) -> Identity:
        """For the history, which knows no WhatsApp ids: the phones of the conversations stand in for one."""
        phones = [c.address for known in found for c in known.contacts if c.address.startswith("+")]
        phone = self.phone or (phones[0] if self.whatsapp_id and phones else "")
        mailbox = read_email(self.email) if self.email else None
        return Identity(phone, mailbox.key if mailbox else "")


def _read(named: Named, policy: Policy) -> _Person:
    phone = read_phone(named.phone, policy.country) if named.phone else None
    email = read_email(named.email) if named.email else None
    if named.phone and phone is None:
        raise Unreadable(f"{named.phone} is no phone number in {policy.country}: write it with its country code")
    if named.email and email is None:
        raise Unreadable(f"{named.email} is no e-mail address")
    return _Person(phone.e164 if phone else "", email.address.lower() if email else "", named.whatsapp_id.strip())


async def exported(store: Forgetting, policies: Mapping[str, Policy], named: Named) -> dict[str, Any]:
    """Everything held about the person, ready for JSON, by shop; shops that know nothing of them are left out.

    Reasons for a verdict are in words beside their codes, so that they can be shown to who asks.
    """
    shops: dict[str, Any] = {}
    for shop, policy in policies.items():
        person = _read(named, policy)
        found = await _conversations(store, shop, person)
        told = [await _conversation(store, known) for known in found]
        history = [_plain(kept) for kept in await store.export_history(shop, person.identity(found))]
        if told or history:
            others = {c.address for known in found for c in known.contacts} - {person.phone, person.email}
            shops[shop] = {"conversations": told, "history": history, "also_known_as": sorted(others - {""})}
    bodies = [_plain(kept) for kept in await _bodies(store, named)]
    return {"shops": shops, "unreadable_bodies": bodies}


async def _conversations(store: Store, shop: str, person: _Person) -> list[Conversation]:
    found = [await store.load(pointer) for pointer in person.pointers(shop)]
    return list({known.id: known for known in found if isinstance(known, Conversation)}.values())


async def _conversation(store: Store, known: Conversation) -> dict[str, Any]:
    told: dict[str, Any] = _plain(known)
    for order, raw in zip(known.orders, told.get("orders", ()), strict=True):
        raw["verdict_reasons"] = [in_words(reason) for reason in order.risk]
    told.pop("notes", None)  # the journal has them all
    return told | {"journal": [_plain(note) for note in await store.journal(known.id)]}


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)


async def _bodies(store: Store, named: Named) -> list[Kept]:
    """Bodies nobody could read yet that mention the person."""
    digits, email = re.sub(r"\D", "", named.phone)[-DIGITS:], named.email.strip().casefold()
    return [kept for kept in await store.kept(KEPT_MOST) if _mentions(kept.body, (digits, email, named.whatsapp_id))]


def _mentions(body: bytes, wanted: tuple[str, str, str]) -> bool:
    text = body.decode("utf-8", "replace").casefold()
    digits, email, whatsapp_id = wanted
    if len(digits) >= DIGITS and digits in re.sub(r"[\s().-]", "", text):
        return True
    return bool(email and email in text) or bool(whatsapp_id and whatsapp_id.casefold() in text)


async def erased(store: Forgetting, policies: Mapping[str, Policy], named: Named, now: datetime) -> Erased:
    """Erase the person for good. Raises Unfinished while an order of theirs is open, and then nothing is erased."""
    people = {shop: _read(named, policy) for shop, policy in policies.items()}
    found = {shop: await _conversations(store, shop, person) for shop, person in people.items()}
    waiting = [order for known in found.values() for conversation in known for order in unfinished(conversation)]
    if waiting:
        raise Unfinished(f"open orders: {', '.join(waiting)}. Let them end or cancel them, then erase")

    def left(was: Conversation) -> Forgotten | None:
        return None if unfinished(was) else forget(was, now)

    conversations = history = 0
    for shop, known in found.items():
        history += await store.erase_history(shop, people[shop].identity(known))
        for conversation in known:
            conversations += await store.forget(conversation.id, left)
    bodies = await _bodies(store, named)
    await store.drop_kept(kept.id for kept in bodies)
    return Erased(conversations, history, len(bodies))
