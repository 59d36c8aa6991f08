"""The confirmation ladder: ask on one channel after another, then hand over to a person.

    new --ask--> sms --4 h--> whatsapp --4 h--> e-mail --12 h--> flagged (a person calls) --24 h--> held
    a rung without an address is skipped in the same step; a hard failure moves on within seconds; a yes or a cancel ends it

A rung's wait runs from the provider's acceptance, and where none comes, from the attempt. A message that could not leave within
its rung's whole wait (a backlog) is taken back, and the next rung runs.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import burst, hours, spending, tiers
from flows.burst import staff_wait as staff_wait  # who flags waits as long
from flows.effects import Say
from flows.orders import Asked, Order, Reason, Skipped
from flows.reach import No, Way, compose, template_language, way
from flows.turn import Turn

#: A text about an order placed so recently comes as no surprise at any hour. Source: DESIGN rule 14.
FRESH = timedelta(minutes=10)
#: Reminders about a held order: a day, then twice as long each time, at most so much.
REMIND_FIRST = timedelta(hours=24)
REMIND_MOST = timedelta(days=8)


def begin(turn: Turn, order: Order) -> Order:
    """Ask about this version of the order, from the first rung; a number that the customer gave is what has to be asked."""
    phones = [n for n, rung in enumerate(turn.policy.ladder) if rung.channel in ("sms", "whatsapp")]
    return enter(turn, order, phones[0] if order.fresh_number and phones else 0)


def enter(turn: Turn, order: Order, index: int) -> Order:
    """Take the first rung from `index` on that can be taken now; flags the order when none is left."""
    ladder = turn.policy.ladder
    while index < len(ladder) and ladder[index].channel != "staff":
        channel = ladder[index].channel
        found = way(turn, order, channel, _stem(turn, order, channel))
        if isinstance(found, Way) and _too_crowded(turn, order, index, found):
            found = No(tiers.FULL)
        if isinstance(found, Way):
            hold = _held_until(turn, order, channel)
            if hold is not None:
                turn.note(
                    "rung.held", order.id, channel=channel, until=hold.isoformat(), why=_why_held(turn, order, channel)
                )
                turn.wake(f"rung:{order.id}", hold)
                return turn.put(replace(order, rung=index, held_until=hold))
            return _ask(turn, order, index, found)
        order = _skip(turn, order, channel, found)
        index += 1
    asked = any(a.status not in ("failed", "withdrawn") for a in order.asked if a.version == order.version)
    reason = Reason("no_answer") if asked else Reason("unreachable")
    if burst.unseen(order):
        turn.wake(f"remind:{order.id}", turn.now + staff_wait(turn))
        return burst.silent(turn, replace(order, rung=index), reason)
    return flag(turn, replace(order, rung=index, held_until=None, reviewing=False), reason)


def _skip(turn: Turn, order: Order, channel: str, no: No) -> Order:
    turn.note("rung.skipped", order.id, channel=channel, why=no.why)
    return replace(order, skipped=(*order.skipped, Skipped(channel, no.why, turn.now)))


def _crowded(turn: Turn, order: Order, channel: str) -> datetime | None:
    """Until when this question waits for room under WhatsApp's messaging limit."""
    if channel != "whatsapp" or not order.fields.phone:
        return None
    return tiers.waits_until(turn, "first" if first_text(order) else "rung", order.fields.phone)


def _too_crowded(turn: Turn, order: Order, index: int, found: Way) -> bool:
    """Whether it would wait there longer than its own step lasts: the next one is sooner."""
    until = _crowded(turn, order, found.channel)
    return until is not None and until - turn.now > wait_of(turn, index)


def _held_until(turn: Turn, order: Order, channel: str) -> datetime | None:
    """The end of the quiet time, or of the day whose money is spent, that holds this question; None: it may go now."""
    if channel == "email":
        return None
    poor = spending.waits_until(turn.policy, channel, turn.now)
    if poor is not None:
        return poor
    crowded = _crowded(turn, order, channel)
    if crowded is not None:
        return crowded
    if channel == "voice":  # a call at night wakes a house, whatever was ordered just now
        return hours.quiet_until(turn.now, turn.policy.quiet, zone_of(turn, order))
    if first_text(order) and fresh(turn, order):
        return None
    return hours.quiet_until(turn.now, turn.policy.quiet, zone_of(turn, order))


def fresh(turn: Turn, order: Order) -> bool:
    """Whether a word about it surprises nobody at any hour."""
    return turn.now - min(order.fields.placed_at, order.received_at) < FRESH


def _why_held(turn: Turn, order: Order, channel: str) -> str:
    if spending.waits_until(turn.policy, channel, turn.now) is not None:
        return "money"
    return tiers.FULL if _crowded(turn, order, channel) is not None else "quiet"


def zone_of(turn: Turn, order: Order) -> str:
    return hours.zone_for(order.fields.address.country, turn.policy)


def first_text(order: Order) -> bool:
    """Whether nothing has reached the customer about this order yet."""
    return all(a.status in ("failed", "withdrawn") for a in order.asked)


def _ask(turn: Turn, order: Order, index: int, found: Way) -> Order:
    say = _question(turn, order, index, found)
    effect_id = turn.plan(say)
    asked = Asked(effect_id, found.channel, found.to, order.version, index, turn.now)
    turn.note("rung.asked", order.id, channel=found.channel, template=say.template)
    turn.wake(f"rung:{order.id}", turn.now + wait_of(turn, index))
    return turn.put(
        replace(
            order.with_asked(asked),
            rung=index,
            held_until=None,
            first_asked_at=order.first_asked_at or turn.now,
        )
    )


