"""A colleague's own words that did not reach the customer: the group hears so under the card, for who wrote them believes it."""

from __future__ import annotations

from flows.effects import Say
from flows.turn import Turn

#: Texts that are a colleague's own words, in either form.
WORDS = frozenset({"staff_message", "staff_words"})
#: So much of them is shown again, to know which.
SHOWN_MOST = 120


def told(turn: Turn, say: Say, code: str) -> None:
    """`code`: the provider's, or why the gate let it not leave. Nothing for any other message."""
    if say.template not in WORDS:
        return
    order = turn.talk if say.seq == 0 else turn.get(say.order_id)
    if order is None:
        return
    turn.note("staff.undelivered", order.id, by="rule", via=say.channel, code=code)
    turn.tell_staff(order, "undelivered", channel=say.channel, code=code, text=str(say.values["text"])[:SHOWN_MOST])
