"""A failed attempt is talked over at once: a real window, a hint, a neighbour, a pick-up point, or back, with the reason."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.courier import PretendCourier
from sandbox.shops import PretendShop, ShopAccess
from tests.stories.couriers import delivery, shipped
from tests.town import ANA_PHONE, API_TOKEN, Town, town

SPANISH: dict[str, Any] = {"language": "es"}
MORE = 'pickup_points: ["Kiosk Sol, Calle Mayor 1"]\nnews: []'


async def failed(t: Town, reason: str = "not_home", language: dict[str, Any] | None = None, **more: str) -> str:
    """A parcel that the courier could not hand over the day after it was sent, at 11:00."""
    order = await shipped(t, **(language or {}))
    await t.skip(24)
    await t.report(order, "attempt_failed", reason=reason, **more)
    return order


async def note(t: Town, order: str) -> str:
    """What the courier reads."""
    _, body = await t.api("GET", f"/orders/{order}")
    return f"{body['replan']}: {body['courier_note']}"


@pytest.mark.parametrize(
    ("language", "asks", "options"),
    [
        ({}, "The courier could not hand over order", ("Wed, Nov 25 11:00", "leave it with a neighbour", "I fetch it: Kiosk")),
        (SPANISH, "El transportista no pudo entregar el pedido", ("mié, 25 nov 11:00", "con un vecino", "lo recojo yo: Kiosk")),
    ],
)  # fmt: skip
async def test_asked_at_once(tmp_path: Path, language: dict[str, Any], asks: str, options: tuple[str, ...]) -> None:
    """Within a minute of the report the customer reads what can be done, with real windows first."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        await failed(t, language=language)
        told = t.world.texts(ANA_PHONE)[-1]
        assert asks in told.text
        assert all(option.replace("é", "e") in told.text.replace("é", "e") for option in options)
        assert t.clock.now() - told.at <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "outcome", "told", "language"),
    [
        ("2", "slot: Hand to Ana Ruiz; 2026-11-25 15:00-18:00", "Wed, Nov 25 15:00-18:00. The courier is told", {}),
        ("Friday after 18:00", "slot: Hand to Ana Ruiz; 2026-11-27 18:00-22:00", "Fri, Nov 27 18:00-22:00", {}),
        ("3", "neighbour: Hand to Ana Ruiz; may be left with a neighbour", "neighbour", {}),
        ("4", "pickup: Hand to Ana Ruiz; pick-up: Kiosk Sol, Calle Mayor 1", "Kiosk Sol", {}),
        ("5", "cancel: Hand to Ana Ruiz; back to the shop", "goes back to Demo Shop. You pay nothing", {}),
        ("2", "slot: Hand to Ana Ruiz; 2026-11-25 15:00-18:00", "El transportista lo sabe", SPANISH),
        ("el viernes después de las 18", "slot: Hand to Ana Ruiz; 2026-11-27 18:00-22:00", "vie, 27 nov", SPANISH),
        ("5", "cancel: Hand to Ana Ruiz; back to the shop", "vuelve a Demo Shop", SPANISH),
    ],
)
async def test_what_they_choose(tmp_path: Path, words: str, outcome: str, told: str, language: dict[str, Any]) -> None:
    """A number or words: it is in the courier's note, the journal and the answer, and the parcel stays on its way."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await failed(t, language=language)
        await t.sms(words)
        assert await note(t, order) == outcome
        assert told in t.last("sms")
        assert await t.state(order) == "shipped"
        assert "replan.chosen" in await t.story(order)


@pytest.mark.parametrize(
    ("words", "language", "asks"),
    [
        ("the blue door behind the mosque", {}, "did not find the address"),
        ("la puerta azul detrás de la farmacia", SPANISH, "no encontro la direccion"),
    ],
)
async def test_a_hint_to_the_door(tmp_path: Path, words: str, language: dict[str, Any], asks: str) -> None:
    """Where the address was not found, their words are the hint; so is a place on WhatsApp."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await failed(t, "wrong_address", language)
        assert asks in t.last("sms").replace("ó", "o")
        await t.sms(words)
        assert await note(t, order) == f"hint: Hand to Ana Ruiz; {words}"
        await t.skip(24)
        await t.report(order, "attempt_failed", reason="wrong_address")
        await t.whatsapp("", location=(40.4165, -3.70256))
        assert await note(t, order) == f"hint: Hand to Ana Ruiz; {words}; 40.41650, -3.70256"


