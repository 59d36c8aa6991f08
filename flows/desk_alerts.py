"""What has to reach the owners' own phones, because Telegram did not do it: by SMS, else by e-mail, to the people's addresses.

Many matters within a few minutes are one message that counts them. A message of unknown fate is not sent again: mail follows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from flows import countries
from flows.desk import Desk, Person
from flows.effects import Open, Say, Value
from flows.phones import read_phone
from flows.policy import Policy

#: The owners' phones ring about complaints no oftener than this.
ALERT_EVERY = timedelta(minutes=10)
#: Receipts are waited for of so many texts.
TEXTED_MOST = 20
TIMER = "alert"
#: Alarms that mean that nobody sees what the bot writes: told to the owners' own phones, too.
BLIND = frozenset({"group_gone", "group_muted"})
#: After so many attempts at one ping the owners' own phones ring.
TRIES_BLIND = 3


def matters(desk: Desk, key: str, order_id: str) -> Desk:
    """One more matter to tell; the same one twice is one."""
    return replace(desk, alerting={**desk.alerting, key: order_id})


def told_now(desk: Desk, now: datetime, policy: Policy) -> tuple[Desk, list[Say]]:
    """The messages that leave now, or the timer for the next ones."""
    if not desk.alerting:
        return desk, []
    if desk.alerted_at is not None and now - desk.alerted_at < ALERT_EVERY:
        return replace(desk, timers={**desk.timers, TIMER: desk.alerted_at + ALERT_EVERY}), []
    values: dict[str, Value] = {"shop": policy.name, "count": len(desk.alerting)}
    orders = [order for order in desk.alerting.values() if order]
    if len(desk.alerting) == 1 and orders:
        values["order"] = orders[0]
    said = to_owners(desk, policy, "owner_alert", values)
    return replace(desk, alerting={}, alerted_at=now), said


def to_owners(desk: Desk, policy: Policy, template: str, values: dict[str, Value]) -> list[Say]:
    """One message for each owner who can be reached, in their own language."""
    return [say for owner in desk.owners() if (say := _to(owner, policy, template, values)) is not None]


def _to(
    owner: Person, policy: Policy, template: str, values: dict[str, Value], *, but: tuple[str, ...] = ()
) -> Say | None:
    language = owner.language or policy.language
    sms, email = policy.sender("sms"), policy.sender("email")
    if sms is not None and owner.phone and "sms" not in but:
        phone = read_phone(owner.phone, policy.country or None)
        sender = countries.sender_for(policy.countries, phone.country if phone else policy.country, sms)
        return Say(
            channel="sms", to=owner.phone, sender=sender.address, template=template, values=values, lang=language, purpose="first"
        )  # fmt: skip
    if email is not None and owner.email and "email" not in but:
        return Say(
            channel="email", to=owner.email, sender=email.address, template=template, values=values, lang=language, purpose="first"
        )  # fmt: skip
    return None


def fallback(desk: Desk, policy: Policy, failed: Open) -> Say | None:
    """What goes by mail where the text did not, or nobody knows; None: there is no other way."""
    say = failed.effect
    assert isinstance(say, Say)
    return by_mail(desk, policy, say.to, say.template, say.values) if say.channel == "sms" else None


def by_mail(desk: Desk, policy: Policy, phone: str, template: str, values: dict[str, Value]) -> Say | None:
    owner = next((p for p in desk.owners() if p.phone == phone), None)
    return _to(owner, policy, template, values, but=("sms",)) if owner is not None else None


def texted(desk: Desk, open_: Open) -> Desk:
    """The provider took the text: its number is kept until a receipt can no longer come."""
    say = open_.effect
    if not isinstance(say, Say) or say.channel != "sms":
        return desk
    return replace(desk, texted=dict([*desk.texted.items(), (open_.id, say.to)][-TEXTED_MOST:]))
