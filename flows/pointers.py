"""The only look-up: what an outsider knows (a phone, an order number) -> the conversation it belongs to."""

from typing import Literal

from msgspec import Struct

Kind = Literal["conversation", "phone", "email", "whatsapp_id", "order", "page", "desk"]


class Pointer(Struct, frozen=True, gc=False):
    """One name under which a conversation is found. `key` is canonical: E.164, lower-case e-mail, order id.

    `shop` is empty only for kind "conversation", whose key is the opaque id itself, and "page", whose key is the token of a link that
    was sent before tokens told their conversation (engine/tokens.py): such names are still found, and no new ones are given.
    """

    kind: Kind
    key: str
    shop: str = ""


def phone(shop: str, e164: str) -> Pointer:
    return Pointer("phone", e164, shop)


def order(shop: str, order_id: str) -> Pointer:
    return Pointer("order", order_id, shop)


def conversation(conversation_id: str) -> Pointer:
    return Pointer("conversation", conversation_id)


def desk(shop: str) -> Pointer:
    return Pointer("desk", shop, shop)
