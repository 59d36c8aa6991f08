"""Facts that come twice, in another order, or too late: the end is the same, and nobody hears anything twice."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.ports import Handled
from tests.faults.suites.kit import (
    FAST,
    OPEN,
    Figure,
    Suite,
    an_order,
    chunks,
    folder_of,
    number,
    patched,
    twice,
)
from tests.town import SMS_FROM, Town, town

TIMES = 10


async def duplicates(size: int, folder: Path, dice: random.Random) -> Figure:
    """Each order is posted ten times and each answer told ten times, five at once, with a restart amid them."""
    figure, messages, posts = Figure(), 0, 0
    for part in chunks(size):
        async with town(folder_of(folder, part.start), more=OPEN, twilio_more=FAST) as t:
            bodies = {n: an_order(t, n) for n in part}
            for again in (False, True):
                if again:
                    await t.close_house()
                    await t.open_house()
                for body in bodies.values():
                    await asyncio.gather(*(t.api("POST", "/orders", body) for _ in range(TIMES // 2)))
                    posts += TIMES // 2
            await t.skip(minutes=2)
            t.twilio.hooks.copies = TIMES // 2
            hooks = []
            for n in part:
                await t.twilio.reply(number(n), "1", SMS_FROM)
                hooks.append(t.twilio.hooks.tries[-1].hook)
            await t.close_house()
            await t.open_house()
            for hook in hooks:
                await t.twilio.hooks.post(hook)
            posts += TIMES * len(part)
            await t.skip(minutes=2)
            figure.failures += twice(t)
            for n, body in bodies.items():
                got = len(t.got("sms", number(n)))
                messages += got
                figure.check(got == 2, f"{number(n)} got {got} texts, not a question and a thank-you")
                figure.check(await t.state(body["id"]) == "confirmed", f"{body['id']} is not confirmed")
    figure.said = f"{2 * size} facts told {posts} times: {messages} texts on {size} phones"
    return figure


def _forgets(row: Any, event: Any) -> Handled | None:
    return Handled(decision=None) if row is None and not event.opens else None


async def reorder(size: int, folder: Path, dice: random.Random) -> Figure:
    """The provider's receipts, the shop's reports and its three webhooks about an order, shuffled and some of them repeated."""
    figure, facts = Figure(), 0
    for part in chunks(size):
        async with town(folder_of(folder, part.start), more=OPEN, twilio_more=FAST) as t:
            for n in part:
                facts += await _shuffled_life(t, n, dice, figure)
                facts += await _shuffled_webhooks(t, n, dice, figure)
            await t.skip(minutes=2)
            figure.failures += twice(t)
    figure.said = f"{2 * size} permutations of {facts} facts: every order ends as in the true order"
    return figure


async def _shuffled_life(t: Town, n: int, dice: random.Random, figure: Figure) -> int:
    body = an_order(t, n)
    await t.api("POST", "/orders", body)
    await t.skip(seconds=5)
    message = t.twilio.messages[t.world.texts(number(n), "sms")[0].provider_id]

    def receipt(status: str) -> Callable[[], Awaitable[Any]]:
        async def tell() -> None:
            message.status = status
            await t.twilio.hooks.post(t.twilio.webhooks.status(message))

        return tell

    def report(kind: str) -> Callable[[], Awaitable[Any]]:
        return lambda: t.report(body["id"], kind)

    facts = [receipt(s) for s in ("queued", "sent", "delivered")]
    facts += [report(k) for k in ("shipped", "out_for_delivery", "delivered")]
    facts += dice.sample(facts, 3)
    dice.shuffle(facts)
    for fact in facts:
        await fact()
    await t.settle()
    order = await t.get(body["id"])
    figure.check(order.state == "delivered", f"{order.id} was delivered, and is {order.state}")
    figure.check(
        order.asked[0].status == "delivered", f"{order.id}: the text's status went back to {order.asked[0].status}"
    )
    return len(facts)


async def _shuffled_webhooks(t: Town, n: int, dice: random.Random, figure: Figure) -> int:
    """Shopify's created, changed and cancelled: the last word is that it is cancelled, whatever came last."""
    ident, start = 900_000 + n, t.clock.now() - timedelta(minutes=10)
    base = {
        "id": ident, "name": f"#{ident}", "order_number": ident, "currency": "EUR", "total_price": "49.90", "financial_status": "pending",
        "payment_gateway_names": ["Cash on Delivery (COD)"], "created_at": start.isoformat(), "phone": number(50_000_000 + n),
        "line_items": [{"id": 1, "title": "Lamp", "quantity": 1, "price": "49.90", "current_quantity": 1}],
        "shipping_address": {
            "name": f"Ida {ident}", "address1": f"Calle Larga {ident}", "city": "Madrid", "zip": "28013", "country_code": "ES",
        },
    }  # fmt: skip
    told: list[tuple[str, dict[str, Any]]] = []
    for minute, topic, more in (
        (0, "orders/create", {}),
        (1, "orders/updated", {"total_price": "59.90"}),
        (2, "orders/cancelled", {"cancelled_at": (start + timedelta(minutes=2)).isoformat()}),
    ):
        at = (start + timedelta(minutes=minute)).isoformat()
        told.append((topic, json.loads(json.dumps(base | more | {"updated_at": at}))))
    told.append(dice.choice(told))
    dice.shuffle(told)
    for topic, body in told:
        await t.shopify(body, topic)
    state = await t.state(str(ident))
    figure.check(state == "cancelled", f"{ident} was cancelled by the shop, and is {state}")
    return len(told)


