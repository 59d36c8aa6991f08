"""The ladder, rung by rung, as the phone sees it."""

from __future__ import annotations

from pathlib import Path

from tests.town import ANA_PHONE, town


async def test_a_yes_by_sms_confirms_and_is_acknowledged(tmp_path: Path) -> None:
    """The first text leaves at once; one answer decides; the phone gets one question and one acknowledgement."""
    async with town(tmp_path) as t:
        order = await t.order()
        assert len(t.got()) == 1
        assert order in t.last("sms")
        assert await t.sms("1") == 200
        assert await t.state(order) == "confirmed"
        assert len(t.got()) == 2
        assert "confirmed" in t.last("sms").lower()
        await t.skip(48)
        assert len(t.got()) == 2, "a confirmed order is not asked again"
        assert not t.mails()


async def test_silence_climbs_the_ladder_to_a_person(tmp_path: Path) -> None:
    """SMS, 4 h later WhatsApp by template, 4 h later e-mail without a confirm link, 12 h later flagged."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        assert [r.channel for r in t.world.texts(ANA_PHONE)] == ["sms", "whatsapp"]
        await t.skip(4)
        assert len(t.mails()) == 1
        assert "/c/" in t.mails()[0].text
        assert await t.state(order) == "pending"
        await t.skip(12)
        assert await t.state(order) == "flagged"
        assert len(t.got()) == 2
