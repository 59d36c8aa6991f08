"""Business hours as a short text ("mon-fri 09:00-18:00, sat 10:00-14:00"); the wording puts the weekdays into the customer's language."""

from __future__ import annotations

from functools import lru_cache

from flows.policy import Hours, Policy

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def hours_value(policy: Policy) -> dict[str, str]:
    """{"hours": …} for a message, or nothing where the shop names no hours."""
    text = _text(tuple((day, spans) for day, spans in sorted(policy.hours.week.items())))
    return {"hours": text} if text else {}


@lru_cache(maxsize=1024)
def _text(week: tuple[tuple[int, tuple[tuple[object, object], ...]], ...]) -> str:
    runs: list[tuple[int, int, str]] = []
    for day, spans in week:
        if not spans:
            continue
        text = ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in spans)
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], day, text)
        else:
            runs.append((day, day, text))
    return ", ".join(f"{_DAYS[a]} {text}" if a == b else f"{_DAYS[a]}-{_DAYS[b]} {text}" for a, b, text in runs)


def shown(hours: Hours) -> str:
    """The same text for any hours; empty where none are set."""
    return _text(tuple((day, spans) for day, spans in sorted(hours.week.items())))
