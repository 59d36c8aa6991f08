"""What an order's card in the staff group says: the order, why it is here, what was tried, who has it, what is due next.

Lines are staff text keys with values; the bot makes them words. The phone is masked: the group sees the minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flows import deal_card, hours, shop_telling, stuck
from flows.effects import Button, Card, Line, TellShop, Value
from flows.money import Money
from flows.orders import BEFORE_DISPATCH, Order
from flows.phones import mask
from flows.turn import Turn
from flows.wording import Moment

#: A card whose first posting is still on the wire is looked at again after so long.
RETRY = timedelta(seconds=1)
#: Items named on a card; the rest is counted.
ITEMS_MOST = 4

#: Cancel on a card that shows a yes, Confirm on one that shows a cancel: verbs of their own, for who pressed while a
#: colleague decided has not seen that decision yet.
CANCEL_CONFIRMED, CONFIRM_CANCELLED = "cancel_confirmed", "confirm_cancelled"

_CALL = (("confirm", "cancel"), ("no_answer", "wrong_number"), ("later", "message"), ("new_number", "take"))
_BUTTONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "pending": _CALL,
    "flagged": _CALL,
    "held": _CALL,
    "confirmed": (("undo", CANCEL_CONFIRMED), ("message", "take")),
    "cancelled": (("undo",), ("message",)),
    "shipped": (("message", "take"),),
}
#: Buttons of other modules: verb -> whether the card offers it now. The verb itself is an entry of flows.staff.VERBS.
MORE: dict[str, Callable[[Turn, Order], bool]] = {}


def build(turn: Turn, order: Order) -> Card:
    """The card as of now."""
    lines = _talk(turn, order) if order.seq == 0 else _order(turn, order)
    return Card(
        state=order.state if order.seq else ("talk" if order.state == "flagged" else "talk_closed"),
        lines=tuple(lines),
        buttons=_buttons(turn, order),
        chat=order.card.chat if order.card else turn.policy.staff_chat,
        message_id=order.card.message_id if order.card else 0,
        again=order.card_again,
    )


def _buttons(turn: Turn, order: Order) -> tuple[tuple[Button, ...], ...]:
    if order.seq == 0:
        rows: tuple[tuple[str, ...], ...] = (("confirm",), ("message", "take")) if order.state == "flagged" else ()
    else:
        rows = _BUTTONS.get(order.state, ())
        if order.state in ("confirmed", "cancelled") and order.decided_by not in ("staff", "owner"):
            # what the shop has cancelled itself can only be ordered anew
            first = (CANCEL_CONFIRMED,) if order.state == "confirmed" else (CONFIRM_CANCELLED,)
            rows = (() if order.state == "cancelled" and order.shop_cancelled else first, *rows[1:])
    if order.verdict in ("watch", "review", "blocked") and order.state in ("pending", "flagged", "held"):
        rows = (*rows, ("let_off",) if order.verdict == "blocked" else ("let_off", "block"))
    rows = (*rows, *deal_card.row(turn, order), tuple(verb for verb, offered in MORE.items() if offered(turn, order)))
    return tuple(tuple(Button(_title(order, verb), data(turn.id, order, verb)) for verb in row) for row in rows if row)


def _title(order: Order, verb: str) -> str:
    if order.seq == 0 and verb == "confirm":
        return "close_talk"
    if verb in (CANCEL_CONFIRMED, CONFIRM_CANCELLED):
        return verb.partition("_")[0]
    return "release" if verb == "take" and order.taken_by else verb.partition(".")[0]


def data(conversation: str, order: Order, verb: str) -> str:
    """Callback data, at most 64 bytes: what to do, on which card, of which version; never state."""
    return f"c:{verb}:{conversation}:{order.seq}:{order.version}"


def read(callback_data: str) -> tuple[str, str, int, int] | None:
    """(verb, conversation, seq, version) of a button of ours; None for anything else."""
    parts = callback_data.split(":")
    if len(parts) != 5 or parts[0] != "c" or not (parts[3].isascii() and parts[3].isdigit()):
        return None
    if not (parts[4].isascii() and parts[4].isdigit()) or len(parts[3]) > 6 or len(parts[4]) > 6:
        return None
    return parts[1], parts[2], int(parts[3]), int(parts[4])


def _order(turn: Turn, order: Order) -> list[Line]:
    fields = order.fields
    lines = [Line("order", {"order": order.id, "total": fields.total, "name": fields.name, "source": order.source})]
    if fields.items:
        shown = [f"{i.quantity} x {i.title}" for i in fields.items[:ITEMS_MOST]]
        lines.append(Line("items", {"items": "; ".join(shown), "more": max(len(fields.items) - ITEMS_MOST, 0)}))
    place = ", ".join(p for p in (fields.address.city, fields.address.region, fields.address.country) if p)
    lines.append(
        Line(
            "who",
            {
                "phone": mask(fields.phone) if fields.phone else "",
                "raw": "" if fields.phone else fields.phone_raw,
                "place": place,
            },
        )
    )
    lines += [
        Line(f"reason.{r.key}", dict(r.values)) for r in order.reasons if order.state in ("flagged", "held", "pending")
    ]
    if stuck.is_stuck(turn, order) and not any(line.key == "reason.stuck" for line in lines):
        lines.append(Line("reason.stuck"))
    lines += _past(turn, order)
    lines += _tried(turn, order)
    lines += [Line("said", {"text": text}) for text in order.said[-3:]]
    lines += _asked_more(order)
    lines += deal_card.lines(turn, order)
    lines += _to_the_door(turn, order)
    if fields.note:
        lines.append(Line("note", {"text": fields.note}))
    if order.taken_by and order.open:
        until = turn.timers.get(f"taken:{order.id}")
        taken: dict[str, Value] = {"name": order.taken_by}
        if until is not None:
            taken["at"] = _at(turn, until)
        lines.append(Line("taken", taken))
    if order.decided_by:
        lines.append(
            Line(
                "decided",
                {
                    "state": order.state,
                    "by": order.decided_by,
                    "via": order.via or "",
                    "name": order.decided_name,
                    "at": _at(turn, order.decided_at or turn.now),
                },
            )
        )
    if order.return_done:
        lines.append(Line("returned_by", {"word": order.return_done, "name": order.return_by}))
    elif order.return_wish:
        lines.append(Line("returning", {"word": _WISH.get(order.return_wish, "nothing")}))
    lines += _untold(turn, order)
    lines += _next(turn, order)
    return lines


#: How the customer's wish reads on the card: family "told" of the staff texts.
_WISH = {"replace": "replace", "refund": "refund"}


def _untold(turn: Turn, order: Order) -> list[Line]:
    """What the shop could not be told, or not yet."""
    lines = [Line("untold", {"where": place, "word": word}) for place, _, word in _split(order.shop_untold)]
    for open_ in turn.open:
        effect = open_.effect
        if isinstance(effect, TellShop) and effect.order_id == order.id and open_.tries >= shop_telling.SHOWN_AFTER:
            lines.append(Line("untold_yet", {"where": effect.target, "word": effect.what}))
    return lines[:4]


def _split(keys: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return [key.partition(":") for key in keys]


def _past(turn: Turn, order: Order) -> list[Line]:
    """What the customer's past says: the verdict's reasons with the orders behind them, and what they bought before."""
    lines: list[Line] = []
    if order.verdict in ("watch", "review", "blocked") and order.open:
        lines += [Line(f"risk.{r.code}", {**r.values, "orders": ", ".join(r.orders[:3])}) for r in order.risk[:5]]
    if order.bought is not None:
        amount = Money(order.bought.amount_minor, order.bought.currency)
        last = Moment(at=order.bought.last_at, zone=turn.policy.zone, style="day")
        lines.append(Line("bought", {"orders": order.bought.orders, "amount": amount, "last": last}))
    return lines


def _asked_more(order: Order) -> list[Line]:
    """What a doubtful order gave beside its yes."""
    lines = [Line("second", {"phone": mask(order.fields.phone2)})] if order.fields.phone2 else []
    if order.paid and order.state in BEFORE_DISPATCH:
        lines.append(Line("paid_ahead"))
    elif "prepay" in order.asked_once and order.open:
        lines.append(Line("prepay"))
    return lines


def _to_the_door(turn: Turn, order: Order) -> list[Line]:
    """The chosen slot, failed attempts (of the order, and of all this customer's orders), a silence before dispatch."""
    lines: list[Line] = []
    if order.slot is not None and order.open:
        lines.append(Line("slot", {"when": order.slot.text, "courier": order.slot.courier}))
    ever = int(turn.fields.get("redeliveries", turn.was.redeliveries))  # type: ignore[call-overload]
    if order.attempts_failed or ever:
        lines.append(Line("attempts", {"count": order.attempts_failed, "all": ever}))
    if order.still_silent and order.state == "confirmed":
        lines.append(Line("still_silent"))
    return lines


def _tried(turn: Turn, order: Order) -> list[Line]:
    lines: list[Line] = []
    for asked in order.asked[-6:]:
        values: dict[str, Value] = {
            "channel": asked.channel,
            "status": asked.status,
            "code": asked.code,
            "at": _at(turn, asked.at),
        }
        lines.append(Line("tried", values))
    lines += [Line("skipped", {"channel": s.channel, "why": s.why}) for s in order.skipped[-4:]]
    lines += [Line("called", {"by": c.by, "at": _at(turn, c.at), "n": n}) for n, c in enumerate(order.calls, start=1)]
    return lines


def _next(turn: Turn, order: Order) -> list[Line]:
    """What is due next, and when."""
    if not order.open:
        return []
    lines: list[Line] = []
    if order.promise_by is not None:
        lines.append(Line("next.promise", {"at": _at(turn, order.promise_by)}))
    for name, moment in sorted(turn.timers.items(), key=lambda t: t[1]):
        kind, _, order_id = name.partition(":")
        if order_id == order.id and kind not in ("ask", "taken", "complaint"):
            lines.append(Line(f"next.{kind}", {"at": _at(turn, moment)}))
            break
    if order.state in ("flagged", "held"):
        rest = hours.quiet_until(turn.now, turn.policy.quiet, hours.zone_for(order.fields.address.country, turn.policy))
        if rest is not None:
            lines.append(Line("quiet", {"at": _at(turn, rest)}))
    return lines


def _at(turn: Turn, moment: object) -> Moment:
    return Moment(at=moment, zone=turn.policy.zone, style="daytime")  # type: ignore[arg-type]


def _talk(turn: Turn, order: Order) -> list[Line]:
    fields = order.fields
    lines = [Line("talk", {"name": turn.name, "phone": mask(fields.phone) if fields.phone else ""})]
    lines += [Line("said", {"text": text}) for text in order.said[-3:]]
    if order.taken_by:
        lines.append(Line("taken", {"name": order.taken_by}))
    if order.decided_name:
        lines.append(Line("talk_closed", {"name": order.decided_name}))
    return lines
