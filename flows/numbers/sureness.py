"""How sure a share is: Wilson's score interval, and Newcombe's for the difference of two shares.

Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, Statistics in Medicine 17 (1998),
method 10.
"""

from __future__ import annotations

from math import sqrt

from msgspec import Struct

#: Two-sided 95 %.
Z = 1.959963984540054


class Share(Struct, frozen=True, gc=False):
    """`part` of `whole`, with the interval that holds the true share in 95 of 100 months like this one."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 0.0


def share(part: int, whole: int) -> Share:
    """Raises ValueError where the part is larger than the whole."""
    if not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no share")
    low, high = wilson(part, whole)
    return Share(part, whole, low, high)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """(0, 1) of nothing."""
    if whole == 0:
        return 0.0, 1.0
    p, z2 = part / whole, Z * Z
    middle = p + z2 / (2 * whole)
    spread = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole))
    low = 0.0 if part == 0 else (middle - spread) / (1 + z2 / whole)
    high = 1.0 if part == whole else (middle + spread) / (1 + z2 / whole)
    return low, high


def fewer(before: Share, now: Share) -> tuple[float, float, float]:
    """By how much the share fell: (middle, low, high); a negative low says that it may as well have grown."""
    gap = before.value - now.value
    down = sqrt((before.value - before.low) ** 2 + (now.high - now.value) ** 2)
    up = sqrt((before.high - before.value) ** 2 + (now.value - now.low) ** 2)
    return gap, gap - down, gap + up


def known(value: float) -> Share:
    """A share that the shop tells of itself: taken as it is, without an interval of its own."""
    part = round(value * 1_000_000)
    return Share(part, 1_000_000, value, value)