async def test_no_neighbour_for_who_did_not_want_it(tmp_path: Path) -> None:
    """Refused, or no cash in the house: nobody else is offered the parcel."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        for n, reason in enumerate(("customer_refused", "no_money")):
            phone = f"+3460000010{n}"
            order = await t.order(phone=phone)
            await t.sms("1", phone)
            await t.report(order, "shipped")
            await t.report(order, "attempt_failed", reason=reason)
            assert "neighbour" not in t.last("sms", phone)
            assert "cancel it" in t.last("sms", phone)


async def test_a_wish_that_cannot_be(tmp_path: Path) -> None:
    """Sunday does not work: the nearest real windows are offered, and a number among them is taken."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await failed(t)
        await t.sms("Sunday please")
        assert "not possible then" in t.last("sms")
        assert (await note(t, order)).startswith("open")
        await t.sms("1")
        assert "2026-11-28" in await note(t, order)


@pytest.mark.parametrize(("words", "language"), [("not tomorrow", {}), ("mañana no", SPANISH)])
async def test_not_that_day(tmp_path: Path, words: str, language: dict[str, Any]) -> None:
    """A day that is turned down is not offered again, and no reason to send the parcel back."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await failed(t, language=language)
        await t.sms(words)
        assert "26" in t.last("sms")
        assert "25" not in t.last("sms")
        await t.sms("1")
        assert "2026-11-26 11:00-15:00" in await note(t, order)


async def test_old_choices_do_not_count(tmp_path: Path) -> None:
    """A number out of range, and one after the cut-off has passed, choose nothing that cannot be."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await failed(t)
        await t.sms("9")
        assert (await note(t, order)).startswith("open")
        await t.skip(4)  # past the cut-off: tomorrow is gone
        await t.report(order, "attempt_failed", reason="not_home", tracking="second")
        assert "Thu, Nov 26 11:00-15:00" in t.last("sms")
        await t.sms("1")
        assert "2026-11-26 11:00-15:00" in await note(t, order)


async def test_the_courier_repeats_the_failure(tmp_path: Path) -> None:
    """The very same report ten times is one attempt and one question."""
    async with town(tmp_path, more=delivery(MORE), telegram=True) as t:
        order = await shipped(t)
        at = t.clock.now().isoformat()
        for _ in range(10):
            await t.api("POST", f"/orders/{order}/events", {"type": "attempt_failed", "at": at, "reason": "not_home"})
        await t.settle()
        assert sum("could not hand over" in text for text in t.got()) == 1
        assert (await t.get(order)).attempts_failed == 1


async def test_after_the_owners_limit_staff_decide(tmp_path: Path) -> None:
    """The second failure is the owner's limit here: the customer is not asked again, the card says so, and counts them all."""
    async with town(tmp_path, more=delivery(MORE + "\nattempts_most: 2"), telegram=True) as t:
        first = await failed(t)
        await t.sms("1")
        await t.skip(24)
        asked = len(t.got())
        await t.report(first, "attempt_failed", reason="not_home")
        await t.skip(seconds=5)
        assert len(t.got()) == asked
        assert "Delivery chosen" not in t.cards(first)[0].text
        assert any("2 deliveries failed. Please decide" in text for text in t.group_texts())
        assert "Failed deliveries: 2 (of this customer: 2)" in t.cards(first)[0].text
        await t.report(first, "returned", reason="not_home")
        second = await t.order()
        await t.staff(222, "✅ Confirm", second) if await t.state(second) != "pending" else await t.sms("1")
        await t.report(second, "shipped")
        await t.report(second, "attempt_failed", reason="damaged")
        await t.skip(seconds=5)
        assert "Failed deliveries: 1 (of this customer: 3)" in t.cards(second)[0].text
        assert any("reports damage" in text for text in t.group_texts())


