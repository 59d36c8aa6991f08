"""How fast each of our senders may send, from the shops' policies: lane -> (a second, burst)."""

from __future__ import annotations

from flows.policy import Policy

#: A short burst at the start of a fast lane; slow senders (SMS long codes) get none.
BURST_OF_FAST = 10


def rates(policies: dict[str, Policy]) -> dict[str, tuple[float, int]]:
    """Lanes of senders that several shops share come once: one sender, one pace."""
    found: dict[str, tuple[float, int]] = {}
    for policy in policies.values():
        for sender in (policy.sms, policy.whatsapp, policy.email):
            if sender is None:
                continue
            addresses = {sender.address}
            if sender.channel == "sms":
                addresses |= {c.sender for c in policy.countries.values() if c.sender}
            for address in addresses:
                rate = sender.rate_per_s
                found[f"{sender.channel}:{address}"] = (rate, BURST_OF_FAST if rate >= BURST_OF_FAST else 1)
    return found
