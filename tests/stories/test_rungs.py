"""Each rung of the ladder as the customer's devices see it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.twilio import TwilioRules
from tests.town import ANA_PHONE, APPROVED, local, town


async def test_digits_where_the_words_would_opt_out(tmp_path: Path) -> None:
    """At Twilio YES and CANCEL are opt-in and opt-out words, so the text offers 1, 2, 3 and no word."""
    async with town(tmp_path) as t:
        order = await t.order()
        text = t.last("sms")
        assert order in text
        assert "49.90 EUR" in text
        assert "1 yes" in text
        assert "CANCEL" not in text
        assert "YES" not in text


async def test_words_where_the_sender_keeps_none_of_them(tmp_path: Path) -> None:
    """A sender whose opt-out words are STOP alone is asked for YES, CHANGE or CANCEL, and each of them means the order."""
    rules = TwilioRules(opt_out_words={"STOP"})
    async with town(tmp_path, twilio_more="opt_out_words: [STOP]", rules=rules) as t:
        order = await t.order()
        assert "Reply YES to confirm, CHANGE to change it, CANCEL to cancel it" in t.last("sms")
        await t.sms("cancel")
        assert await t.state(order) == "cancelled"
        assert "Changed your mind? Reply YES" in t.last("sms")


async def test_the_page_where_no_answer_arrives(tmp_path: Path) -> None:
    """A one-way sender's text carries the page's link, and the page takes the yes."""
    async with town(tmp_path, countries="{ES: {two_way_sms: false, links_allowed: true}}") as t:
        order = await t.order()
        assert "Reply" not in t.last("sms")
        status, html = await t.page(t.link(), "confirm")
        assert status == 200
        assert "the order is confirmed" in html
        assert (await t.get(order)).via == "page"


async def test_whatsapp_opens_with_a_template_and_its_buttons(tmp_path: Path) -> None:
    """Outside the 24 h window WhatsApp gets the approved template with three buttons; a button decides."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        asked = t.world.texts(ANA_PHONE, "whatsapp")[-1]
        assert asked.extra["template"]
        assert [b["title"] for b in asked.extra["buttons"]] == [
            "Yes, it is right",
            "Change something",
            "Cancel the order",
        ]
        assert order in asked.text
        await t.press(0)
        assert await t.state(order) == "confirmed"
        assert "confirmed" in t.last("whatsapp")


async def test_whatsapp_inside_the_window_is_a_session_message(tmp_path: Path) -> None:
    """Who wrote on WhatsApp in the last 24 h is asked there in free text; the answers stand as words that may be typed back."""
    async with town(tmp_path, approved=()) as t:
        await t.whatsapp("hello?")
        order = await t.order()
        await t.skip(4.1)
        asked = t.world.texts(ANA_PHONE, "whatsapp")[-1]
        assert not asked.extra["template"]
        assert asked.text.splitlines()[-3:] == ["Yes, it is right", "Change something", "Cancel the order"]
        await t.whatsapp("yes, it is right")
        assert await t.state(order) == "confirmed"


async def test_the_mail_does_not_take_a_yes(tmp_path: Path) -> None:
    """The e-mail's page refuses Confirm, whatever is posted, and lets the customer give a new number or cancel."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(8.1)
        path = t.link_in_mail()
        _, html = await t.page(path)
        assert 'value="confirm"' not in html
        assert 'value="phone"' in html
        status, _ = await t.page(path, "confirm")
        assert status == 409
        assert await t.state(order) == "pending"
        _, html = await t.page(path, "cancel")
        assert "Cancel order" in html
        assert await t.state(order) == "pending", "the first press only asks whether they are sure"
        await t.page(path, "cancel_surely")
        assert await t.state(order) == "cancelled"
        assert t.mails()[-1].text.count(order)
        assert "is cancelled, as you asked" in (t.got()[-1] + t.mails()[-1].text)


async def test_a_new_number_from_the_mail_is_asked_at_once(tmp_path: Path) -> None:
    """The number given on the mail's page gets the question; the old one is told, once, and left alone."""
    async with town(tmp_path) as t:
        order = await t.order(phone="600 000 002")
        await t.skip(8.1)
        before = len(t.got(to="+34600000002"))
        status, _ = await t.page(t.link_in_mail(), "phone", phone="600 000 003")
        assert status == 200
        assert order in t.last("sms", "+34600000003")
        assert "We leave this one alone" in t.last(to="+34600000002")
        await t.skip(48)
        assert len(t.got(to="+34600000002")) == before + 1
        assert len([m for m in t.got("sms", "+34600000003") if order in m]) == 1


