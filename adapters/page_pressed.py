"""A press on the customer's page as the event that it is, with what the page says once it is committed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

from msgspec import Struct
from msgspec.structs import replace

from adapters import order_reading as reading
from adapters import order_values as values
from adapters.page_sheet import DAYS_AHEAD, Said, Words, language_of
from engine.ports import PageView
from flows import pointers
from flows.calendar import slots_for
from flows.delivery_time import resolve
from flows.events import PagePressed
from flows.hours import at_local, zone, zone_for
from flows.offering import shown
from flows.orders import Order
from flows.phones import mask, read_phone
from flows.policy import Policy
from flows.postal import PostalAddress
from flows.wording import Moment

#: Characters a street must have to be one that a courier can look for.
_SHORTEST_STREET = 4

#: Characters of what they write against the reasons; the form takes as many.
MOST_WRITTEN = 1000


class Opened(Struct, frozen=True):
    """A token that leads somewhere."""

    token: str
    view: PageView
    order: Order
    policy: Policy

    @property
    def words(self) -> Words:
        return Words(language_of(self.view, self.order, self.policy), self.policy)


class NotReadable(Exception):
    """What was typed cannot be used; `key` is the page text that says so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def pressed(
    opened: Opened, action: str, form: Mapping[str, str], now: datetime, nonce: str
) -> tuple[PagePressed, Said | None]:
    """The event, and the thanks to show after it is committed. Raises NotReadable."""
    typed = "\0".join(
        form.get(name, "") for name in ("phone", "line1", "city", "postcode", "day", "hour", "slot", "text")
    )
    token_hash = hashlib.sha256(opened.token.encode()).hexdigest()[:16]
    # what was typed is in the id: who goes back and mends a number on the same sheet is heard again
    event_id = f"page:{token_hash}:{nonce}:{values.digest(chr(0).join((action, typed)).encode())}"
    bound = PagePressed(
        event_id=event_id,
        to=(pointers.conversation(opened.view.conversation.id),),
        at=now,
        order_id=opened.view.order_id,
        version=opened.view.version,
        channel=opened.view.channel,
        action="score" if action.startswith("score_") else action,  # type: ignore[arg-type]  # one of allowed()
        score=int(action[-1]) if action.startswith("score_") else 0,
    )
    match action:
        case "phone":
            return _with_phone(opened, bound, form)
        case "address":
            return _with_address(opened, bound, form)
        case "time":
            return _with_time(opened, bound, form, now)
        case "object":
            return replace(bound, text=values.text(form.get("text"), MOST_WRITTEN)), None
        case _:
            return bound, None  # the order's own state says it


def _with_phone(opened: Opened, bound: PagePressed, form: Mapping[str, str]) -> tuple[PagePressed, Said]:
    raw = values.text(form.get("phone"), 80)
    phone = read_phone(raw, opened.order.fields.address.country or opened.policy.country or None)
    if phone is None:
        raise NotReadable("bad_number")
    event = replace(bound, phone=phone.e164, phone_mobile=reading.takes_texts(phone))
    return event, Said(opened.words("done_number", number=mask(phone.e164)), good=True)


def _with_address(opened: Opened, bound: PagePressed, form: Mapping[str, str]) -> tuple[PagePressed, Said]:
    """A town or postcode left blank stays as it was; a new town takes the old region with it."""
    was = opened.order.fields.address
    line1, city, postcode = (values.text(form.get(name)) for name in ("line1", "city", "postcode"))
    if len(line1) < _SHORTEST_STREET or not any(char.isalpha() for char in line1):
        raise NotReadable("bad_address")
    address = PostalAddress(
        line1=line1,
        city=city or was.city,
        region="" if city and city.casefold() != was.city.casefold() else was.region,
        postcode=postcode[:20] or was.postcode,
        country=was.country,
    )
    written = ", ".join(each for each in (line1, address.postcode, address.city) if each)
    return replace(bound, address=address), Said(opened.words("done_address", address=written), good=True)


def _with_time(opened: Opened, bound: PagePressed, form: Mapping[str, str], now: datetime) -> tuple[PagePressed, Said]:
    """The wish as local time at the door: "2026-11-23 17:00", or the day alone; where couriers are described, one of their slots."""
    if opened.policy.after.couriers:
        slots = {slot.text: slot for slot in slots_for(opened.policy, opened.order, now)}
        chosen = slots.get(form.get("slot", ""))
        if chosen is None:
            raise NotReadable("bad_time")
        title = shown(chosen, opened.words.lang)
        return replace(bound, time=chosen.text), Said(opened.words("done_time", when=title), good=True)
    name = zone_for(opened.order.fields.address.country, opened.policy)
    try:
        day = date.fromisoformat(form.get("day", ""))
        hour = (
            clock.fromisoformat(form["hour"]).replace(second=0, microsecond=0, tzinfo=None)
            if form.get("hour")
            else None
        )
    except ValueError:
        raise NotReadable("bad_time") from None
    today = now.astimezone(zone(name)).date()
    at = at_local(day, hour or clock(12), zone(name))
    window = f"{hour:%H:%M}-{hour.replace(hour=min(hour.hour + 1, 23)):%H:%M}" if hour is not None else None
    if not today <= day <= today + timedelta(days=DAYS_AHEAD) or (hour is not None and at <= now):
        raise NotReadable("bad_time")
    if resolve(day.isoformat(), window, now, opened.policy.hours, name) is None:  # the shop does not deliver then
        raise NotReadable("bad_time")
    wish = f"{day.isoformat()} {hour:%H:%M}" if hour is not None else day.isoformat()
    when = Moment(at.astimezone(UTC), name, "daytime" if hour is not None else "day")
    return replace(bound, time=wish), Said(opened.words("done_time", when=when), good=True)
