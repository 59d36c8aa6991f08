"""What the customer hears between the yes and the door, each sentence from a fact: the calendar, the courier's report, a timer.

    at the yes     when it leaves and when the courier can be there      (the calendar of the shop's couriers)
    shipped        it is on its way, with tracking                       (the shop's word)
    today          it comes today, between which hours, with the amount  (the courier's word; where a courier reports none,
                                                                          the morning of the chosen slot; never both)
    delivered      thanks                                                (the shop's or courier's word)

Once each, whatever is repeated or comes out of order; the amount never where it is paid. Consent, windows and quiet hours are the
gate's business; what would not be true any more when it may leave (`until`) does not leave.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from flows import hours
from flows.calendar import ends, fetches, serving, slots_for
from flows.couriers import News
from flows.effects import Value
from flows.events import ShopReported
from flows.orders import Order
from flows.phones import read_phone
from flows.reach import Way, compose, preferred
from flows.turn import Turn
from flows.wording import Moment, render
from flows.wording.values import either, moment_text

#: Reports that come so late are kept, but the customer has long seen for themselves.
LATE = timedelta(hours=48)
#: A window that begins soon after is told at this time of the day, on the customer's clock.
MORNING = time(8)
#: Within so many days a weekday says which one; further ahead it needs its date.
NEAR = timedelta(days=6)


def late(turn: Turn, event: ShopReported) -> bool:
    """Whether the report is of something long past, as in a courier's file of last week."""
    return event.happened_at is not None and turn.now - event.happened_at > LATE


def shipped(turn: Turn, order: Order, event: ShopReported | None = None) -> Order:
    """It left. Where the courier will not say that it comes today, a timer does."""
    order = watch_day(turn, order)
    if event is not None and late(turn, event):
        return order
    return _say(turn, order, "shipped", "shipped_paid" if order.paid else "shipped_news", "shipped")


def today(turn: Turn, order: Order, event: ShopReported) -> Order:
    """The courier has it in the car. A report of another day than today is no news."""
    day = _today(turn, order)
    happened = event.happened_at or turn.now
    if happened.astimezone(hours.zone(_zone(turn, order))).date() != day:
        return order
    turn.rest(f"day:{order.id}")
    return _today_told(turn, order, day)


def day_due(turn: Turn, order: Order) -> None:
    """The morning of the slot of a parcel whose courier reports nothing."""
    turn.rest(f"day:{order.id}")
    slot = order.slot
    if order.state != "shipped" or slot is None or slot.day != _today(turn, order):
        return
    _today_told(turn, order, slot.day)


def delivered(turn: Turn, order: Order, event: ShopReported) -> Order:
    return order if late(turn, event) else _say(turn, order, "delivered", "delivered_thanks", "delivered")


def watch_day(turn: Turn, order: Order) -> Order:
    """Wake in the morning of the slot, where the courier will not speak up itself."""
    slot = order.slot
    turn.rest(f"day:{order.id}")
    if slot is None or order.state != "shipped" or _speaks(turn, slot.courier):
        return order
    tz = hours.zone(slot.zone)
    morning = min(hours.at_local(slot.day, MORNING, tz), hours.at_local(slot.day, slot.start, tz))
    if ends(slot) > turn.now:
        turn.wake(f"day:{order.id}", morning)
    return order


def _speaks(turn: Turn, courier: str) -> bool:
    return any(c.tells for c in turn.policy.after.couriers if c.name == courier)


def _today_told(turn: Turn, order: Order, day: date) -> Order:
    slot = order.slot if order.slot is not None and order.slot.day == day else None
    values: dict[str, Value] = {"window": slot.hours} if slot else {}
    until = ends(slot) if slot else hours.at_local(day, time(23, 59), hours.zone(_zone(turn, order)))
    template = "out_paid" if order.paid else "out_for_delivery"
    return _say(turn, order, "today", template, f"today:{day.isoformat()}", until=until, **values)


def _say(
    turn: Turn, order: Order, kind: News, template: str, once: str, until: datetime | None = None, **values: Value
) -> Order:
    """Say it once, on the channel that reaches them best."""
    if kind not in turn.policy.after.news or once in order.news:
        return order
    order = turn.put(replace(order, news=(*order.news, once)))
    found = preferred(turn, order, template)
    if found is None:
        turn.note("unreachable", order.id, template=template)
        return order
    if kind == "shipped" and order.tracking and _may_link(turn, found, order.tracking):
        values["tracking"] = order.tracking
    turn.say(replace(compose(turn, order, template, found, "notice", **values), until=until))
    return order


def _may_link(turn: Turn, by: Way, tracking: str) -> bool:
    """A tracking number may go anywhere, its address only where a text may carry one."""
    if by.channel != "sms" or "://" not in tracking:
        return True
    phone = read_phone(by.to, None)
    country = turn.policy.countries.get(phone.country) if phone else None
    return country is None or country.links_allowed


def _zone(turn: Turn, order: Order) -> str:
    return hours.zone_for(order.fields.address.country, turn.policy)


def _today(turn: Turn, order: Order) -> date:
    return turn.now.astimezone(hours.zone(_zone(turn, order))).date()


# -- at the yes


def plan(turn: Turn, order: Order) -> dict[str, Value]:
    """{"delivery": …} for a text that has room for it: what leaves when, and comes when; {} where no calendar says."""
    if order.slot is None and not turn.policy.after.couriers:
        return {}
    text = _planned(turn, order)
    return {"delivery": text} if text else {}


def _planned(turn: Turn, order: Order) -> str:
    lang = turn.language
    if order.slot is not None:
        noon = hours.at_local(order.slot.day, time(12), hours.zone(order.slot.zone))
        day = moment_text(Moment(noon, order.slot.zone, "day"), lang)
        return _rendered(turn, "plan_slot", when=f"{day} {order.slot.hours}")
    offered = slots_for(turn.policy, order, turn.now)
    if not offered:
        return ""
    mine = [slot for slot in offered if slot.courier == offered[0].courier]
    days = list(dict.fromkeys(slot.day for slot in mine))[:2]
    windows = [slot for slot in mine if slot.day in days]
    courier = next(c for c in serving(turn.policy, order.fields.address) if c.name == offered[0].courier)
    leaves = fetches(courier, turn.now, turn.policy.zone, turn.policy.hours.holidays)
    assert leaves is not None  # else there was no slot
    values: dict[str, Value] = {
        "days": either([_day(turn, day, offered[0].zone) for day in days], lang),
        "window": f"{min(s.start for s in windows):%H:%M}-{max(s.end for s in windows):%H:%M}",
    }
    if leaves == turn.now.astimezone(hours.zone(turn.policy.zone)).date():
        return _rendered(turn, "plan_today", **values)
    return _rendered(turn, "plan_later", ship=_day(turn, leaves, turn.policy.zone), **values)


def _day(turn: Turn, day: date, zone: str) -> str:
    """A weekday while that is clear, else with its date."""
    tz = hours.zone(zone)
    near = day - turn.now.astimezone(tz).date() <= NEAR
    moment = Moment(hours.at_local(day, time(12), tz), zone, "weekday" if near else "day")
    return moment_text(moment, turn.language)


def _rendered(turn: Turn, template: str, **values: Value) -> str:
    policy = turn.policy
    return render(template, "page", turn.language, values, overrides=policy.overrides, script=policy.script).text
