"""A delivery slot: the customer's wish becomes one of the windows that a courier can really keep (flows/calendar.py).

    one window fits          it is the order's slot: noted for the courier, told to the shop, said with the way back
    several fit, or none     at most three are offered, the nearest first; a number, a button or other words choose
    a minute ("at 15:07")    the window around it, and the truth: no exact minute

Every choice is looked at again when it is made: what was true when it was offered may have gone with the cut-off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time, timedelta

from msgspec import Struct
from msgspec.structs import replace

from flows import hours
from flows.calendar import begins, slots_for
from flows.couriers import Option, Slot
from flows.delivery_time import WEEKDAYS, days_meant, window_meant
from flows.echoing import Talk, echoed, noted
from flows.events import CustomerWrote
from flows.offering import OFFERED_MOST, answered, chosen, shown
from flows.orders import Order
from flows.recording import record
from flows.talk import answer, to_staff
from flows.turn import Turn
from flows.understand import understand
from flows.understand.model import Slots
from flows.wording.values import cleaned

#: What turns a named day into "any but that", in the languages that we read. Whole words.
_NOT = frozenset(
    (
        *("not", "except", "but", "no", "menos", "excepto", "salvo", "pas", "sauf", "nicht", "nein", "ausser", "außer"),
        *("non", "tranne", "não", "nao", "exceto", "не", "кроме", "крім", "ليس", "مش", "مو", "غير", "لا", "إلا", "nahi"),
        *("nahin", "नहीं", "نہیں", "না", "değil", "degil", "hariç", "bukan", "jangan", "kecuali", "nie", "oprócz", "niet"),
        *("behalve", "nu", "fără", "όχι", "εκτός", "نه", "بجز", "không", "trừ", "ไม่", "hindi", "huwag", "sio", "isipokuwa"),
    )
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_PAUSE = re.compile(r"[,،;.!?]")
#: A longer sentence with a "not" in it says something else.
RULED_OUT_MOST = 5
#: The reader makes an hour of a single time: "at 15:07" comes as 15:07-16:07.
_ONE_TIME = timedelta(hours=1)
#: Kinds of day words that mean any of several days.
_ANY_OF = frozenset({"weekend", "next_week", "next_month"})


class Wanted(Struct, frozen=True):
    """A wish: these days (nearest first; () is any), but not those, between two times; `minute`: a moment, no stretch."""

    days: tuple[date, ...]
    never: tuple[date, ...]
    start: time
    end: time
    minute: bool
    any_of: bool  # every one of the days is as good as the other


def described(turn: Turn) -> bool:
    """Whether the shop has said what its couriers can do."""
    return bool(turn.policy.after.couriers)


def negated(text: str) -> bool:
    """Whether a short wish turns its day down. "No, tomorrow" is two things, and asks for tomorrow."""
    words = _WORD.findall(text.casefold())
    return len(words) <= RULED_OUT_MOST and not _PAUSE.search(text.strip(" .!،,")) and any(w in _NOT for w in words)


def ruled_out(turn: Turn, event: CustomerWrote, pool: list[Order]) -> bool:
    """ "Not today": offer the other days. False: the words are none of that, or it is not clear for which order."""
    slots = turned_down(turn, event, pool[0]) if len(pool) == 1 and described(turn) else None
    if slots is None:
        return False
    turn.note("answered", pool[0].id, by="customer", via=event.channel, intent="change_time")
    wished(turn, event, pool[0], slots)
    return True


def turned_down(turn: Turn, event: CustomerWrote, order: Order) -> Slots | None:
    """The day of "not tomorrow": what is left without the not. None where the words turn no day down."""
    if not negated(event.text):
        return None
    rest = " ".join(word for word in event.text.split() if word.casefold().strip(" .!،,") not in _NOT)
    got = understand(rest, prompt="time", lang=turn.language, country=order.fields.address.country)
    return got.slots if got.slots.day is not None and got.intent == "change_time" and not got.parts else None


def wanted(slots: Slots, text: str, today: date) -> Wanted:
    """What the reader found, as days and times."""
    days = days_meant(slots.day, today) if slots.day else ()
    start, end = window_meant(slots.window)
    span = timedelta(hours=end.hour - start.hour, minutes=end.minute - start.minute)
    minute = span == _ONE_TIME and slots.window is not None
    if slots.day in WEEKDAYS:
        days = days[: 2 if days[:1] == (today,) else 1]  # the coming one; said on that very day, the next may be meant
    if slots.day and negated(text):
        return Wanted((), days, start, end, minute, any_of=True)
    return Wanted(days, (), start, end, minute, any_of=slots.day in _ANY_OF)


def fitting(offered: Sequence[Slot], wish: Wanted) -> list[Slot]:
    """The slots that keep the wish whole, earliest first; of a day named twice ("Friday") only the first that has any."""
    fits = [slot for slot in offered if _keeps(slot, wish)]
    if not wish.days or wish.any_of:
        return [slot for slot in fits if not wish.days or slot.day in wish.days]
    return next(([s for s in fits if s.day == day] for day in wish.days if any(s.day == day for s in fits)), [])


def _keeps(slot: Slot, wish: Wanted) -> bool:
    if slot.day in wish.never:
        return False
    if wish.minute:
        return slot.start <= wish.start < slot.end
    return wish.start <= slot.start and slot.end <= _whole(wish.end)


def _whole(end: time) -> time:
    """ "24:00" is kept as 23:59."""
    return time.max if end >= time(23, 59) else end


def nearest(offered: Sequence[Slot], wish: Wanted) -> list[Slot]:
    """All that is not ruled out, what misses the wish least first: the day counts before the hour."""
    pool = [slot for slot in offered if slot.day not in wish.never]
    return sorted(pool, key=lambda slot: (_days_off(slot, wish), _minutes_off(slot, wish), begins(slot)))


def _days_off(slot: Slot, wish: Wanted) -> int:
    return min((abs((slot.day - day).days) for day in wish.days), default=0)


def _minutes_off(slot: Slot, wish: Wanted) -> int:
    """Minutes of the window that lie outside of what was wished; a window beside it counts from where it begins to miss."""
    early = _minutes(wish.start) - _minutes(slot.start)
    late = _minutes(slot.end) - _minutes(wish.end)
    return max(early, 0) + max(late, 0)


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


# -- the conversation


def ask(turn: Turn, event: Talk, order: Order) -> bool:
    """Offer the first slots. False: no courier can be named, so the question is the usual one."""
    offered = slots_for(turn.policy, order, turn.now) if described(turn) else ()
    if offered:
        offer(turn, event, order, offered[:OFFERED_MOST], "slot_ask")
    return bool(offered)


def offer(turn: Turn, event: Talk, order: Order, slots: Sequence[Slot], template: str, kind: str = "slot") -> None:
    """At most three, in the order of the calendar."""
    first = sorted(slots[:OFFERED_MOST], key=begins)
    answered(turn, event, order, [Option("slot", slot) for slot in first], template, kind)


def wished(turn: Turn, event: Talk, order: Order, slots: Slots) -> None:
    """A day or hours before dispatch."""
    slot, template = resolved(turn, event, order, slots)
    if slot is not None:
        order = put(turn, order, slot, via=event.channel)
        echoed(turn, event, order, template, when=shown(slot, turn.language))


def resolved(turn: Turn, event: Talk, order: Order, slots: Slots, kind: str = "slot") -> tuple[Slot | None, str]:
    """The one slot that was meant, and the text that says so; else it was offered or handed over, and there is none."""
    offered = slots_for(turn.policy, order, turn.now)
    if not offered:  # nobody goes there, or not in reach: a person knows more
        turn.set(question=None)
        to_staff(turn, event, order, "reply.change_time")
        return None, ""
    zone = hours.zone(offered[0].zone)
    words = getattr(event, "text", "")
    wish = wanted(slots, words, turn.now.astimezone(zone).date())
    fits = fitting(offered, wish)
    if len(fits) == 1 or (fits and wish.minute and wish.days):
        return fits[0], "slot_exact" if wish.minute else "time_ok"
    if fits:
        offer(turn, event, order, fits, "slot_ask", kind)
    else:
        offer(turn, event, order, nearest(offered, wish), "slot_near", kind)
    return None, ""


def picked(turn: Turn, event: Talk, order: Order, n: str, choice: int | None) -> bool:
    """A number or a button of the list. False: it is none of it."""
    option = chosen(order, n, choice)
    if option is None or option.slot is None:
        return False
    if option.slot not in slots_for(turn.policy, order, turn.now):
        turn.note("slot.gone", order.id, by="rule", text=option.slot.text)
        if not ask(turn, event, order):
            to_staff(turn, event, order, "reply.change_time")
        return True
    order = put(turn, order, option.slot, via=event.channel)
    echoed(turn, event, order, "time_ok", when=shown(option.slot, turn.language))
    return True


def pressed(turn: Turn, event: Talk, order: Order, n: str, choice: int) -> None:
    """A button: bound to the order and to its list; an older one changes nothing."""
    if not picked(turn, event, order, n, choice):
        turn.note("stale_button", order.id, by="customer", via=event.channel, verb="pick")
        answer(turn, event, "stale_button", order)


def put(turn: Turn, order: Order, slot: Slot, *, via: str) -> Order:
    """The order's slot, which the caller knows can be kept: for the courier, the staff and the shop."""
    turn.note("slot.chosen", order.id, by="customer", via=via, text=slot.text, courier=slot.courier)
    order = noted(record(turn, order, "time"), slot.text)
    order = turn.card(turn.put(replace(order, slot=slot, offer=None)))
    turn.tell_staff(order, "customer.time", text=slot.text)
    told(turn, order)
    return order


def told(turn: Turn, order: Order) -> None:
    """The shop hears of the slot; of its end, too."""
    slot = order.slot
    if slot is None:
        turn.tell_shop(order, "slot", text="none any more")
    else:
        turn.tell_shop(order, "slot", day=slot.day.isoformat(), window=slot.hours, courier=slot.courier)


def from_page(turn: Turn, order: Order, text: str) -> bool:
    """The page's choice ("2026-11-26 15:00-18:00"). False: no courier can keep it."""
    wish = cleaned("when", text)
    slot = next((slot for slot in slots_for(turn.policy, order, turn.now) if slot.text == wish), None)
    if slot is not None:
        put(turn, order, slot, via="page")
    return slot is not None


def kept(turn: Turn, order: Order) -> Order:
    """The order without a slot that can no longer be kept (another address, a late yes); the shop hears of it."""
    if order.slot is None or order.slot in slots_for(turn.policy, order, turn.now):
        return order
    turn.note("slot.lost", order.id, by="rule", text=order.slot.text)
    order = turn.put(replace(noted(order, ""), slot=None))
    told(turn, order)
    return order
