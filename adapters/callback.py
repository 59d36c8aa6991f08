"""Decisions to the shop's own program: one POST each, signed as Standard Webhooks.

webhook-id is the same at every try, so a receiver that has seen it does nothing and answers 2xx: that is why a telling whose fate is
unknown may be tried again. 2xx is taken, 410 means that nothing more is wanted, anything else is tried again by the schedule.
Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, read 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime

import msgspec

from adapters.exchange import Exchange
from adapters.receiving import JSON
from adapters.replied import Answer
from adapters.telling import contents, failure, name_of
from engine.secret import webhook_key
from flows.effects import Accepted, Outcome, Refused, TellShop, TryAgain
from flows.shop_told import GONE

#: A receiver has so long to answer. Source: the specification proposes 15 to 30 s.
TIMEOUT_S = 20.0


class Callback:
    """Implements engine.ports.ShopPort for the place "callback" of one shop."""

    def __init__(self, shop: str, url: str, secret: str) -> None:
        self._shop = shop
        self._url = url
        self._key = webhook_key(secret)
        self._exchange = Exchange(TIMEOUT_S)

    async def tell(self, telling: TellShop, effect_id: str, now: datetime) -> Outcome:
        message_id = f"msg_{name_of(self._shop, effect_id)}"
        body = msgspec.json.encode(
            {
                "type": f"order.{telling.what}",
                "timestamp": telling.at.isoformat(),
                "data": contents(telling, self._shop),
            }
        )
        stamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": JSON,
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(self._key, message_id, stamp, body),
        }
        answer = await self._exchange.ask("POST", self._url, headers=headers, body=body)
        if isinstance(answer, TryAgain):
            return TryAgain(0.0, answer.reason)  # by the schedule
        if not isinstance(answer, Answer):
            return answer
        if 200 <= answer.status < 300:
            return Accepted(message_id)
        return Refused(GONE) if answer.status == 410 else failure(answer)

    async def close(self) -> None:
        await self._exchange.close()


def signature(key: bytes, message_id: str, stamp: str, body: bytes) -> str:
    """ "v1," and the base64 of HMAC-SHA256 over id.timestamp.body."""
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
