"""One message to see whether a provider works: what the shop says to whoever asks for help, for no order is there to speak of."""

from __future__ import annotations

from datetime import datetime

from engine.ports import BadPayload, Message
from engine.rendering import message
from flows.effects import Say
from flows.opening import hours_value
from flows.phones import read_phone
from flows.policy import Policy


def test_message(policy: Policy, to: str, channel: str | None, now: datetime) -> Message:
    """Raises BadPayload for an address that fits no channel, or a channel that is off."""
    chosen = channel or ("email" if "@" in to else "sms")
    address = to
    if chosen != "email":
        phone = read_phone(to, policy.country)
        if phone is None:
            raise BadPayload(f"{to} is no phone number; write it with the country code, like +34600000000")
        address = phone.e164
    sender = policy.sender(chosen)
    if sender is None:
        raise BadPayload(
            f"the channel {chosen} is switched off for {policy.shop}: name its provider under channels in config.yaml"
        )
    say = Say(
        channel=chosen,
        to=address,
        sender=sender.address,
        template="help",
        values={"shop": policy.name, **hours_value(policy)},
        lang=policy.language,
    )
    return message(say, f"send-test:{now.isoformat()}", "send-test", policy, "")[0]
