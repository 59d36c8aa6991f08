"""The ping of a complaint in the owner's private chat: what the owner should know before answering, and the buttons to act on it."""

from __future__ import annotations

from flows.complaint import Complaint
from flows.effects import Button, Escalate, Line, PingOwner, Value
from flows.heard import glimpse
from flows.money import Money
from flows.turn import Turn
from flows.wording import Moment

#: The buttons under a ping in the owner's chat.
BUTTONS = (("k_take", "k_call"), ("k_replace", "k_refund"), ("k_solved", "k_staff"))
_THREAT_BUTTONS = (("k_take", "k_call"), ("k_solved",))


def ping(turn: Turn, complaint: Complaint, key: str, **values: Value) -> None:
    """A message to the owner's private chat, with everything that is known and the buttons to act on it."""
    if not turn.policy.staff_chat:
        turn.plan(Escalate(key=f"{turn.id}:{complaint.n}", order_id=complaint.order_id))
        return
    rows: tuple[tuple[str, ...], ...] = _THREAT_BUTTONS if complaint.kind == "threat" or not complaint.seq else BUTTONS
    if complaint.kind != "threat" and not complaint.seq:
        rows = (*rows, ("k_staff",))
    told: dict[str, Value] = {
        "shop": turn.policy.name,
        "order": complaint.order_id,
        "tone": complaint.tone,
        "text": complaint.words[-1] if complaint.words else "",
        **values,
    }
    turn.plan(
        PingOwner(
            key=key,
            values=told,
            order_id=complaint.order_id,
            complaint=complaint.n,
            lines=_lines(turn, complaint),
            buttons=tuple(tuple(Button(verb, data(turn.id, complaint, verb)) for verb in row) for row in rows),
        )
    )


def data(conversation: str, complaint: Complaint, verb: str) -> str:
    """Callback data of a button under a ping; at most 64 bytes."""
    return f"{verb}:{conversation}:{complaint.n}"


def read(callback_data: str) -> tuple[str, str, int] | None:
    """(verb, conversation, complaint) of such a button; None for anything else."""
    parts = callback_data.split(":")
    if len(parts) != 3 or not parts[0].startswith("k_") or not (parts[2].isascii() and parts[2].isdigit()):
        return None
    return (parts[0], parts[1], int(parts[2])) if len(parts[2]) <= 6 else None


def _lines(turn: Turn, complaint: Complaint) -> tuple[Line, ...]:
    """What the owner should know before answering: order, state, what they bought before, earlier complaints, the promise."""
    lines: list[Line] = []
    order = turn.by_seq(complaint.seq)
    if order is not None and order.seq:
        lines.append(Line("order", {"order": order.id, "total": order.fields.total, "name": order.fields.name}))
        lines.append(Line(f"state.{order.state}"))
        if order.bought is not None:
            last = Moment(at=order.bought.last_at, zone=turn.policy.zone, style="day")
            amount = Money(order.bought.amount_minor, order.bought.currency)
            lines.append(Line("bought", {"orders": order.bought.orders, "amount": amount, "last": last}))
    elif turn.was.name:
        lines.append(Line("talk", {"name": turn.was.name}))
    lines += [Line("said", {"text": glimpse(text)}) for text in complaint.words[:-1][-3:]]
    earlier = sum(1 for c in turn.complaints if c.n != complaint.n)
    if earlier:
        lines.append(Line("complaint.earlier", {"count": earlier}))
    if complaint.taken_by:
        lines.append(Line("taken", {"name": complaint.taken_by}))
    if complaint.promise_by is not None and complaint.waiting:
        at = Moment(at=complaint.promise_by, zone=turn.policy.zone, style="daytime")
        lines.append(Line("next.promise", {"at": at}))
    return tuple(lines)
