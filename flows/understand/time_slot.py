"""The day and the hours in a message, from the roles of its tokens. No clock: days stay relative."""

from __future__ import annotations

import re
from typing import Final

from flows.understand.cover import Piece

_CLOCK: Final = re.compile(
    r"([01]?\d|2[0-4])(?:[:.h]([0-5]\d))?(am|pm|h|hrs|u|uur|ч|baje|bje|tar?|tay|টা|টার|টায|[dt][ae]n?|y[ae])?"
)
_ISO_DATE: Final = re.compile(r"\b(20\d\d)-(\d\d?)-(\d\d?)\b")
_DATE: Final = re.compile(r"\b(\d\d?)[/.](\d\d?)(?:[/.](?:20)?\d\d)?\b")
#: "6" without am or pm in a sentence about deliveries is the evening, "9" the morning.
_EVENING_HOURS: Final = range(1, 8)
_SIDES: Final = frozenset({"after", "before", "until", "between"})


def find_times(words: list[str], pieces: list[Piece], folded: str) -> tuple[str | None, str | None]:
    """(day, window) in the forms that `Slots` describes."""
    return _day(pieces, folded), _window(words, pieces)


def _day(pieces: list[Piece], folded: str) -> str | None:
    negated = False  # "not today, tomorrow"; but "not before Monday" is Monday
    for piece in pieces:
        if piece.role == "not" or piece.role in _SIDES:
            negated = piece.role == "not"
        elif piece.role.startswith("day:") and negated:
            negated = False
        elif piece.role.startswith("day:"):
            return piece.role[4:]
    found = _ISO_DATE.search(folded)
    if found and 1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31:
        return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}"
    found = _DATE.search(folded)
    if found and 1 <= int(found[1]) <= 31 and 1 <= int(found[2]) <= 12:
        return f"{int(found[2]):02}-{int(found[1]):02}"
    return None


def _window(words: list[str], pieces: list[Piece]) -> str | None:
    hours = _hours(words, pieces)
    sides = [(_turned(pieces, at), piece.start) for at, piece in enumerate(pieces) if piece.role in _SIDES]
    part = next((piece.role[5:] for piece in pieces if piece.role.startswith("part:")), None)
    if not hours:
        if part and sides and sides[0][0] in {"after", "before"}:
            start, _, end = part.partition("-")
            return f"{start}-" if sides[0][0] == "after" else f"-{start or end}"
        return part
    times = [time for time, _ in hours]
    if len(times) >= 2:
        return f"{times[0]}-{times[1]}"
    side = next((role for role, _ in sides if role != "between"), None)
    if side == "after":
        return f"{times[0]}-"
    if side in {"before", "until"}:
        return f"-{times[0]}"
    hour, _, minute = times[0].partition(":")
    return f"{times[0]}-{min(int(hour) + 1, 23):02}:{minute}"


def _turned(pieces: list[Piece], at: int) -> str:
    """The side that a word like "after" names; "not after" is before, "not before" is after."""
    role = pieces[at].role
    if at == 0 or pieces[at - 1].role != "not":
        return role
    return {"after": "before", "before": "after", "until": "after"}.get(role, role)


def _hours(words: list[str], pieces: list[Piece]) -> list[tuple[str, int]]:
    """The clock times named, with their token; only numbers that something beside them makes an hour."""
    marked = any(piece.role in _SIDES | {"hour", "am", "pm", "time"} or piece.role[:5] == "part:" for piece in pieces)
    roles = {piece.start: piece.role for piece in pieces}
    afternoon = next((piece.role for piece in pieces if piece.role[:5] == "part:"), None)
    out: list[tuple[str, int]] = []
    at = 0
    while at < len(words):
        written, step = words[at], 1
        if at + 2 < len(words) and words[at + 1] in {":", "."} and words[at + 2][:2].isdigit() and written.isdigit():
            written, step = f"{written}:{words[at + 2]}", 3
        found = _CLOCK.fullmatch(written)
        beside = roles.get(at + step, "")
        if found and marked and not _counts_days(words, at, step):
            half = found[3] if found[3] in {"am", "pm"} else beside if beside in {"am", "pm"} else None
            half = half or _half_of(pieces, at)
            out.append((_clock(int(found[1]), found[2] or "00", half, afternoon, colon=bool(found[2])), at))
        at += step
    if len(out) >= 2 and out[1][0] < out[0][0] and int(out[0][0][:2]) >= 12:
        hour, _, minute = out[0][0].partition(":")
        out[0] = (f"{int(hour) - 12:02}:{minute}", out[0][1])
    return out[:2]


def _counts_days(words: list[str], at: int, step: int) -> bool:
    """Whether the number belongs to a date or an amount rather than to the clock."""
    before = words[at - 1] if at else ""
    after = words[at + step] if at + step < len(words) else ""
    return before in {"/", "#", "+"} or after in {"/", "%"}


def _half_of(pieces: list[Piece], at: int) -> str | None:
    """am or pm said anywhere after this number: `5 to 7 pm`."""
    return next((piece.role for piece in pieces if piece.start > at and piece.role in {"am", "pm"}), None)


def _clock(hour: int, minute: str, half: str | None, part: str | None, *, colon: bool) -> str:
    morning = half == "am" or (half is None and part is not None and part < "part:12")
    if half == "pm" or (part is not None and part >= "part:12" and half is None):
        hour = hour + 12 if hour < 12 else hour
    elif half == "am":
        hour = 0 if hour == 12 else hour
    elif not morning and hour in _EVENING_HOURS and not (colon and hour == 0):
        hour += 12
    return f"{min(hour, 23) if hour != 24 else 23:02}:{minute}"