async def test_a_rung_waits_from_its_acceptance(tmp_path: Path) -> None:
    """Twilio takes the text only after ten minutes of 429: WhatsApp follows four hours after that, not after the order."""
    async with town(tmp_path) as t:
        t.breaks("twilio", "status", status=429, headers={"Retry-After": "600"})
        await t.order()
        assert not t.got()
        await t.skip(hours=4, minutes=5)
        assert [r.channel for r in t.world.texts(ANA_PHONE)] == ["sms"]
        sms = t.world.texts(ANA_PHONE)[0]
        await t.skip(minutes=10)
        whatsapp = t.world.texts(ANA_PHONE, "whatsapp")[0]
        assert 4 * 3600 <= (whatsapp.at - sms.at).total_seconds() < 4 * 3600 + 5


@pytest.mark.parametrize(
    ("gap", "channel"),
    [
        ({"consent": {"whatsapp": False}}, "whatsapp"),
        ({"email": None}, "email"),
        ({"phone": "91 000 00 01"}, "sms"),
    ],
)
async def test_a_rung_without_an_address_is_passed_over(tmp_path: Path, gap: dict[str, object], channel: str) -> None:
    """What has no address, no consent or no mobile is skipped in the step of the rung before it, without its wait."""
    async with town(tmp_path) as t:
        phone = "+34910000001" if channel == "sms" else ANA_PHONE
        order = await t.order(**gap)
        if channel == "sms":
            assert [r.channel for r in t.world.texts(phone)] == ["whatsapp"]
        await t.skip(4.1)
        skipped = (await t.get(order)).skipped
        if channel == "whatsapp":
            assert t.mails()
        await t.skip(4)
        assert channel not in {r.channel for r in t.world.ledger}
        assert channel in {s.channel for s in (await t.get(order)).skipped}
        assert channel != "email" or await t.state(order) == "flagged"
        assert channel == "email" or skipped


async def test_an_order_that_no_machine_reaches_is_a_persons_at_once(tmp_path: Path) -> None:
    """No phone and no mail: flagged in the very step of the order, not after the ladder's hours."""
    async with town(tmp_path) as t:
        order = await t.order(phone="12", email=None)
        assert await t.state(order) == "flagged"
        assert [r.key for r in (await t.get(order)).reasons] == ["unreachable"]
        assert not t.world.ledger


async def test_without_an_approved_template_whatsapp_is_skipped(tmp_path: Path) -> None:
    """No template in the customer's nor the shop's language: the rung counts as without an address."""
    async with town(tmp_path, approved=tuple(a for a in APPROVED if a != "confirm")) as t:
        order = await t.order()
        await t.skip(4.1)
        assert not t.got("whatsapp")
        assert len(t.mails()) == 1
        assert [(s.channel, s.why) for s in (await t.get(order)).skipped] == [("whatsapp", "no_template")]


async def test_after_an_outage_one_rung_runs(tmp_path: Path) -> None:
    """Thirty hours asleep: the next rung alone runs on waking, the others keep their waits from then."""
    async with town(tmp_path, start=local("2026-11-23 11:00")) as t:
        order = await t.order()
        t.leap(hours=30)
        await t.settle()
        assert [r.channel for r in t.world.texts(ANA_PHONE)] == ["sms", "whatsapp"]
        assert not t.mails()
        await t.skip(4.1)
        assert len(t.mails()) == 1
        assert await t.state(order) == "pending"
