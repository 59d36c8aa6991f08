"""Who is who: whether two writings of an address mean one person's door, mailbox or phone.

Blocking first (equal keys find candidates), then scoring. A key is cheap and may collide; only a `Match` says "the same".
"""

from typing import Literal

from msgspec import Struct

#: From this score on two writings are taken for one. Below it a likeness is worth no signal at all.
SAME = 0.8

Means = Literal["phone", "email", "address"]


class Match(Struct, frozen=True):
    """How alike two writings are. `on` names what agreed (`postcode`, `street`, `house`, `unit`, …), strongest first."""

    score: float  # 0 (others) .. 1 (the same in every part)
    sure: bool  # no part that tells neighbours or namesakes apart is missing on either side
    on: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the score is high enough to act on."""
        return self.score >= SAME


NO_MATCH = Match(0.0, sure=False)
