"""Talking: answer where the customer wrote, hand over to a person what no rule may decide, and stay polite."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from flows import attachments
from flows.effects import Say, Value
from flows.events import CustomerPressed, CustomerWrote
from flows.heard import SAID_KEPT, glimpse, whole
from flows.ladder import flag
from flows.money import Money
from flows.noticing import lately
from flows.opening import hours_value
from flows.orders import ASKABLE, Order, OrderFields, Reason
from flows.reach import asked_at, basics, tell
from flows.turn import Turn
from flows.wording import offered
from flows.wording.spec import SPECS

#: "A person will read this" is said once in so long, however many messages come: no ping-pong with another machine.
HANDED_OVER_ONCE = timedelta(hours=2)
#: So much of a notice is quoted above the answer to it.
NOTICED_MOST = 160

#: The reason of an order whose customer has said yes, and that only staff confirm.
SAID_YES = "said_yes"
#: Which values a text may carry.
_VALUES = {template: frozenset((*spec.needs, *spec.may)) for template, spec in SPECS.items()}
#: Texts that carry a way to act are sent with buttons on WhatsApp.
_BUTTONS_MOST = 3


def answer(
    turn: Turn, event: CustomerWrote | CustomerPressed, template: str, order: Order | None, **values: Value
) -> str:
    """Answer on the channel and address they wrote from; gives the effect's id, "" where nothing can be sent."""
    sender = turn.policy.sender(event.channel)
    if sender is None or turn.silenced:
        return ""
    if event.channel == "email" and template == "status_pending":
        template = "confirm_email"  # no yes is taken there
    if template == "status_pending" and order is not None and any(r.key == SAID_YES for r in order.reasons):
        template = "review_wait"  # theirs was said: a person looks at it
    spec, wanted = SPECS[template], _VALUES[template]
    carried: dict[str, Value] = basics(turn, order) if order else {"shop": turn.policy.name}
    if template == "confirm_email" and order is not None:
        carried.update(asked_at(order))
    if "hours" in wanted:
        carried.update(**hours_value(turn.policy))
    if event.channel == "email":
        wanted |= {"shop"}  # signs every mail
    carried = {k: v for k, v in carried.items() if k in wanted} | values
    contact = turn.contact(event.channel, event.address)
    if contact is not None and contact.stopped:
        # they wrote where they want no message: what became of their order is said on another channel
        more = {k: v for k, v in carried.items() if order and k not in basics(turn, order)}
        return tell(turn, order, template, but=frozenset({event.channel}), **more) if order else ""
    buttons = spec.buttons[:_BUTTONS_MOST] if event.channel == "whatsapp" and order is not None else ()
    return turn.say(
        Say(
            channel=event.channel,
            to=event.address,
            sender=event.sender or sender.address,
            template=_form(turn, template, sender.opt_out),
            values=carried,
            lang=turn.language,
            purpose="answer",
            order_id=order.id if order else "",
            seq=order.seq if order else 0,
            version=order.version if order else 0,
            link="link" in wanted and "link" not in values and order is not None,
            buttons=buttons,
        )
    )


def _form(turn: Turn, template: str, taken: frozenset[str]) -> str:
    """The digits form where a word on offer would be taken as an opt-out."""
    twin = f"{template}_digits"
    if twin in SPECS and taken & {w.casefold() for w in offered(template, "sms", turn.language)}:
        return twin
    return template


def to_staff(
    turn: Turn,
    event: CustomerWrote | CustomerPressed,
    order: Order | None,
    key: str,
    *,
    template: str = "handed_over",
    tone: str = "",
    **values: Value,
) -> None:
    """No rule may decide this: a person reads it. The words come up under the card, the customer hears that at once."""
    words = (event.text if isinstance(event, CustomerWrote) else event.title or event.payload).strip()
    order = order or talk_of(turn, event.address)
    said = whole(words) or media_text(event)
    order = turn.put(replace(order, said=(*order.said, glimpse(said))[-SAID_KEPT:]))
    turn.note("handed_over", order.id, by="customer", via=event.channel, why=key, text=said)
    if order.state in ASKABLE and order.seq:
        order = flag(turn, order, Reason(key), words_follow=True)
    else:
        order = turn.card(order)
    quoted = lately(turn, event.channel, event.address)
    noticed: dict[str, Value] = {} if quoted is None else {"noticed": quoted.text[:NOTICED_MOST]}
    turn.tell_staff(order, "customer.wrote", text=said, channel=event.channel, why=key, tone=tone, **noticed)
    attachments.shown(turn, order, event)
    stranger = order.seq == 0
    last = turn.was.handed_over_at
    if template != "handed_over" or last is None or turn.now - last >= HANDED_OVER_ONCE:
        turn.set(handed_over_at=turn.now)
        answer(
            turn,
            event,
            "stranger" if stranger and template == "handed_over" else template,
            None if stranger else order,
            **values,
        )


def media_text(event: CustomerWrote | CustomerPressed) -> str:
    if isinstance(event, CustomerWrote):
        if event.location:
            return f"[location {event.location[0]:.5f}, {event.location[1]:.5f}]"
        if event.media:
            return f"[{', '.join(event.media)}]"
    return "[empty]"


def talk_of(turn: Turn, address: str, reason: str = "stranger") -> Order:
    """What words about no order of ours hang on: the newest order, else a talk of its own with whoever writes from `address`."""
    if turn.orders:
        return max(turn.orders, key=lambda o: (o.open, o.seq))
    if turn.talk is not None:
        return replace(turn.talk, state="flagged", decided_at=None, decided_name="")  # open again: they wrote anew
    fields = OrderFields(
        id="",
        total=Money(0, turn.policy.currency),
        placed_at=turn.now,
        name=turn.was.name,
        phone=address if address.startswith("+") else None,
    )
    return turn.put(Order(fields=fields, seq=0, state="flagged", received_at=turn.now, reasons=(Reason(reason),)))
