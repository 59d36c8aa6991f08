"""Business hours, quiet hours and time zones as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from zoneinfo import ZoneInfo, available_timezones

from engine.settings.faults import did_you_mean, wrong
from flows.policy import Hours, Quiet

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*[-\u2013]\s*(\d{1,2}:\d{2})")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_HOURS_EXAMPLE = 'Write {mon-fri: "09:00-13:00, 15:00-18:00", sat: "10:00-14:00"}.'
_QUIET_EXAMPLE = 'Write "21:00-09:00", or null for none.'


def read_hours(value: object) -> Hours:
    """Opening hours by weekday; a date may stand beside the days as `closed`. Days not named are closed."""
    if isinstance(value, Hours):
        return value
    if value is None:
        return Hours()
    if not isinstance(value, dict):
        raise wrong("opening hours are written by day", _HOURS_EXAMPLE)
    week: dict[int, tuple[tuple[time, time], ...]] = {}
    holidays: set[str] = set()
    for key, spans in value.items():
        if _DATE.fullmatch(str(key)):
            holidays.add(_holiday(str(key), spans))
            continue
        for day in _days(str(key)):
            if day in week:
                raise wrong(f"{DAYS[day]} is named twice", "Name each day once.")
            week[day] = _spans(str(key), spans)
    return Hours({day: spans for day, spans in sorted(week.items()) if spans}, frozenset(holidays))


def read_quiet(value: object) -> Quiet | None:
    """Quiet hours such as 21:00-09:00; None is none at all."""
    if value is None or isinstance(value, Quiet):
        return value
    match = _SPAN.fullmatch(str(value).strip())
    if match is None:
        raise wrong(f"{str(value)[:30]!r} are no quiet hours", _QUIET_EXAMPLE)
    start, end = _clock(match[1], _QUIET_EXAMPLE), _clock(match[2], _QUIET_EXAMPLE)
    if start == end:
        raise wrong("the quiet hours would never end", _QUIET_EXAMPLE)
    return Quiet(start, end)


def read_days(value: object) -> tuple[int, ...]:
    """Weekdays such as mon-fri, or [mon, wed]."""
    keys = value if isinstance(value, list | tuple) else [value]
    return tuple(sorted({day for key in keys for day in _days(str(key))}))


def zone_exists(name: str) -> bool:
    """Whether the time zone can be used on this machine."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder of the database, an odd path, or no such zone
        return False
    return "/" in name or name == "UTC"


def zone_names() -> list[str]:
    """Every Continent/City of this machine's zone database, and the city alone, for suggestions."""
    return sorted(name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/")))


def _holiday(day: str, said: object) -> str:
    if str(said).strip() != "closed":
        raise wrong(f"{day} can only be closed", f'Write "{day}": closed.')
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise wrong(f"{day} is no date", "Write year-month-day, for example 2026-12-25.") from error


def _days(key: str) -> Iterator[int]:
    for part in key.casefold().split(","):
        first, _, last = part.strip().partition("-")
        start, end = _day(first.strip()), _day((last or first).strip())
        yield from range(start, end + 1) if start <= end else (*range(start, 7), *range(end + 1))


def _day(word: str) -> int:
    if word[:3] in DAYS:
        return DAYS.index(word[:3])
    raise wrong(f"{word[:20]!r} is no day", did_you_mean(word, DAYS, f"Days are {', '.join(DAYS)}. {_HOURS_EXAMPLE}"))


def _spans(key: str, value: object) -> tuple[tuple[time, time], ...]:
    text = str(value or "").strip()
    if text in ("", "closed"):
        return ()
    spans: list[tuple[time, time]] = []
    for part in text.split(","):
        match = _SPAN.fullmatch(part.strip())
        if match is None:
            raise wrong(f"{part.strip()[:30]!r} are no hours", _HOURS_EXAMPLE)
        start, end = _clock(match[1], _HOURS_EXAMPLE), _clock(match[2], _HOURS_EXAMPLE)
        if end <= start:
            raise wrong(f"{key}: {part.strip()} ends before it begins", "Hours past midnight belong to the next day.")
        if spans and start < spans[-1][1]:
            raise wrong(f"{key}: {part.strip()} overlaps the hours before it", _HOURS_EXAMPLE)
        spans.append((start, end))
    return tuple(spans)


def _clock(text: str, example: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time.max  # the end of the day, which a clock does not show
    if hour > 23 or minute > 59:
        raise wrong(f"{text} is no time of day", example)
    return time(hour, minute)
