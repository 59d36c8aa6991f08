"""Which shops write from the same sender or sit in the same group, and to whom an inbound message belongs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.settings.crossing import Crossed
from engine.settings.model import Settings, Shop
from engine.settings.senders import email_sender, sms_sender, whatsapp_sender

#: (channel, provider, what the provider calls our address) of a sender, or ("group", "telegram", its id).
Address = tuple[str, str, str]


def addresses(settings: Settings, shop: Shop) -> dict[Address, str]:
    """Where this shop can be written to -> the setting that says so. WhatsApp at Meta counts by phone_number_id."""
    blocks = settings.blocks(shop)
    found: dict[Address, str] = {}
    sms, whatsapp, email = sms_sender(blocks), whatsapp_sender(blocks), email_sender(blocks)
    if sms and blocks.channels.sms == "gateway" and blocks.sms_gateway:
        found["sms", "gateway", blocks.sms_gateway.name] = _at(settings, shop, "sms_gateway", "name")
    elif sms:
        found["sms", "twilio", sms.address] = _at(settings, shop, "twilio", "sms_from")
        for code, rule in blocks.countries.items():
            if rule.sender:
                where = _at(settings, shop, "countries", f"{code}.sender")
                found.setdefault(("sms", "twilio", rule.sender), where)
    if whatsapp and whatsapp.provider == "twilio":
        found["whatsapp", "twilio", whatsapp.address] = _at(settings, shop, "twilio", "whatsapp_from")
    elif whatsapp and blocks.meta:
        found["whatsapp", "meta", blocks.meta.phone_number_id] = _at(settings, shop, "meta", "phone_number_id")
    if email:
        found["email", "smtp", email.address.casefold()] = _at(settings, shop, "smtp", "from")
    if blocks.telegram:
        found["group", "telegram", str(blocks.telegram.staff_group)] = _at(settings, shop, "telegram", "staff_group")
    return found


def shops_by_address(settings: Settings) -> dict[Address, tuple[str, ...]]:
    """Whose a message to this address of ours is: one shop, or those that share it, in the order of the file."""
    found: defaultdict[Address, list[str]] = defaultdict(list)
    for shop in settings.shops:
        for address in addresses(settings, shop):
            found[address].append(shop.id)
    return {address: tuple(ids) for address, ids in found.items()}


def shared_without_leave(settings: Settings) -> Iterator[Crossed]:
    """One for each address that two shops use without both saying `share: true`."""
    users: defaultdict[Address, list[tuple[Shop, str]]] = defaultdict(list)
    for shop in settings.shops:
        for address, where in addresses(settings, shop).items():
            users[address].append((shop, where))
    for (channel, _, ours), shops in users.items():
        if len(shops) > 1 and not all(shop.share for shop, _ in shops):
            names = ", ".join(shop.id for shop, _ in shops)
            thing = "the staff group" if channel == "group" else f"the {channel} sender"
            own = "a group" if channel == "group" else "a sender"
            yield (
                shops[-1][1],
                f"the shops {names} use {thing} {ours} together",
                f"Give each {own} of its own, or write share: true in every one of them.",
            )


def _at(settings: Settings, shop: Shop, block: str, key: str) -> str:
    return f"{settings.home(shop, block)[0]}.{key}"
