"""The fault suites: one registry for the tests of every run (short) and for `make faults` (long), so that both are the same code."""

from tests.faults.suites import (
    ages,
    assault,
    disk,
    fuzz,
    hours,
    points,
    providers,
    road,
    room,
    several,
    signals,
    silence,
    weather,
    wire,
)
from tests.faults.suites.kit import Figure, Suite, measured

ALL: tuple[Suite, ...] = (
    *road.SUITES,
    *providers.SUITES,
    *wire.SUITES,
    *weather.SUITES,
    *disk.SUITES,
    *room.SUITES,
    *ages.SUITES,
    *assault.SUITES,
    *hours.SUITES,
    *points.SUITES,
    *several.SUITES,
    *signals.SUITES,
    *silence.SUITES,
    *fuzz.SUITES,
)

__all__ = ["ALL", "Figure", "Suite", "measured"]
