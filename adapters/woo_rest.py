"""Decisions to WooCommerce, by its REST API v3: the order's status, a private note, our meta data, address and phone.

Each telling reads the order and its notes first. A status that stands is not set again, and a note with our mark is not added
again: so a telling whose fate is unknown may come again. A cancelled order goes back to "processing" when the customer comes back.
Sources: https://woocommerce.github.io/woocommerce-rest-api-docs/#orders, #order-notes, #authentication, read 2026-11.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from adapters import order_values as values
from adapters import woocommerce
from adapters.edited import Wanted, compare
from adapters.exchange import Exchange, decoded
from adapters.receiving import JSON
from adapters.replied import Answer
from adapters.telling import failure, line, mark
from flows.effects import Accepted, Outcome, Refused, TellShop, TryAgain, Unknown
from flows.shop_telling import STATES
from flows.shop_told import EDITED

TIMEOUT_S = 30.0  # a WordPress on a small host takes its time
#: Our word about the state -> the status it means there. "asking" leaves the shop's own.
_STATUS = {"confirmed": "processing", "reopened": "processing", "cancelled": "cancelled", "held": "on-hold"}
#: From these our word may move the order; a completed or refunded one is the shop's affair.
_MOVABLE = frozenset({"pending", "processing", "on-hold", "cancelled"})
_UNKNOWN = frozenset({"woocommerce_rest_shop_order_invalid_id", "woocommerce_rest_order_invalid_id"})
META = "_doorstep"


class WooRest:
    """Implements engine.ports.ShopPort for the place "woocommerce" of one shop. `country`: where its numbers are read."""

    def __init__(self, shop: str, url: str, key: str, secret: str, country: str) -> None:
        self._shop = shop
        self._base = f"{url.rstrip('/')}/wp-json/wc/v3"
        login = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}", "Accept": JSON, "Content-Type": JSON}
        self._country = country
        self._exchange = Exchange(TIMEOUT_S)

    async def tell(self, telling: TellShop, effect_id: str, now: datetime) -> Outcome:
        if not telling.ref.isdigit():
            return Refused("unknown_order", "the order came before its id was kept")
        path = f"/orders/{telling.ref}"
        order = await self.ask("GET", path)
        if not isinstance(order, dict):
            return order if not isinstance(order, list) else Unknown("no order")
        change = self._change(telling, order)
        if isinstance(change, Refused):
            return change
        if change:
            order = await self.ask("PUT", path, change)
            if not isinstance(order, dict):
                return order if not isinstance(order, list) else Unknown("no order")
        told = await self._note(path, telling, effect_id)
        return told or Accepted(values.text(order.get("date_modified_gmt")))

    async def _note(self, path: str, telling: TellShop, effect_id: str) -> Outcome | None:
        """A private note, once; None when it stands there."""
        notes = await self.ask("GET", f"{path}/notes")
        if not isinstance(notes, list):
            return notes if not isinstance(notes, dict) else Unknown("no notes")
        if any(mark(self._shop, effect_id) in values.note(n.get("note")) for n in notes if isinstance(n, dict)):
            return None
        text = line(telling, self._shop, effect_id)
        made = await self.ask("POST", f"{path}/notes", {"note": text, "customer_note": False})
        return None if isinstance(made, dict) else (made if not isinstance(made, list) else Unknown("no note"))

    def _change(self, telling: TellShop, order: Mapping[str, Any]) -> dict[str, Any] | Refused:
        """What has to be written; {}: it all stands there."""
        status = values.text(order.get("status"))
        change: dict[str, Any] = {}
        wanted = _STATUS.get(telling.what)
        if wanted and wanted != status:
            if status not in _MOVABLE:
                return Refused("fulfilled", f"WooCommerce says {status}")
            change["status"] = wanted
        if telling.what == "changed":
            address, reached = woocommerce.where_to(order, self._country)
            moved = compare(telling, address, reached)
            if moved.edited:
                return Refused(EDITED, moved.edited)
            change |= _moved(moved, order)
        meta = {_key(telling): telling.what if telling.what in STATES else _stamp(telling)}
        stands = {each.get("key"): each.get("value") for each in values.parts(order, "meta_data")}
        if any(stands.get(key) != value for key, value in meta.items()):
            change["meta_data"] = [{"key": key, "value": value} for key, value in meta.items()]
        return change

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The answer's JSON (dict or list), or the Outcome that came instead."""
        raw = None if body is None else msgspec.json.encode(body)
        answer = await self._exchange.ask(method, self._base + path, headers=self._headers, body=raw)
        if isinstance(answer, TryAgain):
            return TryAgain(0.0, answer.reason)
        if not isinstance(answer, Answer):
            return answer
        said = decoded(answer.body, Any)
        if answer.status in (200, 201):
            return said if isinstance(said, dict | list) else Unknown("no JSON")
        refusal: dict[str, Any] = said if isinstance(said, dict) else {}
        code = values.text(refusal.get("code"))
        if code in _UNKNOWN:
            return Refused("unknown_order")
        if answer.status == 400 and code:
            return Refused("invalid", f"{code}: {values.text(refusal.get('message'))}")
        return failure(answer)

    async def close(self) -> None:
        await self._exchange.close()


def _key(telling: TellShop) -> str:
    """State words share one meta field, so that it says what stands; every other thing has its own."""
    return f"{META}_state" if telling.what in STATES else f"{META}_{telling.what}"


def _stamp(telling: TellShop) -> str:
    return telling.at.isoformat(timespec="seconds")


def _moved(wanted: Wanted, order: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of billing and shipping that change; WooCommerce keeps what is not named."""
    place: dict[str, str] = {}
    if wanted.address is not None:
        new = wanted.address
        place = {"address_1": new.line1, "address_2": new.line2, "city": new.city, "postcode": new.postcode}
        place["country"] = new.country
        if new.region:
            place["state"] = new.region
    which = woocommerce.goes_to(order)
    change: dict[str, dict[str, str]] = {which: place} if place else {}
    if wanted.phone is not None:
        change["billing"] = {**change.get("billing", {}), "phone": wanted.phone}
        if values.text(values.part(order, "shipping").get("phone")):
            change["shipping"] = {**change.get("shipping", {}), "phone": wanted.phone}
    return change
