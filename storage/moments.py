"""Moments as whole epoch milliseconds, rounded so that nobody is woken too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def ms_from(moment: datetime | None) -> int | None:
    """The moment in whole milliseconds, never before it: who is woken then finds that the moment has come."""
    return None if moment is None else -((_EPOCH - moment) // _MS)


def ms_by(now: datetime) -> int:
    """`now` in whole milliseconds, never after it: what is due by then is due."""
    return (now - _EPOCH) // _MS


def moment(ms: int) -> datetime:
    return _EPOCH + ms * _MS