async def test_where_no_answer_can_arrive_staff_call(tmp_path: Path) -> None:
    """No two-way channel: nothing is asked that nobody could answer; staff are told to call."""
    async with town(
        tmp_path, more=delivery(MORE), telegram=True, countries="{ES: {two_way_sms: false, links_allowed: true}}"
    ) as t:
        order = await t.order()
        await t.page(t.link(), "confirm")
        await t.report(order, "shipped")
        before = len(t.got())
        await t.report(order, "attempt_failed", reason="not_home")
        await t.skip(seconds=5)
        assert len(t.got()) == before
        assert any("no message reaches this customer" in text for text in t.group_texts())


async def test_what_no_rule_understands_goes_to_a_person(tmp_path: Path) -> None:
    """Other words are read by staff, under the card; the parcel stays where it is."""
    async with town(tmp_path, more=delivery(MORE), telegram=True) as t:
        order = await failed(t)
        await t.sms("my cousin says the lift is broken")
        assert any("my cousin says the lift is broken" in text for text in t.group_texts())
        assert await t.state(order) == "shipped"
        assert (await note(t, order)).startswith("open")


async def test_last_weeks_failure_starts_nothing(tmp_path: Path) -> None:
    """A report that comes days late is counted, and nobody is asked about a parcel that has long moved on."""
    async with town(tmp_path, more=delivery(MORE)) as t:
        order = await shipped(t)
        long_ago = t.clock.now().isoformat()
        await t.skip(24 * 4)
        before = len(t.got())
        await t.report(order, "attempt_failed", reason="not_home", at=long_ago)
        assert len(t.got()) == before
        assert (await t.get(order)).attempts_failed == 1


async def test_the_shop_may_switch_it_off(tmp_path: Path) -> None:
    """`replan: false`, and a shop without couriers: a failure is counted, and nobody is asked."""
    for more in (delivery("replan: false\nnews: []"), ""):
        path = tmp_path / ("off" if more else "none")
        path.mkdir()
        async with town(path, more=more) as t:
            order = await shipped(t)
            before = len(t.got())
            await t.report(order, "attempt_failed", reason="not_home")
            assert len(t.got()) == before
            assert (await t.get(order)).attempts_failed == 1


@pytest.mark.parametrize("habits", [{}, {"repeats": 3}, {"backwards": True}, {"repeats": 2, "silent": True}])
async def test_a_courier_that_fails(tmp_path: Path, habits: dict[str, Any]) -> None:
    """In vain, in vain, handed over; told once or thrice, in order or not: one question for each failure, and one end."""
    async with town(tmp_path, more=delivery(MORE), tells=("callback",)) as t:
        order = await shipped(t)
        shop = PretendShop(t.world, t.url, ShopAccess(API_TOKEN, "", "", "demo"))
        courier = PretendCourier(shop, **habits)
        for words in ("1", "2"):
            await t.skip(24)
            assert (await courier.knocks(order, "not_home")).status == 200
            await t.settle()
            await t.sms(words)
            await t.skip(seconds=5)
        await t.skip(24)
        await courier.knocks(order)
        await t.settle()
        assert sum("could not hand over" in text for text in t.got()) == 2
        assert await t.state(order) == "delivered"
        assert (await t.get(order)).attempts_failed == 2
        told = [h.data for h in t.callback.heard if h.type == "order.replan"]
        assert [(h["choice"], h["day"], h["window"]) for h in told] == [
            ("slot", "2026-11-25", "11:00-15:00"),
            ("slot", "2026-11-26", "15:00-18:00"),
        ]
        assert {report.status for report in courier.told} == {200}
        await shop.close()
