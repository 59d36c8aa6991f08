"""The delivery block: couriers as the owner describes them, what the customer hears, second thoughts, failed attempts."""

from __future__ import annotations

import re
from datetime import time
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

from engine.settings import clockwork
from engine.settings.block import Block, setting
from engine.settings.faults import wrong
from engine.settings.values import Closing, Country, Flag, Text, Wait
from flows.calendar import plain
from flows.couriers import Aftercare, Area, Courier, News, Span
from flows.policy import Hours, Policy, Quiet

_DEFAULT = Policy(shop="", name="")
_COURIER = Courier(name="", week={})
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
#: Nobody is asked to choose among more days than a month has.
AHEAD_MOST = 31


def _clock(value: object) -> time:
    match = _CLOCK.fullmatch(str(value).strip())
    if isinstance(value, time):
        return value
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise wrong(f"{str(value)[:20]!r} is no time of day", 'Write hours and minutes, for example "14:00".')
    return time(int(match[1]), int(match[2]))


def _windows(value: object) -> Hours:
    """As opening hours are written; a dated closing belongs under `holidays`."""
    found = clockwork.read_hours(value)
    if not found.week:
        raise wrong("the courier has no window", 'Write {mon-fri: "09:00-14:00, 15:00-20:00", sat: "09:00-14:00"}.')
    return found


def _weekdays(value: object) -> tuple[int, ...] | None:
    return None if value is None else clockwork.read_days(value)


def _days(least: int, most: int) -> BeforeValidator:
    def check(value: object) -> object:
        if str(value).strip().isdigit() and least <= int(str(value)) <= most:
            return int(str(value))
        raise wrong(f"{str(value)[:20]!r} is no number of days", f"Write a whole number from {least} to {most}.")

    return BeforeValidator(check)


def _postcodes(value: object) -> object:
    """YAML may have read 28 as a number; leading zeros need quotes, which only the writer can know."""
    if isinstance(value, list | tuple):
        return [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in value]
    return value


class CourierRule(Block):
    """One courier. Windows are on the customer's clock, the cut-off on the shop's."""

    name: Text = setting("how the shop calls it", eg="City Express")
    windows: Annotated[Hours, PlainValidator(_windows)] = setting(
        "its delivery windows by day; a customer chooses a whole one", eg='{mon-fri: "09:00-14:00, 15:00-20:00"}'
    )
    collects: Annotated[tuple[int, ...] | None, PlainValidator(_weekdays)] = setting(
        "days on which it fetches parcels; null: every day with a window", None, eg="mon-fri"
    )
    cut_off: Annotated[time, PlainValidator(_clock)] = setting(
        "what is ready before then leaves the same day", _COURIER.cut_off, eg='"14:00"'
    )
    lead_days: Annotated[int, _days(0, 30)] = setting(
        "its delivery days from the fetching until it can be there; 0: the same day", _COURIER.lead_days
    )
    again_days: Annotated[int, _days(0, 30)] = setting("the same, after a failed attempt", _COURIER.again_days)
    ahead_days: Annotated[int, _days(1, AHEAD_MOST)] = setting(
        "so many days ahead a customer may choose", _COURIER.ahead_days
    )
    holidays: tuple[Closing, ...] = setting("dates on which it does not drive", (), eg="[2026-12-25]")
    countries: tuple[Country, ...] = setting("where it goes; empty: the shop's country", (), eg="[ES, PT]")
    postcodes: Annotated[tuple[Text, ...], BeforeValidator(_postcodes)] = setting(
        "only there: beginnings, ranges, or patterns with * and ?", (), eg='["28", "08001-08042"]'
    )
    cities: tuple[Text, ...] = setting("only there, or where a postcode fits", (), eg="[Madrid]")
    tells: Flag = setting(
        "it reports out_for_delivery; false: the customer is told in the morning of the chosen day", _COURIER.tells
    )

    def courier(self) -> Courier:
        return Courier(
            name=self.name,
            week=self.windows.week,
            collects=None if self.collects is None else frozenset(self.collects),
            cut_off=self.cut_off,
            lead_days=self.lead_days,
            again_days=self.again_days,
            ahead_days=self.ahead_days,
            holidays=frozenset(self.holidays) | self.windows.holidays,
            area=Area(frozenset(self.countries), self.postcodes, frozenset(plain(city) for city in self.cities)),
            tells=self.tells,
        )


def _night(value: object) -> Span | None:
    if value is None or isinstance(value, Span):
        return value
    found = clockwork.read_quiet(value)
    assert isinstance(found, Quiet)
    return Span(found.start, found.end)


class Delivery(Block):
    """After the yes."""

    not_shipped_after: Wait = setting(
        "a confirmed order that has not left by then is shown to staff", _DEFAULT.not_shipped_after, eg="3d"
    )
    no_news_after: Wait = setting(
        "a shipped order without news by then is shown to staff", _DEFAULT.no_news_after, eg="10d"
    )
    couriers: tuple[CourierRule, ...] = setting(
        "who delivers, and when; empty: wishes go by the shop's hours",
        (),
        eg='[{name: City Express, windows: {mon-fri: "09:00-20:00"}}]',
    )
    news: tuple[News, ...] | None = setting(
        "what the customer hears on the way: shipped, today, delivered; null: all of it where couriers are described",
        None,
        eg="[shipped, today]",
    )
    replan: Flag | None = setting(
        "a failed attempt is talked over with the customer; null: where couriers are described", None, eg="true"
    )
    attempts_most: Annotated[int, _days(1, 10)] = setting(
        "after so many failed attempts only staff go on", _DEFAULT.after.attempts_most
    )
    pickup_points: tuple[Text, ...] = setting(
        "where a parcel can be fetched instead", (), eg='["Kiosk Sol, Calle Mayor 1"]'
    )
    neighbour: Flag = setting("a neighbour may take the parcel and pay for it", _DEFAULT.after.neighbour)
    ask_again_after: Wait | None = setting(
        "who waits so long between yes and dispatch is asked once more; null: nobody", None, eg="2d"
    )
    ask_again_night: Annotated[Span | None, PlainValidator(_night)] = setting(
        "who orders and says yes in these hours is asked once more in the morning; null: nobody",
        None,
        eg='"00:00-05:00"',
    )

    def after(self) -> Aftercare:
        described = bool(self.couriers)
        every: tuple[News, ...] = ("shipped", "today", "delivered")
        return Aftercare(
            couriers=tuple(rule.courier() for rule in self.couriers),
            news=frozenset((every if described else ()) if self.news is None else self.news),
            replan=described if self.replan is None else self.replan,
            attempts_most=self.attempts_most,
            pickup_points=self.pickup_points,
            neighbour=self.neighbour,
            still_after=self.ask_again_after,
            still_night=self.ask_again_night,
        )
