"""Under which names a customer who writes to us is looked for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flows import phones, pointers
from flows.pointers import Pointer

_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_ARGENTINE_MOBILE = re.compile(r"\+549(\d{10})", re.ASCII)


def is_e164(text: str) -> bool:
    return _E164.fullmatch(text) is not None


def e164_of(wa_id: str) -> str:
    """The canonical number of a WhatsApp id ("5215512345678" -> "+525512345678"); "" where it is no number."""
    number = "+" + wa_id.removeprefix("+")
    return phones.canonical(number) if is_e164(number) else ""


def pointers_of(shops: Sequence[str], phone: str, user_id: str = "") -> tuple[Pointer, ...]:
    """Where to look, best first: the number, then the WhatsApp user id, at each shop that owns our sender.

    The last is created where nobody is known: the first shop's pointer by phone, or by user id where no phone is told.
    An Argentine mobile may be stored as it is dialled at home, without the 9. Raises ValueError without phone and user id.
    """
    found: list[Pointer] = []
    for shop in shops:
        if phone:
            found.append(pointers.phone(shop, phone))
            if dialled := _ARGENTINE_MOBILE.fullmatch(phone):
                found.append(pointers.phone(shop, f"+54{dialled[1]}"))
        if user_id:
            found.append(Pointer("whatsapp_id", user_id, shop))
    if not found:
        raise ValueError("neither a phone nor a user id")
    first = found[0]
    return tuple(found) if found[-1] == first else (*found, first)
