"""Each kind of customer from order to outcome: what the phone received, what the card says, who decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.customers import good_customer, lived, past, remembered
from tests.town import ANA, APPROVED, BEN, OLGA, town

CONFIRM, LET_OFF, BLOCK = "✅ Confirm", "👍 Let off", "⛔ Block"


async def test_a_good_customer_is_not_asked(tmp_path: Path) -> None:
    """Four paid orders: confirmed at once, greeted as returning, told the way out, and nobody in the shop is bothered."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order()
        found = await t.get(order)
        assert (found.state, found.decided_by, found.via, found.verdict) == (
            "confirmed",
            "rule",
            "automatic",
            "trusted",
        )
        assert t.got() == [
            f"Welcome back, Ana! Demo Shop has confirmed order {order}, 49.90 EUR, cash on delivery."
            " To change it reply CHANGE; not yours? Reply NO."
        ]
        await t.skip(hours=40)
        assert t.got()[1:] == [] and t.cards() == []
        assert await lived(t, email="other@example.com") == "1002"  # and again, all the way to the money
        assert (await t.get("1002")).state == "delivered"


async def test_a_good_customer_changes_their_mind(tmp_path: Path) -> None:
    """The greeting's ways out work: CHANGE asks what, and the number, address or time is theirs to change."""
    async with town(tmp_path) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("CHANGE")
        assert "number" in t.last("sms").casefold()
        await t.sms("3")
        await t.sms("tomorrow after 5 pm")
        assert (await t.get(order)).fields.courier_note
        assert await t.state(order) == "confirmed"


async def test_a_good_customer_says_it_is_not_theirs(tmp_path: Path) -> None:
    """NO after a greeting opens the order again: it is not sent on a rule's word against the customer's."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("NO")
        await t.sms("CANCEL")
        found = await t.get(order)
        assert (found.state, found.decided_by) == ("cancelled", "customer")
        assert t.last("sms").startswith(f"Order {order} is cancelled")


async def test_what_a_good_customer_bought_stands_on_the_card(tmp_path: Path) -> None:
    """A card appears only when they want something: it says what they bought before, how much and when."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("can I get it in blue instead of white?")
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Bought before: 4 orders for €310.00, last Mon 5 Oct" in card.text, card.text
        assert LET_OFF not in t.buttons(order)
