"""Read before write: whether the shop has changed meanwhile what the customer has changed here."""

from __future__ import annotations

from msgspec import Struct

from adapters.order_reading import Reached
from flows.address_text import difference
from flows.effects import TellShop
from flows.phones import mask
from flows.postal import PostalAddress


class Wanted(Struct, frozen=True):
    """What is to be written. None: nothing, it stands there already. `edited`: what the shop has instead, for staff; then
    nothing is written at all."""

    phone: str | None = None
    address: PostalAddress | None = None
    edited: str = ""


def compare(telling: TellShop, address: PostalAddress, reached: Reached) -> Wanted:
    """`address` and `reached`: what stands in the shop now. Its word holds where it is neither ours nor what it last told."""
    ours, before = telling.fields, telling.said or telling.fields
    phone = wish = None
    edited = []
    if ours.phone and ours.phone != reached.e164 and ours.phone != before.phone:
        phone = ours.phone
        if reached.e164 not in (None, before.phone):
            edited.append(f"{mask(reached.e164 or '')} ≠ {mask(ours.phone)}")
    if not same(ours.address, address) and not same(ours.address, before.address):
        wish = ours.address
        if not same(address, before.address):
            edited.append(difference(address, ours.address))
    return Wanted(phone, wish, "; ".join(edited)) if not edited else Wanted(edited="; ".join(edited))


def same(one: PostalAddress, other: PostalAddress) -> bool:
    """Equal as a courier reads it: case and spaces apart. A region counts only where both name one (shops fill it in)."""
    if one.region and other.region and _folded(one.region) != _folded(other.region):
        return False
    names = ("line1", "line2", "city", "postcode", "country")
    return all(_folded(getattr(one, name)) == _folded(getattr(other, name)) for name in names)


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
