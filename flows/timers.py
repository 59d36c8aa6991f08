"""What happens when a moment comes that the conversation itself asked for. Timers are part of the state: a name and a due moment.

Names: rung:<order> the next question; remind:<order> nobody acted; call:<order> staff may call again; ship:<order> confirmed and not
sent; news:<order> sent and no news; talk:<order> staff have stopped writing; complaint:<n> a complaint's next moment;
taken:<order> who took the card has done nothing; still:<order> asked once more before dispatch; silent:<order> no answer to that;
limit:<order> its turn under a ceiling; day:<order> the morning of its slot; poll:<order> how was it? survey:<order> how is the shop?
ask:<effect> what became of a message whose fate is unknown.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import (
    burst,
    complaint_stages,
    handing,
    hours,
    ladder,
    limits,
    news,
    poll_asking,
    still,
    stuck,
    taking,
    unknown_fate,
)
from flows.deciding import cancel
from flows.events import TimerDue
from flows.orders import Order
from flows.turn import Turn


def due(turn: Turn, event: TimerDue) -> None:
    """Run every timer that was due then. One that is gone, or was set anew for later, does nothing (the fence)."""
    ripe = sorted((moment, name) for name, moment in turn.timers.items() if moment <= event.due and moment <= turn.now)
    for _, name in ripe:
        kind, _, rest = name.partition(":")
        if kind == "ask":
            unknown_fate.ask_again(turn, rest)
            continue
        if kind == "complaint":
            complaint_stages.due(turn, int(rest))
            continue
        order = turn.talk if rest == "" else turn.get(rest)
        if order is None:
            turn.rest(name)
            continue
        _HANDLERS[kind](turn, order)
    stuck.well(turn, [name for _, name in ripe])


def rung_due(turn: Turn, order: Order) -> None:
    """A rung's wait is over, or the quiet time that held it."""
    turn.rest(f"rung:{order.id}")
    if not order.asking:
        return
    talking = handing.quiet_until(turn, order)
    if talking is not None:
        turn.wake(f"rung:{order.id}", talking)  # a person has the word
        return
    if order.held_until is not None:
        ladder.enter(turn, replace(order, held_until=None), order.rung)
        return
    if turn.withdraw(order.id, "first", "rung"):
        turn.note("rung.too_late", order.id, channel=ladder.channel_of(turn, order.rung))
        order = ladder.mark(order, order.rung, "withdrawn")
    ladder.enter(turn, order, order.rung + 1)


def reminder_due(turn: Turn, order: Order) -> None:
    """Nobody has acted on the card: as the settings say, cancel, or hold and tell the owner; then remind, ever more rarely."""
    turn.rest(f"remind:{order.id}")
    if order.state not in ("flagged", "held"):
        return
    policy = turn.policy
    if burst.unseen(order) and not (policy.if_unanswered == "cancel" and order.burst.startswith(burst.SILENT)):
        # one of a flood, which has a card as a whole: one for each would bury the group
        turn.note("held", order.id, by="rule", reason="limit")
        turn.wake(f"remind:{order.id}", turn.now + ladder.patience(order))
        turn.put(replace(order, reminders=order.reminders + 1))
        return
    if (order.state == "flagged" or burst.unseen(order)) and policy.if_unanswered == "cancel":
        start = order.first_asked_at or order.received_at
        over = hours.waking_end(start, ladder.staff_wait(turn), policy.quiet, ladder.zone_of(turn, order))
        if over > turn.now:
            turn.wake(f"remind:{order.id}", over)
            return
        cancel(turn, order, by="rule", via="automatic", template="cancelled_no_answer")
        return
    ladder.hold(turn, order, "nobody_acted")


def call_due(turn: Turn, order: Order) -> None:
    """Staff may call again."""
    turn.rest(f"call:{order.id}")
    if order.state in ("flagged", "held"):
        turn.tell_staff(order, "call.again", count=len(order.calls))


def ship_due(turn: Turn, order: Order) -> None:
    """Confirmed, and nothing was sent in time: the shop has to know, again and again but ever more rarely."""
    turn.rest(f"ship:{order.id}")
    if order.state == "confirmed":
        _late(turn, order, "ship", "late.not_shipped")


def news_due(turn: Turn, order: Order) -> None:
    """Sent, and nobody said what became of it."""
    turn.rest(f"news:{order.id}")
    if order.state == "shipped":
        _late(turn, order, "news", "late.no_news")


def _late(turn: Turn, order: Order, timer: str, key: str) -> None:
    turn.wake(f"{timer}:{order.id}", turn.now + ladder.patience(order))
    turn.note(key, order.id, by="rule")
    order = turn.put(replace(order, reminders=order.reminders + 1))
    order = turn.card(order)
    turn.tell_staff(order, key)
    if order.reminders > 1:
        turn.ping_owner(f"owner.{key}", order.id, order=order.id)


_HANDLERS = {
    "rung": rung_due,
    "remind": reminder_due,
    "call": call_due,
    "ship": ship_due,
    "news": news_due,
    "talk": handing.talk_due,
    "taken": taking.taken_due,
    "promise": handing.promise_due,
    "poll": poll_asking.due,
    "survey": poll_asking.survey_due,
    "still": still.due,
    "silent": still.silent_due,
    "day": news.day_due,
    "limit": limits.due,
}
