"""The customer changes their mind, in time and too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.town import ANA_PHONE, town


@pytest.mark.parametrize("hours", [0, 1, 6 * 24])
async def test_a_yes_takes_the_own_cancel_back(tmp_path: Path, hours: float) -> None:
    """Cancelled by the customer, not yet processed by the shop: a YES within a week, or at once, confirms it again."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.sms("3")
        assert "Changed your mind? Reply YES" in t.last("sms")
        await t.skip(hours)
        await t.sms("yes")
        assert await t.state(order) == "confirmed"
        assert "is confirmed again" in t.last("sms")
        assert (await t.get(order)).decided_by == "customer"


@pytest.mark.parametrize("why", ["processed", "shop", "late"])
async def test_when_a_yes_is_not_enough(tmp_path: Path, why: str) -> None:
    """After the shop has processed or made the cancel, or after a week, a person reads the wish, and the text says so."""
    async with town(tmp_path) as t:
        order = await t.order()
        if why != "shop":
            await t.sms("3")
        if why != "late":
            await t.report(order, "cancelled")
        if why == "late":
            await t.skip(8 * 24)
        await t.skip(seconds=5)
        await t.sms("yes")
        assert await t.state(order) == "cancelled"
        assert "A person will read that you want it" in t.last("sms")
        assert (await t.get(order)).said == ("yes",)


async def test_a_cancel_by_the_shop_is_told_once(tmp_path: Path) -> None:
    """The customer who was asked hears that the shop cancelled; who was never asked hears nothing."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.report(order, "cancelled")
        assert "was cancelled by Demo Shop and will not be sent" in t.last("sms")
        await t.report(order, "cancelled")
        assert len(t.got()) == 2
        await t.skip(48)
        assert len(t.got()) == 2


async def test_a_cancel_after_the_yes(tmp_path: Path) -> None:
    """Until dispatch a confirmed order can be cancelled by the same words; afterwards it is too late, said with the hours."""
    async with town(tmp_path) as t:
        order, phone = await t.order(), "+34600000009"
        await t.sms("1")
        await t.sms("cancel order")
        assert await t.state(order) == "cancelled"
        sent = await t.order(phone=phone)
        await t.sms("1", phone)
        assert await t.report(sent, "shipped") == 200
        await t.sms("cancel order", phone)
        assert await t.state(sent) == "shipped"
        assert "already with the courier" in t.last("sms", phone)
        assert "Hours: Mon-Fri 09:00-18:00" in t.last("sms", phone)


@pytest.mark.parametrize(
    ("ends", "heard"),
    [(("shipped",), "is with the courier"), (("shipped", "delivered"), "was delivered"), (("cancelled",), "A person")],
)
async def test_a_reply_to_a_month_old_question_wakes_nothing(tmp_path: Path, ends: tuple[str, ...], heard: str) -> None:
    """A YES to a question of a month ago never resurrects an order; it gets a short, true answer."""
    async with town(tmp_path) as t:
        order = await t.order()
        for kind in ends:
            await t.report(order, kind)
        await t.skip(31 * 24)
        await t.sms("1")
        assert await t.state(order) == ends[-1]
        assert heard in t.last("sms")


async def test_a_stale_button_changes_nothing(tmp_path: Path) -> None:
    """The order grew after the buttons were sent: the old Yes answers politely, and the new question still stands."""
    async with town(tmp_path) as t:
        body = t.an_order()
        await t.api("POST", "/orders", body)
        await t.settle()
        await t.skip(4.1)
        old = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        status, _ = await t.api("PUT", f"/orders/{body['id']}", body | {"total": "99.90"})
        assert status == 202
        await t.settle()
        await t.twilio.press(ANA_PHONE, 0, old)
        await t.settle()
        assert await t.state(body["id"]) == "pending"
        assert "nothing was changed" in t.last("whatsapp")
        await t.sms("1")
        assert await t.state(body["id"]) == "confirmed"


async def test_a_button_means_its_own_order(tmp_path: Path) -> None:
    """Two orders asked on WhatsApp: the button under each decides that one, whichever was asked last."""
    async with town(tmp_path) as t:
        first, second = await t.order(), await t.order(total="12.00")
        await t.skip(4.1)
        asked = t.world.texts(ANA_PHONE, "whatsapp")
        assert [first in asked[0].text, second in asked[1].text] == [True, True]
        await t.twilio.press(ANA_PHONE, 0, asked[0].provider_id)
        await t.settle()
        assert (await t.state(first), await t.state(second)) == ("confirmed", "pending")
        await t.twilio.press(ANA_PHONE, "Cancel the order", asked[1].provider_id)
        await t.settle()
        assert (await t.state(first), await t.state(second)) == ("confirmed", "cancelled")
        await t.twilio.press(ANA_PHONE, 0, asked[0].provider_id)
        await t.settle()
        await t.skip(seconds=5)
        assert f"Order {first} is already confirmed" in t.last("whatsapp")


async def test_the_same_button_twice(tmp_path: Path) -> None:
    """A second press on Cancel is told that it is done already, and cancels nothing twice."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        sid = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        for _ in range(2):
            await t.twilio.press(ANA_PHONE, "Cancel the order", sid)
            await t.settle()
        assert (await t.story(order)).count("decided") == 1
        assert f"Order {order} is cancelled" in t.last("whatsapp")
        assert "older message" not in t.last("whatsapp")


