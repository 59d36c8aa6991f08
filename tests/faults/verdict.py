"""What a storm came to, and when an order counts as adrift or as a person's."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from flows.conversation import Conversation
from flows.orders import CLOSED, Order

#: What the judge may find; a good run has nothing of any.
KINDS = ("lost", "twice", "unheard", "adrift", "unasked", "unfinished")


class Verdict(msgspec.Struct):
    """What the ledgers say after one run. `asked`, `unasked` and `unfinished` are of a run that drained."""

    orders: int = 0
    kills: int = 0
    seed: int = 0
    messages: int = 0  # that really reached somebody
    asked: int = 0  # orders whose customer was reached
    answers: int = 0  # that customers gave
    posts: int = 0  # webhooks and API calls that were made, repeats included
    states: dict[str, int] = {}
    lost: list[str] = []
    twice: list[str] = []
    unheard: list[str] = []
    adrift: list[str] = []
    unasked: list[str] = []
    unfinished: list[str] = []
    took_s: float = 0.0

    @property
    def good(self) -> bool:
        return not any(self.found())

    def found(self, *kinds: str) -> list[str]:
        """What was found of these kinds, or of all."""
        return [f"{kind}: {what}" for kind in kinds or KINDS for what in getattr(self, kind)]


def with_a_person(order: Order) -> bool:
    """A press under a template names the message it answers; of one whose fate is unknown we have no number to compare."""
    return order.state == "flagged" and any(reason.key == "reply.button" for reason in order.reasons)


def nobody_knows(order: Order) -> bool:
    """A person has it, because a question was on the wire when its process died: a mail, of which no server tells what became, is not
    sent again on a guess."""
    return order.state == "flagged" and any(asked.status == "unknown" for asked in order.asked)


def adrift(found: Conversation, order: Order) -> Iterator[str]:
    alarms = [name for name in found.timers if name.partition(":")[2] == order.id]
    if order.state not in CLOSED and not alarms:
        yield f"{order.id}: {order.state} without a timer"
    for open_ in found.open:
        if open_.status == "unknown" and f"ask:{open_.id}" not in found.timers and not any(
            getattr(other.effect, "effect_id", "") == open_.id for other in found.open
        ):  # fmt: skip
            yield f"{order.id}: {open_.id} is unknown and nobody asks"
