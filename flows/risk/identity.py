"""Who placed an order, as keys to look under and as a judge of what was found there.

here = identity(fields)              once per order
here.keys                            look these up (hashed, where they are stored)
found_by(here, candidate)            by what the candidate is the same customer's; () is a stranger who shares a key
"""

from msgspec import Struct

from flows.addresses import reading_keys
from flows.emails import read_email
from flows.matching import SAME
from flows.matching.reading import Reading, known_address
from flows.matching.scoring import compare
from flows.orders import OrderFields
from flows.phones import match_key, read_phone, same_phone
from flows.risk.history import Matched


class Identity(Struct, frozen=True, omit_defaults=True):
    """Phone in E.164, e-mail as its mailbox's key, the address as read. Empty where the order does not say."""

    phone: str = ""
    email: str = ""
    address: Reading = Reading("")

    @property
    def keys(self) -> tuple[str, ...]:
        """Two orders of one customer share at least one of these. Telling: hash them before they are stored."""
        found = (f"p|{match_key(self.phone)}" if self.phone else "", f"e|{self.email}" if self.email else "")
        return (*(key for key in found if key), *(f"a|{key}" for key in reading_keys(self.address)))


def identity(fields: OrderFields) -> Identity:
    """The identity behind an order."""
    phone = read_phone(fields.phone or fields.phone_raw, fields.address.country or None)
    email = read_email(fields.email) if fields.email else None
    return Identity(phone.e164 if phone else "", email.key if email else "", known_address(fields.address))


def found_by(here: Identity, there: Identity) -> tuple[Matched, ...]:
    """By what two orders are one customer's, strongest means first. Symmetric.

    A number that two forms of writing share (an Argentine landline or mobile) is unsure; so is an address without a
    flat, where neighbours may live behind the same door.
    """
    found: list[Matched] = []
    if here.phone and there.phone and same_phone(here.phone, there.phone):
        found.append(Matched("phone", sure=here.phone == there.phone))
    if here.email and here.email == there.email:
        found.append(Matched("email"))
    address = compare(here.address, there.address, SAME)
    if address.same:
        found.append(Matched("address", sure=address.sure, score=address.score))
    return tuple(found)
