"""A message did not arrive, definitely: what that says of its address or sender, and where the order goes on.

By the refusal's class (flows/refusals.json) the address is marked, the channel paused, the owner told; a question moves to the next
rung, and what had to be said is said once on another channel.
"""

from __future__ import annotations

from msgspec.structs import replace

from flows import approvals, complaints, ladder, noticing, refusals, undelivered
from flows.conversation import Contact
from flows.effects import RaiseAlarm, Say
from flows.orders import Order
from flows.reach import compose, preferred, template_language
from flows.turn import Turn
from flows.wording.spec import SPECS


def failed(turn: Turn, say: Say, effect_id: str, provider: str, code: str) -> None:
    """A message did not arrive, definitely. By the refusal's class: mark the address, pause the channel, go on."""
    kind = refusals.classify(provider, code)
    contact = turn.contact(say.channel, say.to) or Contact(say.channel, say.to)
    if kind == "dead":
        turn.put_contact(replace(contact, dead=f"{provider}:{code}"))
    elif kind == "said_no":
        turn.put_contact(replace(contact, stopped=True, stopped_at=turn.now))
    elif kind == "setup_fault":
        told: dict[str, str | int] = {
            "shop": turn.policy.name,
            "channel": say.channel,
            "provider": provider,
            "code": code,
        }
        turn.plan(RaiseAlarm(kind="setup_fault", values=told, pause=say.channel))
    elif kind == "text_fault":
        told = {"shop": turn.policy.name, "template": say.template, "provider": provider, "code": code}
        if say.channel == "whatsapp" and approvals.stopped_by(provider, code):
            lang = template_language(turn.policy, say.template, say.lang or turn.language)
            told |= {"language": lang} if lang else {}  # the desk stops it in this language
        turn.plan(RaiseAlarm(kind="text_fault", values=told))
    if say.notice:
        noticing.failed(turn, say)
        return
    order = turn.get(say.order_id)
    if order is None:
        undelivered.told(turn, say, code)
        return
    if say.purpose in ("first", "rung"):
        order = ladder.mark(order, say.rung, "failed", effect_id=effect_id, code=code)
        if not order.asking or order.rung != say.rung or order.version != say.version:
            turn.put(order)
        elif kind == "outside_window" and say.channel == "whatsapp" and turn.window_open(say.to):
            _same_rung_as_template(turn, order, say)
        else:
            _next_rung(turn, order, kind if refusals.known(provider, code) else "")
    elif not elsewhere(turn, order, say, effect_id):
        undelivered.told(turn, say, code)


def _next_rung(turn: Turn, order: Order, kind: str) -> None:
    """At once after a hard failure; a phone that is only switched off keeps its time, for it may be on again by then."""
    if kind == "may_return" and f"rung:{order.id}" in turn.timers:
        turn.put(order)
    else:
        ladder.enter(turn, order, order.rung + 1)


def _same_rung_as_template(turn: Turn, order: Order, say: Say) -> None:
    """WhatsApp says the window is shut: our clock was wrong about it; ask again on this rung by template."""
    contact = turn.contact("whatsapp", say.to)
    if contact is not None:
        turn.put_contact(replace(contact, heard_at=None))
    ladder.enter(turn, order, say.rung)


def elsewhere(turn: Turn, order: Order, say: Say, failed_id: str) -> bool:
    """What had to be said is said on another channel, once. False: there is none."""
    if say.template.startswith("status_") or say.values.get("again"):
        return False
    stem = "staff_message" if say.template == "staff_words" else say.template.removesuffix("_link")
    found = preferred(turn, order, stem, but=frozenset({say.channel}))
    if found is None:
        return False
    extra = {k: v for k, v in say.values.items() if k not in ("shop", "order", "total", "name")}
    message = compose(turn, order, stem, found, "notice", **extra)
    needed = {*SPECS[message.template].needs, "shop", *extra, *say.values}  # and nothing that it did not say there
    values = {k: v for k, v in message.values.items() if k in needed} | {"again": 1}
    message = replace(message, values=values, version=say.version, until=say.until)
    complaints.told_elsewhere(turn, failed_id, turn.say(message))
    return True
