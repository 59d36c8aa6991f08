"""What opens under a card for a moment instead of its buttons: times to call at, texts to send. Looking changes nothing.

A press on one of these buttons is an event like any other; the card's next edit brings its own buttons back.
"""

from __future__ import annotations

from datetime import datetime

from flows import calling, saying
from flows.cards import data
from flows.effects import Button
from flows.orders import BEFORE_DISPATCH, Order
from flows.turn import Turn
from flows.wording import Moment

#: Buttons of a card that open a menu, and the one that asks a colleague to write something.
MENUS = frozenset({"later", "message"})
BACK = "back"
PROMPT = "new_number"

Rows = tuple[tuple[Button, ...], ...]


def rows(turn: Turn, order: Order, name: str) -> Rows:
    """The menu's buttons; () where it offers nothing now."""
    found = _times(turn, order) if name == "later" else _texts(turn, order)
    return (*found, (Button(BACK, data(turn.id, order, BACK)),)) if found else ()


def _times(turn: Turn, order: Order) -> Rows:
    if order.state not in calling.CALLABLE:
        return ()
    buttons = [_time(turn, order, at) for at in calling.times(turn, order)]
    return tuple(tuple(buttons[n : n + 2]) for n in range(0, len(buttons), 2))


def _time(turn: Turn, order: Order, at: datetime) -> Button:
    shown = Moment(at=at, zone=turn.policy.zone, style="daytime")
    return Button("at", data(turn.id, order, f"at.{int(at.timestamp()) // 60}"), {"at": shown})


def _texts(turn: Turn, order: Order) -> Rows:
    own = [
        Button("reply_own", data(turn.id, order, f"reply.{n}"), {"title": title})
        for n, (title, _) in enumerate(saying.own_replies(turn))
    ]
    asks = order.seq and order.state in BEFORE_DISPATCH
    ours = [Button(verb, data(turn.id, order, f"reply.{verb}")) for verb in saying.ASKS] if asks else []
    return tuple((button,) for button in [*own, *ours])
