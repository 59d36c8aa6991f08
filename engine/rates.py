"""How fast each of our senders may send, from the shops' policies: lane -> (a second, burst)."""

from __future__ import annotations

from flows.policy import Policy

#: A short burst at the start of a fast lane; slow senders (SMS long codes) get none.
BURST_OF_FAST = 10
#: Of a very fast one so much of a second: providers count by the second, and what comes in one commit leaves at one moment.
BURST_PART_S = 0.05


def rates(policies: dict[str, Policy]) -> dict[str, tuple[float, int]]:
    """Lanes of senders that several shops share come once: one sender, one pace."""
    found: dict[str, tuple[float, int]] = {}
    for policy in policies.values():
        for sender in (policy.sms, policy.whatsapp, policy.email, policy.voice):
            if sender is None:
                continue
            addresses = {sender.address}
            if sender.channel == "sms":
                addresses |= {c.sender for c in policy.countries.values() if c.sender}
            for address in addresses:
                rate = sender.rate_per_s
                found[f"{sender.channel}:{address}"] = (rate, burst(rate))
    return found


def burst(rate_per_s: float) -> int:
    """How many may leave at one moment."""
    return max(BURST_OF_FAST, int(rate_per_s * BURST_PART_S)) if rate_per_s >= BURST_OF_FAST else 1
