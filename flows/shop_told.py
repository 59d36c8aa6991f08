"""What became of telling the shop: taken, refused, or to be tried again by the schedule until it is given up.

Unlike a message to a person, a telling whose fate is unknown may be tried again: the callback's receiver knows it by its webhook-id,
which stays the same, and the platforms' adapters read before they write. A shop that is down costs nothing: its tellings wait in
the state, on a lane of their own.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import shop_echo
from flows.effects import Accepted, Open, Outcome, RaiseAlarm, Refused, TellShop, TryAgain, Unknown
from flows.orders import Order
from flows.shop_telling import CLOSED, SHOWN_AFTER, STATES
from flows.turn import Turn

#: Until the next try, after the first, second … one. 75 h 35 m 5 s in all.
#: Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11
AGAIN = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: "Later" by name (throttled) is obeyed and is no failure, but not for longer than the whole schedule.
GIVE_UP = sum(AGAIN, timedelta())
#: A place is asked to wait at most so long at once.
LATER_MOST = timedelta(hours=24)
THROTTLED = "throttled"
#: Credentials that are not taken: the owner hears of it at once, and the telling waits for the mend.
UNAUTHORIZED = "unauthorized"
#: The callback's receiver wants nothing any more: it rests so long, or until the next start. Source: Standard Webhooks, 410.
GONE, GONE_REST_S = "gone", 86400
#: The shop has changed the same thing meanwhile: its word holds, and staff see both.
EDITED = "edited"


def settled(turn: Turn, open_: Open, outcome: Outcome) -> None:
    effect = open_.effect
    assert isinstance(effect, TellShop)
    match outcome:
        case Accepted(provider_id=stood_at):
            _accepted(turn, open_, effect, stood_at)
        case Refused(code=code, reason=reason):
            _refused(turn, open_, effect, code, reason)
        case TryAgain(after_s=after_s, reason=reason):
            _again(turn, open_, effect, "later", reason, timedelta(seconds=after_s))
        case Unknown(reason=reason):
            _forget(turn, effect)
            _again(turn, open_, effect, "unknown", reason, timedelta(0))


def _note(turn: Turn, effect: TellShop, outcome: str, **more: str) -> None:
    turn.note("shop.told", effect.order_id, via=effect.target, word=effect.what, outcome=outcome, **more)


def _accepted(turn: Turn, open_: Open, effect: TellShop, stood_at: str) -> None:
    """`stood_at`: when the platform says that the order was last changed, now that it holds what was told."""
    turn.settle(open_.id)
    _note(turn, effect, "accepted")
    order = turn.get(effect.order_id)
    if order is None:
        return
    if effect.target == order.source:
        order = shop_echo.written(order, effect, stood_at)
    known = {**order.shop_knows, effect.target: effect.what} if effect.what in STATES else order.shop_knows
    failed = tuple(f for f in order.shop_untold if f != _key(effect))
    order = turn.put(replace(order, shop_knows=known, shop_untold=failed))
    if open_.tries >= SHOWN_AFTER:
        turn.refresh(order)


def _key(effect: TellShop) -> str:
    return f"{effect.target}:{effect.what}"


def _forget(turn: Turn, effect: TellShop) -> None:
    """Nobody can say what the place knows of the state now: the next word is told whatever it is."""
    order = turn.get(effect.order_id)
    if order is not None and effect.what in STATES and effect.target in order.shop_knows:
        turn.put(replace(order, shop_knows={t: w for t, w in order.shop_knows.items() if t != effect.target}))


def _refused(turn: Turn, open_: Open, effect: TellShop, code: str, reason: str) -> None:
    turn.settle(open_.id)
    _note(turn, effect, "refused", code=code)
    if code == GONE:
        _alarm(turn, effect, "callback_gone", rest=True)
        return
    _untold(turn, effect, code, reason)


def _again(turn: Turn, open_: Open, effect: TellShop, outcome: str, reason: str, after: timedelta) -> None:
    throttled = reason == THROTTLED and outcome == "later"
    tries = open_.tries - 1 if throttled else open_.tries
    if tries > len(AGAIN) or (throttled and turn.now - open_.at > GIVE_UP):
        turn.settle(open_.id)
        _note(turn, effect, "gave_up", code=reason)
        _alarm(turn, effect, "shop_untold")
        _untold(turn, effect, "gave_up", "")
        return
    wait = timedelta(seconds=1) if throttled else AGAIN[max(tries, 1) - 1]
    due = turn.now + max(wait, min(after, LATER_MOST))
    turn.settle(open_.id, replace(open_, status="planned", by="", since=None, not_before=due, tries=tries))
    if open_.tries == 1 and not throttled:
        _note(turn, effect, outcome, code=reason)
    if reason == UNAUTHORIZED:
        _alarm(turn, effect, "shop_credentials")
    order = turn.get(effect.order_id)
    if order is not None and tries == SHOWN_AFTER:
        _show(turn, order, effect)


def _alarm(turn: Turn, effect: TellShop, kind: str, rest: bool = False) -> None:
    """The owner hears once in a while, however many orders it concerns."""
    values: dict[str, str | int] = {"shop": turn.policy.name, "where": effect.target}
    pause = effect.target if rest else ""
    turn.plan(RaiseAlarm(kind=kind, values=values, pause=pause, rest_s=GONE_REST_S if rest else 0))


def _untold(turn: Turn, effect: TellShop, code: str, reason: str) -> None:
    """The place will not hear of it: staff do what the machine could not."""
    order = turn.get(effect.order_id)
    if order is None:
        return
    if effect.what == CLOSED and order.state != "cancelled":
        return
    order = turn.put(replace(order, shop_untold=(*order.shop_untold, _key(effect))[-4:]))
    order = turn.card(order)
    key = "shop.edited" if code == EDITED else "shop.untold"
    turn.tell_staff(order, key, word=effect.what, where=effect.target, text=reason[:300])


def _show(turn: Turn, order: Order, effect: TellShop) -> None:
    """It still tries. A cancel that the shop does not know of may send the parcel: staff see that one without a card, too."""
    if effect.what in ("cancelled", CLOSED) and order.state == "cancelled":
        turn.card(order)
    else:
        turn.refresh(order)