async def late(size: int, folder: Path, dice: random.Random) -> Figure:
    """A yes after the next question was asked, after the shop's cancel, or a month later."""
    figure, month = Figure(), 0
    for part in chunks(size, 12):
        async with town(folder_of(folder, part.start), more=OPEN, twilio_more=FAST, telegram=True) as t:
            bodies = {n: an_order(t, n) for n in part}
            for body in bodies.values():
                await t.api("POST", "/orders", body)
            await t.skip(minutes=1)
            kinds = {n: ("rung", "shop", "month")[n % 3] for n in part}
            for n in part:
                if kinds[n] == "shop":
                    await t.report(bodies[n]["id"], "cancelled")
                elif kinds[n] == "month":
                    await t.sms("3", number(n))
            await t.skip(hours=4.5)
            for n in part:
                if kinds[n] != "month":
                    await t.sms("1" if kinds[n] == "rung" else "yes", number(n))
            await t.skip(hours=24 * 30)
            for n in part:
                if kinds[n] == "month":
                    month += 1
                    await t.sms("yes", number(n))
            await t.skip(minutes=5)
            figure.failures += twice(t)
            for n, body in bodies.items():
                state, wanted = await t.state(body["id"]), "confirmed" if kinds[n] == "rung" else "cancelled"
                figure.check(state == wanted, f"{body['id']} ({kinds[n]}) is {state}, not {wanted}")
    figure.said = f"{size} late answers, {month} of them a month late: none woke a cancelled order, each asked before the end counted"
    return figure


SUITES = (
    Suite(
        "duplicates", ("F4",), ("P4",), "orders, everything ten times", 6, 200, duplicates,
        {"what was seen is forgotten": patched("storage.sqlite.answered", _forgets)},
    ),
    Suite(
        "reorder", ("F5",), ("P4",), "lives of an order, shuffled", 6, 300, reorder,
        {"what was told last is believed": patched("flows.receipts._RANK", Counter())},
    ),
    Suite("late answers", ("F6",), ("P5",), "answers", 6, 60, late,
        {"an old cancel is taken back by any yes": patched("flows.too_late.REOPEN_WITHIN", timedelta(days=3650))}),
)  # fmt: skip
