"""Topics of a forum group: one for each kind of matter, made by the bot once and kept at the desk.

An order has one card, in Flagged (a talk without an order in Conversations). What else concerns it is a section of that card;
Complaints and Deals hold a message that points to it. In a group without topics there is one stream and nothing points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from flows.effects import PointTo, Value

if TYPE_CHECKING:
    from flows.desk import Desk
    from flows.desk_events import TopicMade
    from flows.orders import Order
    from flows.turn import Turn

FLAGGED, COMPLAINTS, DEALS, CONVERSATIONS = NAMES = ("flagged", "complaints", "deals", "conversations")


def made(desk: Desk, event: TopicMade) -> tuple[Desk, str]:
    """The desk with the topic, and which one stands: where two processes made one at once, the first."""
    stands = desk.topics.get(event.name, 0)
    if event.name not in NAMES or (stands and stands != event.gone):
        return desk, f"stands:{stands}"
    return replace(desk, topics={**desk.topics, event.name: event.thread}), f"stands:{event.thread}"


def point(turn: Turn, order: Order, topic: str, key: str, **values: Value) -> None:
    """A message in that topic, with the way to the card."""
    if topic in turn.policy.topics:
        turn.plan(PointTo(seq=order.seq, topic=topic, key=key, values={"order": order.id, **values}))
