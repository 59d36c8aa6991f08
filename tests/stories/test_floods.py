"""Orders over a ceiling: kept, counted on one card, asked in the order of coming when there is room, never dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.customers import past, remembered
from tests.town import ANA, OLGA, Town, town

pytestmark = pytest.mark.long

ASK, CANCEL = "Ask them now", "Cancel all"


def _order(t: Town, n: int) -> dict[str, object]:
    street = {"line1": f"Calle de Alcala {n % 300}", "city": "Madrid", "postcode": "28009", "country": "ES"}
    return t.an_order(phone=f"+3465521{n:04d}", email=None, name=f"Maria Lopez {n}", address=street)


async def flood(t: Town, orders: int) -> list[str]:
    """So many orders on neighbouring numbers at once; their ids in the order of coming."""
    ids: list[str] = []
    for begin in range(0, orders, 50):
        bodies = [_order(t, 4000 + n) for n in range(begin, min(begin + 50, orders))]
        for body in bodies:
            status, _ = await t.api("POST", "/orders", body)
            assert status == 202
            ids.append(str(body["id"]))
        await t.settle()
    return ids


def asked(t: Town) -> list[str]:
    """The orders about which a phone got the question, in that order."""
    texts = [x for x in t.got("sms", to=None) if "cash on delivery" in x]
    return [text.split("order ")[1].split(",")[0] for text in texts]


def bursts(t: Town) -> list[str]:
    return [text for text in t.group_texts() if "from numbers like" in text or "got no answer" in text]


def cards(t: Town) -> list[str]:
    """Cards of one order each."""
    return [card.text for card in t.cards() if "\nOrder " in card.text]


async def press(t: Town, who: int, button: str) -> str | None:
    (card,) = [m for m in t.tg.shows(t.group) if m.from_bot and "from numbers like" in m.text]
    toast = await t.tg.presses(who, card.message_id, button, t.group, wait_s=2)
    await t.settle()
    return toast


async def test_five_hundred_on_one_prefix(tmp_path: Path) -> None:
    """Twenty an hour are asked, in the order of coming; the others wait, none is dropped, and the group has one counted card
    for all of them instead of hundreds."""
    async with town(tmp_path, telegram=True, more="limits: {first_sms_per_hour: null}") as t:
        orders = await flood(t, 500)
        await t.skip(minutes=10)
        assert sorted(asked(t)) == orders[:20]
        states = [await t.state(order) for order in orders]
        assert states.count("held") == 480
        (card,) = bursts(t)
        assert card.startswith("480 orders from numbers like +34655…"), card
        assert len(cards(t)) <= 1
        await t.skip(hours=3)
        first = asked(t)
        assert [sorted(first[n : n + 20]) for n in range(0, 80, 20)] == [
            orders[n : n + 20] for n in range(0, 80, 20)
        ], "twenty in each hour, oldest first; those of one hour are on the wire together"
        assert len(first) == 80
        assert len(bursts(t)) == 1
        assert len([x for x in t.owner_texts() if "neighbouring numbers" in x]) == 1


async def test_a_burst_outlives_a_restart(tmp_path: Path) -> None:
    """The turn of each order is kept with the order: after a restart they are asked at their time all the same."""
    async with town(tmp_path, telegram=True) as t:
        orders = await flood(t, 50)
        await t.close_house()
        await t.open_house()
        await t.skip(hours=3)
        assert sorted(asked(t)) == sorted(orders)
        assert {await t.state(order) for order in orders[20:]} == {"pending"}


async def test_ask_them_now(tmp_path: Path) -> None:
    """Staff may not, the owner may: one press and every order that waited is asked at once, once; the card says who."""
    async with town(tmp_path, telegram=True) as t:
        orders = await flood(t, 45)
        await t.skip(minutes=2)
        assert await press(t, ANA, ASK) != "Done."
        assert await t.state(orders[-1]) == "held"
        assert await press(t, OLGA, ASK) == "Done."
        await t.skip(minutes=5)
        assert sorted(asked(t)) == sorted(orders)
        assert "Olga lets all of them be asked now." in bursts(t)[0]
        await t.skip(hours=2)
        assert len(asked(t)) == len(orders), "nobody is asked a second time"
        await t.sms("YES", phone="+34655214044")
        assert await t.state(orders[-1]) in ("confirmed", "flagged"), "and each answer counts"


async def test_cancel_all(tmp_path: Path) -> None:
    """Asked once more, then every order that waits is cancelled by the owner's word; no phone hears of an order it never knew."""
    async with town(tmp_path, telegram=True, tells=("callback",)) as t:
        orders = await flood(t, 45)
        await t.skip(minutes=2)
        assert await press(t, OLGA, CANCEL) == "Done."
        await t.skip(minutes=1)
        assert "Cancel all 25? Nobody is texted about it." in bursts(t)[0]
        assert await t.state(orders[-1]) == "held"
        assert await press(t, OLGA, "Yes, cancel all 25") == "Done."
        await t.skip(minutes=2)
        for order in orders[20:]:
            found = await t.get(order)
            assert (found.state, found.decided_by, found.decided_name) == ("cancelled", "owner", "Olga")
        assert {await t.state(order) for order in orders[:20]} <= {"pending", "flagged"}, "what was asked goes on"
        assert "Olga cancelled all of them. Nobody was texted." in bursts(t)[0]
        before = len(t.got("sms", to=None))
        await t.skip(hours=3)
        assert len(t.got("sms", to=None)) == before


