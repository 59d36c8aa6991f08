"""The body of POST and PUT /orders as it is documented and checked: every fault at once, each with its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core.core_schema import ValidationInfo

from adapters import order_reading as reading
from adapters import order_values as values
from engine.ports import BadPayload
from flows.money import Money, NotMoney
from flows.money import parse as parse_money
from flows.orders import Item, OrderFields
from flows.payment import means_cod
from flows.policy import Policy
from flows.postal import PostalAddress

AMOUNT = r"^[0-9]{1,15}(\.[0-9]{1,9})?$"
CURRENCY = r"^[A-Za-z]{3}$"
COUNTRY = r"^([A-Za-z]{2})?$"
LANGUAGE = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$"
Model = TypeVar("Model", bound=BaseModel)
#: Of an answer's list; a body of 64 kB can hold thousands.
_MOST_FAULTS = 50


def _between_2000_and_2100(at: datetime) -> datetime:
    if not 2000 <= at.year < 2100:
        raise ValueError("no order is placed in that year")
    return at.astimezone(UTC)


def _plain_id(order_id: str) -> str:
    if order_id != values.text(order_id, values.MAX_ID) or "/" in order_id:
        raise ValueError("an id has no slash, no control characters and no blanks at its ends")
    return order_id


OrderId = Annotated[str, Field(min_length=1, max_length=values.MAX_ID, examples=["1001"]), AfterValidator(_plain_id)]
Line = Annotated[str, Field(max_length=values.MAX_LINE)]
Note = Annotated[str, Field(max_length=values.MAX_NOTE)]
Amount = Annotated[str, Field(pattern=AMOUNT, description="an exact amount as text", examples=["49.90"])]
When = Annotated[AwareDatetime, AfterValidator(_between_2000_and_2100)]
CountryCode = Annotated[str, Field(pattern=COUNTRY, description="ISO 3166 alpha-2", examples=["ES"])]
Language = Annotated[
    str,
    Field(pattern=LANGUAGE, description="BCP 47 tag", examples=["es", "pt-BR"]),
]


class _Body(BaseModel):
    """Unknown keys are faults: a mistyped `adress` must not become an order without one."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AddressBody(_Body):
    """Where the parcel goes. `country` empty: the shop's."""

    line1: Line = ""
    line2: Line = ""
    city: Line = ""
    region: Line = ""
    postcode: Annotated[str, Field(max_length=20)] = ""
    country: CountryCode = ""


class ItemBody(_Body):
    """One position. `price` is of one piece, in the order's currency."""

    title: Line = ""
    sku: Line = ""
    quantity: Annotated[int, Field(ge=1, le=reading.MOST_PIECES)] = 1
    price: Amount | None = None


class ConsentBody(_Body):
    """What the customer agreed to at the checkout; where null, the shop's consent_default."""

    whatsapp: bool | None = None
    news: bool | None = None
    polls: bool | None = None


class OrderBody(_Body):
    """An order. Only `id` and `total` must be there; what cannot be read (a phone of four digits) is kept and shown to staff."""

    id: OrderId
    shop: Annotated[str | None, Field(description="the token names the shop; here it may only repeat it")] = None
    currency: Annotated[
        str | None, Field(pattern=CURRENCY, description="ISO 4217; null: the shop's", examples=["EUR"])
    ] = None
    total: Amount
    placed_at: When | None = None
    name: Line = ""
    phone: Annotated[Line | None, Field(examples=["600 000 000"])] = None
    phone2: Line | None = None
    email: Annotated[str | None, Field(max_length=254)] = None
    address: AddressBody = AddressBody()
    items: Annotated[list[ItemBody], Field(max_length=reading.MAX_ITEMS)] = []
    payment: Annotated[
        Line, Field(description="the payment method's label; decides whether we ask", examples=["cod"])
    ] = "cod"
    language: Language | None = None
    note: Note = ""
    courier_note: Note = ""
    consent: ConsentBody = ConsentBody()

    @field_validator("shop")
    @classmethod
    def _own_shop(cls, shop: str | None, info: ValidationInfo) -> str | None:
        if info.context and shop not in (None, info.context["policy"].shop):
            raise ValueError("the token belongs to another shop")
        return shop

    @field_validator("total")
    @classmethod
    def _whole_units(cls, total: str, info: ValidationInfo) -> str:
        if fault := _inexact(total, info):
            raise ValueError(fault)
        return total

    @field_validator("items")
    @classmethod
    def _whole_prices(cls, items: list[ItemBody], info: ValidationInfo) -> list[ItemBody]:
        faults = [f"{at}.price: {fault}" for at, each in enumerate(items) if (fault := _inexact(each.price, info))]
        if faults:
            raise ValueError("; ".join(faults))
        return items


class ChangedOrderBody(OrderBody):
    """A new version of an order; the path says which, `id` may only repeat it."""

    id: OrderId | None = None  # type: ignore[assignment]


