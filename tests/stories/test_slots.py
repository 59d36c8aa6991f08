"""Delivery slots: what the customer wishes becomes what the courier can really do, and everybody hears the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.couriers import confirmed, delivery
from tests.town import Town, local, town

SPANISH: dict[str, Any] = {"language": "es"}


async def slot(t: Town, order_id: str) -> str:
    """As the shop's own system reads it from the API."""
    status, body = await t.api("GET", f"/orders/{order_id}")
    assert status == 200
    return f"{body['slot']['day']} {body['slot']['window']}" if body["slot"] else ""


@pytest.mark.parametrize(
    ("words", "chosen", "language"),
    [
        ("Friday after 18:00", "2026-11-27 18:00-22:00", {}),
        ("tomorrow between 15 and 18", "2026-11-24 15:00-18:00", {}),
        ("only Saturday before 15:00 please", "2026-11-28 11:00-15:00", {}),
        ("el viernes después de las 18", "2026-11-27 18:00-22:00", SPANISH),
        ("mañana entre las 15 y las 18", "2026-11-24 15:00-18:00", SPANISH),
    ],
)
async def test_a_wish_that_one_window_keeps(tmp_path: Path, words: str, chosen: str, language: dict[str, Any]) -> None:
    """One real window fits: it is the slot, on the phone, on the order, in the courier's note and in the journal."""
    async with town(tmp_path, more=delivery(), telegram=True) as t:
        order = await confirmed(t, **language)
        await t.sms(words)
        day, _, window = chosen.partition(" ")
        assert await slot(t, order) == chosen
        assert window in t.last("sms")
        assert ("Not right? Reply NO" if not language else "¿No es asi? Responde NO") in t.last("sms")
        _, body = await t.api("GET", f"/orders/{order}")
        assert chosen in body["courier_note"]
        assert "slot.chosen" in await t.story(order)
        assert f"{day} {window}" in t.cards(order)[0].text


@pytest.mark.parametrize(
    ("words", "digit", "listed", "chosen", "language"),
    [
        ("after 18:00", "2", ("Tue, Nov 24", "Wed, Nov 25", "Thu, Nov 26"), "2026-11-25 18:00-22:00", {}),
        ("after 18:00", "3", ("Tue, Nov 24", "Wed, Nov 25", "Thu, Nov 26"), "2026-11-26 18:00-22:00", {}),
        ("después de las 18", "1", ("mar, 24", "mié, 25", "jue, 26"), "2026-11-24 18:00-22:00", SPANISH),
    ],
)
async def test_several_windows_are_offered(
    tmp_path: Path, words: str, digit: str, listed: tuple[str, ...], chosen: str, language: dict[str, Any]
) -> None:
    """Three at most, by number; the number chooses, and NO takes the choice back."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t, **language)
        await t.sms(words)
        text = t.last("sms")
        assert [line[:2] for line in text.splitlines()[1:-1]] == ["1)", "2)", "3)"]
        assert all(day in text for day in listed)
        assert not await slot(t, order)
        await t.sms(digit)
        assert await slot(t, order) == chosen
        await t.sms("NO")
        assert not await slot(t, order)
        _, body = await t.api("GET", f"/orders/{order}")
        assert "18:00" not in body["courier_note"]
        assert await t.state(order) == "confirmed"


@pytest.mark.parametrize(
    ("words", "minute", "language"),
    [
        ("tomorrow at 15:07 exactly", "to the minute it cannot say", {}),
        ("mañana a las 15:07 en punto", "el minuto exacto no puede", SPANISH),
    ],
)
async def test_no_minute_is_promised(tmp_path: Path, words: str, minute: str, language: dict[str, Any]) -> None:
    """To-the-minute demands get the window around them, and the truth."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t, **language)
        await t.sms(words)
        assert minute in t.last("sms")
        assert "15:00-18:00" in t.last("sms")
        assert "15:07" not in t.last("sms")
        assert await slot(t, order) == "2026-11-24 15:00-18:00"


@pytest.mark.parametrize(
    ("words", "nearest", "sorry", "language"),
    [
        ("today", "Tue, Nov 24 11:00-15:00", "not possible then", {}),  # what is fetched today comes tomorrow
        ("Sunday afternoon", "Sat, Nov 28", "not possible then", {}),
        ("tomorrow at 9 in the morning", "Tue, Nov 24 11:00-15:00", "not possible then", {}),
        ("hoy", "mar, 24 nov 11:00-15:00", "no es posible", SPANISH),
    ],
)
async def test_what_cannot_be_is_answered_with_what_can(
    tmp_path: Path, words: str, nearest: str, sorry: str, language: dict[str, Any]
) -> None:
    """A wish that no window keeps gets the nearest real ones, and nothing is promised."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t, **language)
        await t.sms(words)
        assert sorry in t.last("sms")
        assert nearest in t.last("sms")
        assert not await slot(t, order)


@pytest.mark.parametrize(
    ("words", "language"), [("not tomorrow", {}), ("mañana no", SPANISH), ("ليس غدا", {"language": "ar"})]
)
async def test_a_day_that_does_not_suit(tmp_path: Path, words: str, language: dict[str, Any]) -> None:
    """ "Not tomorrow" is no wish for tomorrow: every other day is offered."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t, **language)
        await t.sms(words)
        assert "24" not in t.last("sms").replace(order, "")
        assert "25" in t.last("sms")
        await t.sms("1")
        assert await slot(t, order) == "2026-11-25 11:00-15:00"


