"""What the final gate says of an effect, and what opens it (flows/gate.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from flows.effects import Open


class Later(Struct, frozen=True):
    """Not now: try at `until`."""

    until: datetime


class Never(Struct, frozen=True):
    """Not at all, and why."""

    why: str


class Permits(Struct, frozen=True):
    """What lets an effect leave in the very commit that wished for it. `grant`: whether its sender's pace has room for it now; asked
    twice about one effect, it grants once. `by`: the process that will send it."""

    grant: Callable[[Open, datetime], bool]
    by: str
