"""What is true of a phone number or a mailbox in the sandbox: set in `world.phones`, or known by a magic number.

Facts:
  invalid           no number at all                       Twilio 21211 at once
  unroutable        no way to it by SMS                    Twilio 21612 at once
  no_permission     the account may not send there         Twilio 21408 at once
  landline          refused at once as no mobile           Twilio 21614, gateway refuses
  landline_late     accepted, then found a landline        Twilio 30006 as a later status
  unknown           accepted, then unknown                 Twilio 30005 later
  unreachable       switched off                           Twilio 30003 later
  filtered          the carrier took it for spam           Twilio 30007 later
  opted_out         said STOP to every sender of ours      Twilio 21610 at once
  no_whatsapp       not on WhatsApp                        Twilio 63024 later, Meta 131026
  no_whatsapp_now   not on WhatsApp                        Twilio 63024 at once
  no_channel        WhatsApp does not find it              Twilio 63003 later
  no_receipt        gets the message, no report follows "sent"
  no_mailbox        550 5.1.1;   mailbox_full   452 4.2.2
Numbers +1 500 555 0001 to 0009 are Twilio's own.
Source: https://www.twilio.com/docs/iam/test-credentials, read November 2026. The others are ours.
"""

from __future__ import annotations

import re

from sandbox.world import World

FACTS = frozenset(
    {
        *("invalid", "unroutable", "no_permission", "landline", "landline_late", "unknown", "unreachable", "filtered"),
        *("opted_out", "no_whatsapp", "no_whatsapp_now", "no_channel", "no_receipt", "no_mailbox", "mailbox_full"),
    }
)

MAGIC: dict[str, frozenset[str]] = {
    "+15005550001": frozenset({"invalid"}),
    "+15005550002": frozenset({"unroutable"}),
    "+15005550003": frozenset({"no_permission"}),
    "+15005550004": frozenset({"opted_out"}),
    "+15005550009": frozenset({"landline"}),
    "+15005550053": frozenset({"unreachable"}),
    "+15005550055": frozenset({"unknown"}),
    "+15005550056": frozenset({"landline_late"}),
    "+15005550057": frozenset({"filtered"}),
    "+15005550063": frozenset({"no_whatsapp"}),
}

_E164 = re.compile(r"\+[1-9]\d{6,14}")


def bare(address: str) -> str:
    """The number of an address: without `whatsapp:`, blanks and brackets."""
    return re.sub(r"[\s().-]", "", address.removeprefix("whatsapp:"))


def is_e164(number: str) -> bool:
    return _E164.fullmatch(number) is not None


def facts(world: World, address: str) -> frozenset[str]:
    """What is true of this phone or mailbox; what is set in the world replaces a magic number's."""
    key = address if "@" in address else bare(address)
    set_here = world.phones.get(key)
    return frozenset(set_here) if set_here is not None else MAGIC.get(key, frozenset())


def set_facts(world: World, address: str, names: set[str]) -> None:
    """Replaces what is true of `address`. Raises ValueError for a fact that nobody knows."""
    if unknown := names - FACTS:
        raise ValueError(f"no such fact: {', '.join(sorted(unknown))}; known: {', '.join(sorted(FACTS))}")
    world.phones[address if "@" in address else bare(address)] = set(names)
