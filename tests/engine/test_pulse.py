"""A shop that goes quiet is noticed by its own usual hours, and only then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.pulse import silent

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def days(per_hour: int, back: int) -> tuple[datetime, ...]:
    """Orders at each of the hours of the last days, today's last three hours apart."""
    start = NOW - timedelta(days=back)
    hours = [start + timedelta(hours=h) for h in range(back * 24 - 4)]
    return tuple(hour + timedelta(minutes=7 * n) for hour in hours for n in range(per_hour))


def test_a_usual_hour_without_orders_is_told() -> None:
    """Five days with orders at this time, and none in the last three hours."""
    assert silent(days(2, 5), NOW)


def test_what_is_usual_is_not_told() -> None:
    """A new shop, a shop that is always quiet at this time, and one that had an order just now."""
    assert not silent((), NOW)
    assert not silent(days(2, 2), NOW)
    assert not silent((*days(2, 5), NOW - timedelta(minutes=5)), NOW)
    at_night = tuple(m for m in days(2, 5) if m.hour < 8)
    assert not silent(at_night, NOW)
