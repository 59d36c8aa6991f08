"""WhatsApp templates that the provider rejects, pauses and takes back: orders go on by the next step, the owner hears once. The
pretend Meta's and Twilio's ledgers judge.
"""

from __future__ import annotations

from pathlib import Path

from sandbox.meta import MetaRules
from tests.town import ANA_PHONE, Town, town

LADDER = """
confirmation:
  ladder:
    - {channel: whatsapp, wait: 4h}
    - {channel: email, wait: 4h}
    - {channel: staff, wait: 24h}
  quiet_hours: null
"""
#: The whole of what our own words are in Meta's hands.
NAMES = ("confirm", "reconfirm", "cancelled_by_shop")


def pings(t: Town, about: str) -> list[str]:
    return [text for text in t.owner_texts() if about in text]


async def looks(t: Town) -> None:
    """The service asks the provider for its list, as it does by itself every quarter of an hour."""
    t.leap(minutes=16)
    await t.house.far_watchdog.look_now()
    await t.settle()


async def test_a_rejected_text_is_not_sent_and_the_owner_hears_once(tmp_path: Path) -> None:
    """Rejected by Meta's webhook: the next order is asked by mail at once, the owner gets one message with reason and mend, and a
    look at the list repeats neither. Approved again: WhatsApp is back."""
    async with town(tmp_path, telegram=True, approved=NAMES, meta=MetaRules(), more=LADDER) as t:
        first = await t.order(phone="+34600000011")
        assert "1001" in t.last("whatsapp", "+34600000011")
        assert await t.meta.reviews.review("doorstep_confirm", "en", "REJECTED", "TAG_CONTENT_MISMATCH") == 200
        await t.settle()
        second = await t.order(phone="+34600000012", email="bea@example.com")
        assert t.got("whatsapp", "+34600000012") == []
        assert len(t.mails("bea@example.com")) == 1, "the next step, in the same minute"
        (told,) = pings(t, "does not approve")
        assert "confirm (en)" in told
        assert "TAG_CONTENT_MISMATCH" in told
        assert "templates submit confirm --lang en" in told
        await looks(t)
        await looks(t)
        assert len(pings(t, "does not approve")) == 1
        await t.meta.reviews.review("doorstep_confirm", "en", "APPROVED")
        await t.settle()
        assert len(pings(t, "takes these again")) == 1
        third = await t.order(phone="+34600000013")
        assert third in t.last("whatsapp", "+34600000013")
        assert await t.state(first) == await t.state(second) == "pending"


async def test_a_customer_of_another_language_gets_the_one_that_is_left(tmp_path: Path) -> None:
    """The Spanish text is paused, the English one is not: a Spanish customer is asked in the shop's English, on WhatsApp."""
    async with town(tmp_path, telegram=True, approved=NAMES, meta=MetaRules(), more=LADDER) as t:
        await t.order(phone="+34600000021", language="es")
        assert "¿Está todo bien?" in t.last("whatsapp", "+34600000021")
        await t.meta.reviews.review("doorstep_confirm", "es", "PAUSED")
        await t.settle()
        await t.order(phone="+34600000022", language="es", email="eva@example.com")
        assert t.last("whatsapp", "+34600000022").startswith("Hello, this is Demo Shop")
        assert t.mails("eva@example.com") == []
        (told,) = pings(t, "paused")
        assert "confirm (es)" in told


async def test_a_pause_that_no_webhook_told_is_found_by_the_refusal_and_by_the_look(tmp_path: Path) -> None:
    """The send of the first order is refused (132015): its next step follows at once and the text rests, so that the second order does
    not even try. What a look finds on the list is told as well."""
    async with town(tmp_path, telegram=True, approved=NAMES, meta=MetaRules(refuse_now=True), more=LADDER) as t:
        await t.meta.reviews.review("doorstep_confirm", "en", "PAUSED", told=False)
        await t.order(phone="+34600000031", email="one@example.com")
        assert len(t.mails("one@example.com")) == 1
        tried = len(t.meta.refused)
        assert tried == 1
        await t.order(phone="+34600000032", email="two@example.com")
        await t.skip(seconds=2)  # mail has a pace, too
        assert len(t.mails("two@example.com")) == 1
        assert len(t.meta.refused) == tried, "nobody tried again"
        assert len(pings(t, "refuses the text")) == 1
        await t.meta.reviews.review("doorstep_reconfirm", "es", "DISABLED", told=False)
        await looks(t)
        (told,) = pings(t, "switched it off")
        assert "reconfirm (es)" in told


async def test_at_twilio_only_the_list_tells(tmp_path: Path) -> None:
    """A text that Twilio lists as rejected is not sent any more after the next look; a quality or a category that falls is told, too,
    and the text goes on."""
    async with town(tmp_path, telegram=True, more=LADDER) as t:
        sid = next(iter(t.twilio.contents.by_sid))  # of "confirm"
        await t.order(phone="+34600000041")
        assert t.got("whatsapp", "+34600000041")
        t.twilio.contents.judge(sid, "rejected", "INVALID_FORMAT")
        await looks(t)
        (told,) = pings(t, "does not approve")
        assert "INVALID_FORMAT" in told
        await t.order(phone="+34600000042", email="zoe@example.com")
        assert t.got("whatsapp", "+34600000042") == []
        assert len(t.mails("zoe@example.com")) == 1
        t.twilio.contents.judge(sid, "approved", category="MARKETING")
        await looks(t)
        assert len(pings(t, "counts")) == 1
        await t.order(phone="+34600000043")
        assert t.got("whatsapp", "+34600000043")


async def test_what_is_planned_when_the_text_is_stopped_goes_another_way(tmp_path: Path) -> None:
    """The final gate looks, too: a question that waited for the morning when the text was disabled goes by the next step, once."""
    night = LADDER.replace("quiet_hours: null", 'quiet_hours: "00:00-23:00"')
    async with town(tmp_path, telegram=True, approved=NAMES, meta=MetaRules(), more=night) as t:
        placed = (t.clock.now().replace(hour=1)).isoformat()
        order = await t.order(placed_at=placed)
        assert t.got() == []
        await t.meta.reviews.review("doorstep_confirm", "en", "DISABLED")
        await t.meta.reviews.review("doorstep_confirm", "es", "DISABLED")
        await t.settle()
        await t.skip(hours=14)
        assert t.got("whatsapp", ANA_PHONE) == []
        assert len(t.mails()) == 1
        assert "rung.skipped" in await t.story(order)
        assert len(pings(t, "switched it off")) == 2
