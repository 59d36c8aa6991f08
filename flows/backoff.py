"""How soon what failed is tried again, where waiting costs: a complaint's ping to the owner.

The owner is to hear of a complaint within seconds, so a ping that failed is tried again after 1, 2, 4 … 60 s; everything else keeps the
calm it had. What Telegram asks for by retry_after is always obeyed, and is no try of ours.
"""

from __future__ import annotations

from datetime import timedelta

from flows.effects import Open, PingOwner

FIRST = timedelta(seconds=1)
#: No rarer than this: the next stage of the complaint rings other phones meanwhile (flows/complaint_stages.py).
RAREST = timedelta(minutes=1)
#: Up to the next ping of the same complaint (15 min), which begins anew.
URGENT_TRIES_MOST = 20


def urgent(open_: Open) -> bool:
    """Whether somebody waits for this very message: a complaint's ping, or what goes before everything else."""
    effect = open_.effect
    return isinstance(effect, PingOwner) and not effect.silent and bool(effect.complaint or effect.first)


def again_after(open_: Open, calm: timedelta) -> timedelta:
    """The wait before the next try; `calm` for what is not urgent."""
    if not urgent(open_):
        return calm
    doubled = 1 << min(max(open_.tries - 1, 0), 10)
    return min(FIRST * doubled, RAREST, calm)
