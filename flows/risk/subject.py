"""The order that is judged, and what is known around it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from flows.addresses import missing_parts, nonsense
from flows.emails import Email, is_disposable, read_email
from flows.matching.mashing import mashed, placeholder
from flows.matching.reading import Reading
from flows.phones import Phone, looks_made_up, read_phone
from flows.postal import PostalAddress
from flows.risk.history import Ruling

if TYPE_CHECKING:
    from flows.orders import OrderFields  # an order may carry its assessment: no circle at run time


class OpenOrder(Struct, frozen=True):
    """Another order of the same customer that is not closed yet."""

    order_id: str
    placed_at: datetime
    confirmed: bool = False
    skus: tuple[str, ...] = ()


class Around(Struct, frozen=True, kw_only=True):
    """What the order itself cannot tell. Counts include the order that is judged."""

    open_orders: tuple[OpenOrder, ...] = ()
    group_orders: int = 0  # open orders at the other shops of the declared group: a bare count, no names
    on_prefix_hour: int = 1  # orders of the last hour on this number without its last four digits, from strangers
    on_address_day: int = 1
    threats: int = 0  # of this customer in open conversations
    usual_minor: int = 0  # the shop's usual (median) order in the order's currency; 0: not known yet
    ruling: Ruling | None = None


class Subject(Struct, frozen=True, kw_only=True):
    """One order as the assessment sees it: what was typed is already judged, so nothing is parsed twice."""

    order_id: str
    placed_at: datetime
    amount_minor: int
    currency: str
    skus: tuple[str, ...] = ()
    phone: Phone | None = None
    phone_given: bool = True  # something stood in the field
    phone_made_up: bool = False
    email: Email | None = None
    email_disposable: bool = False
    address_nonsense: tuple[tuple[str, str], ...] = ()  # (code, offending text)
    address_missing: tuple[str, ...] = ()
    name_nonsense: str = ""  # the offending word
    around: Around = Around()


def describe(
    fields: OrderFields, around: Around, disposable: frozenset[str] = frozenset(), reading: Reading | None = None
) -> Subject:
    """The order `fields` for `assess`. `disposable` are the domains of throw-away e-mail; `reading` its address, if read."""
    phone = read_phone(fields.phone or fields.phone_raw, fields.address.country or None)
    email = read_email(fields.email) if fields.email else None
    written = fields.address != PostalAddress(country=fields.address.country)
    return Subject(
        order_id=fields.id,
        placed_at=fields.placed_at,
        amount_minor=fields.total.minor,
        currency=fields.total.currency,
        skus=tuple(item.sku or item.title for item in fields.items),
        phone=phone,
        phone_given=bool(fields.phone or fields.phone_raw.strip()),
        phone_made_up=phone is not None and looks_made_up(phone.e164),
        email=email,
        email_disposable=email is not None and is_disposable(email, disposable),
        address_nonsense=nonsense(fields.address) if written else (),
        address_missing=missing_parts(fields.address, reading) if written else (),
        name_nonsense=mashed(fields.name, fields.address.country) or placeholder(fields.name),
        around=around,
    )
