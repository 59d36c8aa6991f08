"""Which address of a customer can be written to now, on which channel, and in what form.

Rules 6, 7 and 10 of the design in one place: dead and stopped addresses are passed over, the country table says whether a
text can be answered, a WhatsApp template needs approval and consent outside the window.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from flows import countries
from flows.effects import Say, Value
from flows.orders import Order
from flows.phones import mask, read_phone
from flows.policy import Policy, Sender
from flows.turn import Turn
from flows.voices import speaks
from flows.wording.spec import SPECS

#: A name longer than this is shortened, so that a text keeps to its segments.
NAME_MOST = 20


class Way(Struct, frozen=True):
    """One address on one channel, with the sender of ours that writes there."""

    channel: str
    to: str
    sender: Sender
    two_way: bool = True  # an answer arrives here
    link: bool = False  # no answer arrives, but the text may carry the page's link


class No(Struct, frozen=True):
    """Why a channel cannot be used (a staff text key)."""

    why: str


def way(turn: Turn, order: Order, channel: str, template: str) -> Way | No:
    """How `template` can reach the order's customer on `channel`, or why it cannot."""
    policy = turn.policy
    sender = policy.sender(channel)
    if sender is None:
        return No("paused" if channel in policy.paused else "not_configured")
    if turn.silenced:
        return No("silenced")
    if channel == "email":
        return _by_mail(turn, order.fields.email, sender) if order.fields.email else No("no_email")
    if order.fields.phone in order.disowned:
        return No("disowned")
    if not order.fields.phone:
        return _by_user_id(turn, channel, sender)
    found = _address(turn, channel, order.fields.phone, sender)
    if isinstance(found, No):
        return found
    if channel == "sms":
        return _sms(order, found, policy)
    if channel == "voice":
        return found if speaks(turn.language) else No("no_voice")
    return _whatsapp(turn, order, found, template)


def _address(turn: Turn, channel: str, address: str, sender: Sender) -> Way | No:
    contact = turn.contact(channel, address)
    if contact is not None and contact.stopped:
        return No("opted_out")
    if contact is not None and contact.dead:
        return No("dead")
    return Way(channel, address, sender)


def _by_mail(turn: Turn, address: str, sender: Sender) -> Way | No:
    """No answer arrives by mail unless the settings say so: a text with a page's link is the better one there."""
    found = _address(turn, "email", address, sender)
    return found if isinstance(found, No) else replace(found, two_way=bool(sender.two_way), link=True)


def _by_user_id(turn: Turn, channel: str, sender: Sender) -> Way | No:
    """WhatsApp users who hide their number can still be answered by their id."""
    if channel == "whatsapp":
        for contact in turn.contacts:
            if (
                contact.channel == "whatsapp"
                and not contact.address.startswith("+")
                and turn.window_open(contact.address)
            ):
                return _address(turn, channel, contact.address, sender)
    return No("no_phone")


def _sms(order: Order, found: Way, policy: Policy) -> Way | No:
    if not order.fields.phone_mobile:
        return No("not_mobile")
    country = _country_of(found.to) or policy.country
    how = countries.sms_way(policy.countries, country, found.sender)
    if how == "none":
        return No("no_two_way")
    sender = countries.sender_for(policy.countries, country, found.sender)
    return Way(found.channel, found.to, sender, two_way=how == "words", link=how == "link")


def _whatsapp(turn: Turn, order: Order, found: Way, template: str) -> Way | No:
    if turn.window_open(found.to):
        return found
    if not (order.fields.consent_whatsapp or heard(turn, "whatsapp", found.to)):
        return No("no_consent")
    if template_language(turn.policy, template, turn.language) is None:
        return No("no_template")
    return found


def heard(turn: Turn, channel: str, address: str) -> bool:
    contact = turn.contact(channel, address)
    return contact is not None and contact.heard_at is not None


def template_language(policy: Policy, template: str, language: str) -> str | None:
    """The language in which the provider has approved this template: the customer's, else the shop's; None: in neither."""
    for candidate in (language, language.split("-")[0], policy.language):
        if (template, candidate) in policy.wa_templates:
            return candidate
    return None


def basics(turn: Turn, order: Order) -> dict[str, Value]:
    """The values nearly every text about an order carries."""
    values: dict[str, Value] = {
        "shop": turn.policy.name,
        "order": order.fields.id,
        "total": order.fields.total,
    }
    first_name = order.fields.name.split(" ")[0][:NAME_MOST]
    if first_name:
        values["name"] = first_name
    return values


def asked_at(order: Order) -> dict[str, Value]:
    """The number whose answer counts, for a mail that takes none; nothing where there is only the mailbox."""
    return {"number": mask(order.fields.phone)} if order.fields.phone else {}


def compose(turn: Turn, order: Order, template: str, by: Way, purpose: str, /, **values: Value) -> Say:
    """One message about an order, in the form that fits the way: `<template>_link` where no answer can arrive."""
    template = _form(template, by.channel, by.two_way) or template
    carries_link = template.endswith(("_link", "_email")) or template in _LINKED
    return Say(
        channel=by.channel,
        to=by.to,
        sender=by.sender.address,
        template=template,
        values={**basics(turn, order), **(asked_at(order) if template.endswith("confirm_email") else {}), **values},
        lang=turn.language,
        purpose=purpose,  # type: ignore[arg-type]
        order_id=order.fields.id,
        seq=order.seq,
        version=order.version,
        link=carries_link,
    )


def _form(template: str, channel: str, two_way: bool) -> str:
    """The text for this way: `<template>_link` where no answer can arrive, or where there is no other; "" where there is none."""
    forms = [template, f"{template}_link"]
    fitting = [form for form in forms if form in SPECS and channel in SPECS[form].channels]
    return "" if not fitting else fitting[0 if two_way else -1]


@lru_cache(maxsize=65536)
def _country_of(e164: str) -> str:
    phone = read_phone(e164, None)
    return phone.country if phone else ""


#: Templates whose text has the page's link although their name does not say so.
_LINKED = frozenset({"change_what", "new_address_ask", "address_ask", "time_ask"})


def preferred(turn: Turn, order: Order, template: str, *, but: frozenset[str] = frozenset()) -> Way | None:
    """Where a message of ours reaches this customer best: where they last wrote, else where they were asked, else any.

    E-mail comes last: it is read late, and an answer to it does not arrive.
    """
    first = [turn.was.last_channel] if turn.was.last_channel else []
    asked = [a.channel for a in reversed(order.asked) if a.status in ("accepted", "delivered", "read")]
    phones = [channel for channel in [*asked, "sms", "whatsapp"] if channel not in ("email", "voice")]
    for channel in dict.fromkeys([*first, *phones, "email"]):
        if channel in but:
            continue
        found = way(turn, order, channel, template)
        if isinstance(found, Way) and _form(template, channel, found.two_way):
            return found
    return None


def tell(turn: Turn, order: Order, template: str, /, *, but: frozenset[str] = frozenset(), **values: Value) -> str:
    """Plan a message that we begin, on the best channel; gives the effect's id, "" when nobody can be reached."""
    found = preferred(turn, order, template, but=but)
    if found is None:
        turn.note("unreachable", order.fields.id, template=template)
        return ""
    return turn.say(compose(turn, order, template, found, "notice", **values))
