"""A numbered list of what can be chosen: as digits in a text, as buttons where the provider has them; bound to its number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from msgspec.structs import replace

from flows import hours
from flows.conversation import Question
from flows.couriers import Offer, Option, Slot
from flows.echoing import Talk
from flows.orders import Order
from flows.policy import Sender
from flows.reach import Way, compose
from flows.talk import answer
from flows.turn import Turn
from flows.wording import Moment
from flows.wording.catalogue import find
from flows.wording.values import moment_text

#: WhatsApp shows so many buttons, and nobody reads a longer list of windows.
OFFERED_MOST = 3
PICK = "pick"
#: WhatsApp's limit of a button's title. Source: developers.facebook.com interactive reply buttons, read 2026-10.
TITLE_MOST = 20


def shown(slot: Slot, lang: str) -> str:
    """For the customer: "Thu 26 Nov 15:00-18:00"."""
    noon = hours.at_local(slot.day, time(12), hours.zone(slot.zone))
    return f"{moment_text(Moment(noon, slot.zone, 'day'), lang)} {slot.hours}"


def label(turn: Turn, option: Option) -> str:
    """The option in the customer's words."""
    if option.slot is not None:
        return shown(option.slot, turn.language)
    text = find(turn.language, turn.policy.script).texts[f"option_{option.kind}"]
    return f"{text}: {option.place}" if option.place else text


def listed(turn: Turn, options: Sequence[Option]) -> str:
    return "\n".join(f"{n}) {label(turn, option)}" for n, option in enumerate(options, 1))


def made(turn: Turn, order: Order, options: Sequence[Option]) -> Order:
    """The order with a new list; the one before is out of date from now on."""
    n = order.offers_ever + 1
    return turn.put(replace(order, offer=Offer(n, tuple(options)), offers_ever=n))


def buttons(turn: Turn, options: Sequence[Option], sender: Sender | None) -> tuple[tuple[str, str], ...]:
    """(verb, title) for a provider that takes buttons in free text; elsewhere the numbers of the list are the answer."""
    if sender is None or sender.provider != "meta":
        return ()
    titles = [label(turn, option) for option in options[:OFFERED_MOST]]
    if any(len(title) > TITLE_MOST for title in titles):
        titles = [str(n) for n in range(1, len(titles) + 1)]
    return tuple((f"{PICK}{n}", title) for n, title in enumerate(titles, 1))


def answered(turn: Turn, event: Talk, order: Order, options: Sequence[Option], template: str, kind: str) -> Order:
    """Offer where they wrote; their next words there are the answer to this list."""
    order = made(turn, order, options)
    n = order.offers_ever
    turn.set(question=Question(kind, event.channel, event.address, turn.now, (order.id,), wanted=str(n)))  # type: ignore[arg-type]
    picks = buttons(turn, options, turn.policy.sender("whatsapp") if event.channel == "whatsapp" else None)
    effect_id = answer(turn, event, template, replace(order, version=n), list=listed(turn, options))
    if picks and effect_id:
        turn.dress(effect_id, picks)
    return order


def proposed(turn: Turn, order: Order, options: Sequence[Option], template: str, way: Way) -> Order:
    """Offer by a message that we begin."""
    order = made(turn, order, options)
    n = order.offers_ever
    turn.set(question=Question("replan", way.channel, way.to, turn.now, (order.id,), wanted=str(n)))
    values = {"list": listed(turn, options)} if options else {}
    say = compose(turn, order, template, way, "notice", **values)
    picks = buttons(turn, options, way.sender if way.channel == "whatsapp" else None)
    say = replace(say, version=n, buttons=tuple(verb for verb, _ in picks), titles=tuple(title for _, title in picks))
    turn.say(say)
    return order


def chosen(order: Order, n: str, choice: int | None) -> Option | None:
    """The option under this number, where `n` is the list that stands now."""
    offer = order.offer
    if offer is None or str(offer.n) != n or choice is None or not 1 <= choice <= len(offer.options):
        return None
    return offer.options[choice - 1]