async def test_the_cut_off_moves_while_they_think(tmp_path: Path) -> None:
    """A window that was real when it was offered, and is not any more, is not taken: they hear what is left."""
    async with town(tmp_path, more=delivery()) as t:
        order = await confirmed(t)
        await t.sms("tomorrow")
        assert "Tue, Nov 24 11:00-15:00" in t.last("sms")
        await t.skip(4)  # 15:00: the courier has gone
        await t.sms("1")
        assert not await slot(t, order)
        assert "Wed, Nov 25 11:00-15:00" in t.last("sms")
        assert "slot.gone" in await t.story(order)


async def test_holidays_and_the_weekend(tmp_path: Path) -> None:
    """Nothing is offered on a Sunday or on the courier's holiday."""
    async with town(tmp_path, more=delivery(), start=local("2026-12-05 15:00")) as t:  # a Saturday, past the cut-off
        order = await confirmed(t)
        await t.sms("when can you deliver? I want to change the delivery time")
        await t.sms("Tuesday")  # the holiday
        assert "Wed, Dec 9" in t.last("sms")
        assert "Tue, Dec 8" not in t.last("sms")
        await t.sms("1")
        assert (await slot(t, order)).startswith("2026-12-09")


async def test_where_no_courier_goes_a_person_answers(tmp_path: Path) -> None:
    """Outside every area no window is made up: staff read the wish."""
    address = {"line1": "Gran Via 1", "city": "Bilbao", "postcode": "48001", "country": "ES"}
    async with town(tmp_path, more=delivery(), telegram=True) as t:
        order = await confirmed(t, address=address)
        await t.sms("Friday after 18:00")
        assert not await slot(t, order)
        assert "A person at Demo Shop will read this" in t.last("sms")
        assert any("Friday after 18:00" in text for text in t.group_texts())


async def test_a_new_address_may_cost_the_slot(tmp_path: Path) -> None:
    """Moved out of the courier's area, the slot is gone from order and note: nothing stays promised that nobody keeps."""
    async with town(tmp_path, more=delivery()) as t:
        body = t.an_order()
        await t.api("POST", "/orders", body)
        await t.settle()
        await t.sms("1")
        await t.sms("Friday after 18:00")
        assert await slot(t, body["id"])
        moved = body["address"] | {"line1": "Gran Via 1", "city": "Bilbao", "postcode": "48001"}
        await t.api("PUT", f"/orders/{body['id']}", body | {"address": moved})
        await t.settle()
        assert not await slot(t, body["id"])
        assert "slot.lost" in await t.story(body["id"])


async def test_the_page_offers_the_same(tmp_path: Path) -> None:
    """The page lists real slots only, takes one of them, and nothing else."""
    async with town(tmp_path, more=delivery(), countries="{ES: {two_way_sms: false, links_allowed: true}}") as t:
        order = await t.order()
        status, html = await t.page(t.link())
        assert (status, html.count("<option")) == (200, 27)  # ten days but for a Sunday, in three windows
        assert '<option value="2026-11-24 11:00-15:00">Tue, Nov 24 11:00-15:00</option>' in html
        assert 'type="date"' not in html
        for wrong in ("2026-11-29 11:00-15:00", "2026-11-24 11:00-16:00", ""):
            status, html = await t.page(t.link(), "time", slot=wrong)
            assert status == 400, wrong
            assert not await slot(t, order)
        status, html = await t.page(t.link(), "time", slot="2026-11-27 18:00-22:00")
        assert status == 200
        assert "Fri, Nov 27 18:00-22:00" in html
        assert await slot(t, order) == "2026-11-27 18:00-22:00"


async def test_without_couriers_nothing_is_new(tmp_path: Path) -> None:
    """A shop that describes no courier takes wishes by its hours, as before."""
    async with town(tmp_path) as t:
        order = await confirmed(t)
        await t.sms("tomorrow after 16:00")
        assert "16:00-18:00" in t.last("sms")
        assert not await slot(t, order)
        assert (await t.get(order)).wish == "2026-11-24 16:00-18:00"


async def test_the_shop_has_the_slot(tmp_path: Path) -> None:
    """Chosen, and taken back: the shop's own system hears both, once each."""
    async with town(tmp_path, more=delivery(), tells=("callback",)) as t:
        order = await confirmed(t)
        await t.sms("Friday after 18:00")
        await t.skip(seconds=5)
        heard = [h.data for h in t.callback.heard if h.type == "order.slot"]
        assert [(h["day"], h["window"], h["courier"]) for h in heard] == [("2026-11-27", "18:00-22:00", "City Express")]
        await t.sms("NO")
        await t.skip(seconds=5)
        assert t.callback.types(order).count("order.slot") == 2
        assert t.callback.heard[-1].data.get("day") is None
