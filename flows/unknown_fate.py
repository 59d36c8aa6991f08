"""A message of unknown fate is never sent again blindly: its provider is asked after 15 s, 1, 5 and 30 minutes.

Found: it was accepted. Not found at the last look: the next channel or a person, never the same channel again.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import ladder, noticing, undelivered
from flows.effects import AskProvider, Open, Say
from flows.failing import elsewhere
from flows.turn import Turn

#: When the provider is asked what became of a message, counted from the attempt.
ASK_AFTER = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))


def ask_again(turn: Turn, effect_id: str) -> None:
    """The moment to ask the provider has come, or the last answer was no."""
    turn.rest(f"ask:{effect_id}")
    open_ = turn.open_effect(effect_id)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    say = open_.effect
    sender = turn.policy.sender(say.channel)
    if sender is None or not sender.can_be_asked or open_.asked >= len(ASK_AFTER):
        _never_known(turn, open_, say)
        return
    turn.settle(open_.id, replace(open_, asked=open_.asked + 1))
    turn.plan(
        AskProvider(
            effect_id=effect_id,
            channel=say.channel,
            to=say.to,
            sender=say.sender,
            since=open_.since or open_.at,
            text_of=say,
        )
    )


def _never_known(turn: Turn, open_: Open, say: Say) -> None:
    """Nobody can say whether it arrived. The rung's own wait goes on from the attempt where nobody could be asked."""
    sender = turn.policy.sender(say.channel)
    turn.settle(open_.id)
    turn.note("never_known", say.order_id, via=say.channel, template=say.template)
    if say.notice:
        noticing.lost(turn, say)
        return
    order = turn.get(say.order_id)
    if order is None or say.purpose not in ("first", "rung"):
        if order is None or not elsewhere(turn, order, say, open_.id):
            undelivered.told(turn, say, "never_known")
        return
    was_asked = sender is not None and sender.can_be_asked
    if was_asked and order.asking and order.rung == say.rung and order.version == say.version:
        ladder.enter(turn, order, say.rung + 1)


def look_again(turn: Turn, effect_id: str) -> None:
    """Not found, or the provider cannot be asked now: once more at the next moment, and after the last one never."""
    open_ = turn.open_effect(effect_id)
    if open_ is None or open_.status != "unknown" or not isinstance(open_.effect, Say):
        return
    start = open_.since or open_.at
    if open_.asked >= len(ASK_AFTER):
        _never_known(turn, open_, open_.effect)
        return
    turn.wake(f"ask:{open_.id}", max(start + ASK_AFTER[open_.asked], turn.now + timedelta(seconds=1)))


def lost_sight(turn: Turn, open_: Open) -> None:
    """From now on its provider is asked."""
    turn.settle(open_.id, replace(open_, status="unknown"))
    turn.wake(f"ask:{open_.id}", (open_.since or turn.now) + ASK_AFTER[0])