def _stem(turn: Turn, order: Order, channel: str) -> str:
    """ "It has changed" is said only to an address that has read it as it was before."""
    if order.fresh_number and _may_ask_whose(turn, order, channel):
        return "new_number_ask"
    address = order.fields.email if channel == "email" else order.fields.phone
    if order.changes and order.changes[-1].what == "later" and order.changes[-1].version == order.version - 1:
        return "confirm"  # only the day of asking has changed
    knows = any(
        a.version < order.version and a.address == address and a.status not in ("planned", "failed", "withdrawn")
        for a in order.asked
    )
    return "reconfirm" if knows else "confirm"


def _may_ask_whose(turn: Turn, order: Order, channel: str) -> bool:
    """Whether a number that a customer gave can be asked "is this yours?", which is answered with words only."""
    sender = turn.policy.sender(channel)
    if channel in ("email", "voice") or sender is None or sender.opt_out & {"yes", "no"}:
        return False
    phone = order.fields.phone or ""
    approved = template_language(turn.policy, "new_number_ask", turn.language) is not None
    return channel == "sms" or approved or turn.window_open(phone)


def _question(turn: Turn, order: Order, index: int, found: Way) -> Say:
    """The ladder's question in the form its channel and sender allow."""
    stem = _stem(turn, order, found.channel)
    purpose = "first" if first_text(order) else "rung"
    if found.channel == "voice":
        say = compose(turn, order, "voice_ask", found, "rung")
    elif found.channel == "email":
        say = compose(turn, order, f"{stem}_email", found, purpose)
    elif found.channel == "whatsapp":
        buttons = ("yes", "not_me") if stem == "new_number_ask" else ("yes", "change", "cancel")
        say = replace(compose(turn, order, stem, found, purpose), buttons=buttons)
    elif stem == "new_number_ask":
        say = compose(turn, order, stem, found, purpose)
    elif found.link:
        say = compose(turn, order, f"{stem}_link", found, purpose)
    else:
        words = "digits" if found.sender.opt_out & {"yes", "cancel", "change", "no"} else "words"
        say = compose(turn, order, f"{stem}_{words}", found, purpose)
    return replace(say, rung=index)


def flag(turn: Turn, order: Order, reason: Reason, *, words_follow: bool = False) -> Order:
    """A person is needed: card, and a reminder that is a real timer. `words_follow`: the customer's own words come under the card
    at once and say why, so that one matter rings once."""
    was_flagged = order.state == "flagged"
    reasons = order.reasons if reason in order.reasons else (*order.reasons, reason)
    order = replace(order, state="flagged", reasons=reasons, held_until=None, reviewing=False)
    turn.rest(f"rung:{order.id}", f"limit:{order.id}")
    turn.wake(f"remind:{order.id}", max(turn.now, turn.policy.hours.away_until or turn.now) + staff_wait(turn))
    turn.note("flagged", order.id, by="rule", reason=reason.key)
    had_card = order.card_wanted
    order = turn.put(order)
    turn.tell_shop(order, "held", reason=reason.key)
    order = turn.card(order)
    if had_card and not was_flagged and not words_follow:
        turn.tell_staff(order, f"again.{reason.key}")
    if not turn.policy.staff_chat:
        turn.note("no_staff_group", order.id)
    return order


def wait_of(turn: Turn, rung: int) -> timedelta:
    """A rung's wait; of one that the settings no longer have, none: the next moment moves on."""
    ladder = turn.policy.ladder
    return ladder[rung].wait if 0 <= rung < len(ladder) else timedelta(0)


def channel_of(turn: Turn, rung: int) -> str:
    """A rung's channel; "" of one that the settings no longer have."""
    ladder = turn.policy.ladder
    return ladder[rung].channel if 0 <= rung < len(ladder) else ""


def mark(order: Order, rung: int, status: str, *, effect_id: str = "", provider_id: str = "", code: str = "") -> Order:
    """Note what became of a question: by its effect id, else the last one of that rung."""
    asked = list(order.asked)
    for at in range(len(asked) - 1, -1, -1):
        if asked[at].effect_id == effect_id if effect_id else asked[at].rung == rung:
            known = asked[at]
            asked[at] = replace(
                known, status=status, provider_id=provider_id or known.provider_id, code=code or known.code
            )
            break
    return replace(order, asked=tuple(asked))


def patience(order: Order) -> timedelta:
    """How long until the next reminder about this order: each time twice as long, up to a bound."""
    return min(REMIND_FIRST * (1 << min(order.reminders, 8)), REMIND_MOST)


def hold(turn: Turn, order: Order, reason: str) -> Order:
    """Open, and a person's: the owner hears of it, and again later."""
    turn.wake(f"remind:{order.id}", turn.now + patience(order))
    if order.state != "held":
        turn.note("held", order.id, by="rule", reason=reason)
    turn.rest(f"rung:{order.id}")
    order = turn.put(replace(order, state="held", reminders=order.reminders + 1, held_until=None, reviewing=False))
    turn.tell_shop(order, "held", reason=reason)
    order = turn.card(order)
    turn.tell_staff(order, f"held.{reason}")
    turn.ping_owner("owner.held", order.id, order=order.id, total=order.fields.total)
    return order