class ReportBody(_Body):
    """What became of an order."""

    type: Literal[
        "confirmed",
        "cancelled",
        "paid",
        "shipped",
        "out_for_delivery",
        "attempt_failed",
        "delivered",
        "returned",
        "lost",
    ]
    at: When
    reason: (
        Literal["customer_refused", "not_home", "no_money", "wrong_address", "courier_fault", "damaged", "other"] | None
    ) = None
    tracking: Line | None = None


def _inexact(amount: str | None, info: ValidationInfo) -> str:
    """Why the amount cannot be of the order's currency; "" where it can, or where the currency itself is at fault."""
    if amount is None or "currency" not in info.data:
        return ""
    currency = info.data["currency"] or (info.context["policy"].currency if info.context else "EUR")
    try:
        parse_money(amount, currency)
    except NotMoney as error:
        return str(error)
    return ""


def read_body(model: type[Model], body: bytes, policy: Policy) -> Model:
    """The body, checked. Raises BadPayload with every fault and its place: "items.0.quantity: …"."""
    try:
        return model.model_validate_json(body, context={"policy": policy})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise BadPayload(*(_place(fault) for fault in faults[:_MOST_FAULTS])) from None


def _place(error: Any) -> str:
    where = ".".join(str(step) for step in error["loc"])
    return f"{where}: {_said(error)}" if where else _said(error)


#: What pydantic says of a pattern or a type is for those who know its words; this is for the rest.
_PLAIN = {
    "extra_forbidden": "unknown field",
    "model_type": "must be an object in braces",
    "list_type": "must be a list in brackets",
    "missing": "is missing",
    "string_too_short": "must not be empty",
    "string_type": "must be text, in quotes",
    "int_type": "must be a whole number, without quotes",
    "json_invalid": "the body is not JSON",
    "timezone_aware": "needs a zone, like 2026-11-21T10:00:00Z",
    "datetime_from_date_parsing": "must be a time like 2026-11-21T10:00:00Z",
    "datetime_parsing": "must be a time like 2026-11-21T10:00:00Z",
    "datetime_type": "must be a time like 2026-11-21T10:00:00Z",
}
_PATTERNS = {
    AMOUNT: 'must be an amount as text, like "49.90"',
    CURRENCY: "must be three letters, like EUR",
    COUNTRY: "must be two letters, like ES",
    LANGUAGE: "must be a language tag, like es or pt-BR",
}


def _said(error: Any) -> str:
    if error["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(error.get("ctx", {}).get("pattern", ""), "is not written as it has to be")
    if error["type"] in _PLAIN:
        return _PLAIN[error["type"]]
    said: str = error["msg"].removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def fields_of(order: OrderBody, order_id: str, policy: Policy, now: datetime) -> OrderFields:
    """The order as decisions see it, phones read in its country."""
    country = order.address.country.upper() or policy.country
    currency = (order.currency or policy.currency).upper()
    reached = reading.find_phone([order.phone], country)
    other = reading.find_phone([order.phone2], country)
    if reached.e164 is None and other.e164 is not None:
        reached, other = other, reading.Reached()
    given = order.consent
    return OrderFields(
        id=order_id,
        total=parse_money(order.total, currency),
        placed_at=order.placed_at or now,
        name=values.text(order.name),
        phone=reached.e164,
        phone_raw=reached.raw,
        phone_mobile=reached.mobile,
        phone2=other.e164 if other.e164 != reached.e164 else None,
        email=reading.mailbox(order.email),
        address=_address(order.address, country),
        items=tuple(_item(each, currency) for each in order.items),
        payment=values.text(order.payment),
        cod=means_cod(order.payment, policy.cod_labels),
        language=values.language_tag(order.language),
        note=values.note(order.note),
        courier_note=values.note(order.courier_note),
        consent_whatsapp=policy.consent_whatsapp if given.whatsapp is None else given.whatsapp,
        consent_news=policy.consent_news if given.news is None else given.news,
        consent_polls=policy.consent_polls if given.polls is None else given.polls,
    )


def _address(address: AddressBody, country: str) -> PostalAddress:
    return PostalAddress(
        line1=values.text(address.line1),
        line2=values.text(address.line2),
        city=values.text(address.city),
        region=values.text(address.region),
        postcode=values.text(address.postcode),
        country=country,
    )


def _item(each: ItemBody, currency: str) -> Item:
    price: Money | None = parse_money(each.price, currency) if each.price is not None else None
    return reading.item(each.title, each.quantity, each.sku, price)


def valid_id(order_id: str) -> bool:
    """Whether a path's id could be an order's."""
    return 0 < len(order_id) <= values.MAX_ID and bool(re.fullmatch(r"[^\x00-\x1f\x7f/]+", order_id))