async def test_a_button_after_dispatch_is_too_late(tmp_path: Path) -> None:
    """The parcel has left: Cancel under the old question is handed to a person, and said so; the order stays shipped."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        await t.report(order, "shipped")
        await t.press("Cancel the order")
        assert await t.state(order) == "shipped"
        assert "already with the courier" in t.last("whatsapp")


async def test_a_button_of_the_version_before_does_not_reopen(tmp_path: Path) -> None:
    """The order changed and was then cancelled: the Yes under its first version brings nothing back."""
    async with town(tmp_path) as t:
        body = t.an_order()
        await t.api("POST", "/orders", body)
        await t.settle()
        await t.skip(4.1)
        old = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        await t.api("PUT", f"/orders/{body['id']}", body | {"total": "99.90"})
        await t.settle()
        await t.sms("3")
        await t.twilio.press(ANA_PHONE, 0, old)
        await t.settle()
        assert await t.state(body["id"]) == "cancelled"
        assert "nothing was changed" in t.last("whatsapp")


async def test_change_by_button(tmp_path: Path) -> None:
    """Change something asks what, on WhatsApp, with the page's link, and decides nothing."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        await t.press("Change something")
        assert await t.state(order) == "pending"
        assert "what should we change" in t.last("whatsapp")
        assert "/c/" in t.last("whatsapp")


async def test_the_page_keeps_its_word(tmp_path: Path) -> None:
    """One link: confirm, cancel, back again, until the parcel leaves; then it only says where the order is."""
    async with town(tmp_path, countries="{ES: {two_way_sms: false, links_allowed: true}}") as t:
        order = await t.order()
        path = t.link()
        for action, state in (("confirm", "confirmed"), ("cancel_surely", "cancelled"), ("confirm", "confirmed")):
            status, _ = await t.page(path, action)
            assert (status, await t.state(order)) == (200, state)
        await t.report(order, "shipped")
        status, html = await t.page(path)
        assert status == 200
        assert "with the courier" in html
        assert "<button" not in html
        assert await t.state(order) == "shipped"


async def test_opening_the_link_decides_nothing(tmp_path: Path) -> None:
    """Scanners open every link, many times: GET and HEAD change nothing, and a POST without the page's nonce neither."""
    async with town(tmp_path, countries="{ES: {two_way_sms: false, links_allowed: true}}") as t:
        order = await t.order()
        for _ in range(5):
            await t.page(t.link())
            await t.http.head(t.url + t.link())
        for form in ({"action": "confirm"}, {"action": "cancel_surely", "nonce": "x"}):
            async with t.http.post(t.url + t.link(), data=form) as answer:
                assert answer.status == 403
        assert await t.state(order) == "pending"