async def test_nobody_answers(tmp_path: Path) -> None:
    """Made-up numbers never answer: at the ladder's end they are one more counted card, and no call is asked for each."""
    async with town(tmp_path, telegram=True) as t:
        orders = await flood(t, 60)
        await t.skip(hours=60)
        assert sorted(asked(t)) == sorted(orders)
        assert {await t.state(order) for order in orders[20:]} == {"held"}
        assert len(cards(t)) <= 20, "those that came before the burst showed"
        (silent,) = [text for text in bursts(t) if "got no answer" in text]
        assert silent.startswith("40 orders of a burst were asked and got no answer.")
        await t.sms("YES", phone="+34655214059")
        assert await t.state(orders[-1]) in ("confirmed", "flagged"), "a late yes is still one"


async def test_the_fourth_order_of_a_number_is_asked_the_next_day(tmp_path: Path) -> None:
    """Three first texts a day: the fourth and fifth orders are asked when the first texts are a day old."""
    async with town(tmp_path, telegram=True) as t:
        orders = []
        for n in range(5):
            orders.append(await t.order(items=[{"sku": f"S{n}", "title": f"Lamp {n}", "quantity": 1}]))
            await t.skip(minutes=10)
        assert asked(t) == orders[:3]
        await t.skip(hours=24)
        assert [order for order in asked(t) if order in orders[3:]] == orders[3:]
        assert "held" not in {await t.state(order) for order in orders}


async def test_a_known_good_customer_is_no_flood(tmp_path: Path) -> None:
    """Who surely paid before is greeted at once, however many strangers order on neighbouring numbers."""
    phone = "+34655219999"
    async with town(tmp_path, telegram=True) as t:
        await remembered(t, *(past(t, f"P{n}", "paid", days_ago=200 - 50 * n, phone=phone) for n in range(4)))
        await flood(t, 30)
        order = await t.order(phone=phone)
        assert await t.state(order) == "confirmed"
        await t.skip(minutes=2)
        assert t.last("sms", phone).startswith("Welcome back, Ana!")


async def test_two_floods_at_once_do_not_hold_each_other(tmp_path: Path) -> None:
    """What a prefix holds takes no place from the rest of the shop: a stranger from elsewhere is asked at once."""
    async with town(tmp_path, telegram=True) as t:
        await flood(t, 120)
        order = await t.order(phone="+34677310482", email=None, name="Marta Gil")
        await t.skip(minutes=2)
        assert order in asked(t)
