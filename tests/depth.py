"""How many examples a property gets that needs more than the profile's: at least so many, and in the long suites as many as any other."""

from __future__ import annotations

from hypothesis import settings


def examples(least: int) -> int:
    return max(least, settings.default.max_examples) if settings.default is not None else least
