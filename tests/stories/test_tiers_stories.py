"""Pacing by WhatsApp's messaging limit, against a pretend Meta that lets nobody beyond it: what exceeds waits or goes by the next step,
first questions before news to many, and nothing is dropped. The ledger judges.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.meta import MetaRules
from tests.stories.test_notices import message, presses, writes
from tests.town import APPROVED, Town, town

pytestmark = pytest.mark.long

LIMIT = 40
LADDER = """
risk: {enabled: false}
limits: {first_sms_per_number_day: null, first_sms_per_prefix_hour: null, first_sms_per_hour: null}
confirmation:
  ladder:
    - {channel: whatsapp, wait: 26h}
    - {channel: email, wait: 4h}
    - {channel: staff, wait: 24h}
  quiet_hours: null
"""
NAMES = (*APPROVED, "notice")
DAY = timedelta(hours=24)


async def orders(t: Town, many: int, first: int = 0, language: str = "en") -> list[str]:
    """Orders of so many people; gives their phones."""
    phones = [f"+3461200{n:04d}" for n in range(first, first + many)]
    for phone in phones:
        await t.order(phone=phone, email=None, language=language)
        await t.skip(seconds=1)
    return phones


def never_beyond(t: Town, limit: int = LIMIT) -> None:
    """No day of Meta's had more people; Meta refused nothing."""
    mine = [s for s in t.meta.sent.values() if s.outside]
    for one in mine:
        assert len({s.phone for s in mine if one.at - DAY < s.at <= one.at}) <= limit
    assert 131048 not in t.meta.refused
    assert all(s.status != "failed" for s in mine)


@pytest.mark.parametrize("language", ["en", "es"])
async def test_what_exceeds_waits_and_everybody_is_asked(tmp_path: Path, language: str) -> None:
    """Sixty people order where forty may be written to: the first ones at once, the others the next day, nobody twice; the owner hears
    near and out, once each. The limit was learnt from Meta itself."""
    async with town(tmp_path, telegram=True, approved=NAMES, meta=MetaRules(daily_limit=LIMIT), more=LADDER) as t:
        await t.house.far_watchdog.look_now()
        await t.settle()
        phones = await orders(t, 60, language=language)
        asked = [p for p in phones if t.got("whatsapp", p)]
        assert len(asked) == int(LIMIT * 0.95)
        assert asked == phones[: len(asked)], "who came first is asked first"
        never_beyond(t)
        assert sum("News to many waits" in x for x in t.owner_texts()) == 1
        assert sum("New questions wait" in x for x in t.owner_texts()) == 1
        await t.meta.reply(phones[0], "yes" if language == "en" else "sí")
        await t.settle()
        assert len(t.got("whatsapp", phones[0])) == 2, "an answer never waits"
        await t.skip(hours=25)
        assert [len(t.got("whatsapp", p)) for p in phones[1:]] == [1] * 59, "nobody is dropped, and nobody asked twice"
        never_beyond(t)


async def test_a_question_that_would_wait_too_long_goes_by_the_next_step(tmp_path: Path) -> None:
    """A step of four hours does not wait a day for room: the mail goes at once, and the card says why."""
    short = LADDER.replace("26h", "4h")
    async with town(
        tmp_path, telegram=True, approved=NAMES, meta=MetaRules(), meta_more="daily_recipients: 10", more=short
    ) as t:
        phones = await orders(t, 10)
        assert sum(bool(t.got("whatsapp", p)) for p in phones) == 10
        late = await t.order(phone="+34612999999", email="late@example.com")
        await t.skip(seconds=2)
        assert t.got("whatsapp", "+34612999999") == []
        assert len(t.mails("late@example.com")) == 1
        assert [s.why for s in (await t.get(late)).skipped] == ["sender_full"]
        never_beyond(t, 10)


async def test_news_to_many_come_last(tmp_path: Path) -> None:
    """A notice uses four fifths of what is there and then waits; a fresh order is asked meanwhile; the rest of the notice goes the next
    day, nobody twice. A limit that Meta raises by webhook lets it go at once."""
    rules = MetaRules(daily_limit=LIMIT)
    async with town(tmp_path, telegram=True, approved=NAMES, meta=rules, more=LADDER) as t:
        await t.meta.reviews.tier(LIMIT)
        await t.settle()
        phones = [f"+3461300{n:04d}" for n in range(45)]
        for phone in phones:  # they have written once, long ago
            await t.meta.reply(phone, "hello")
            body = t.an_order(phone=phone, email=None)
            assert (await t.api("POST", "/orders", body))[0] == 202
            await t.report(str(body["id"]), "confirmed")
        await t.skip(hours=30)
        before = len(t.world.ledger)
        await writes(t, "/notice open\nDeliveries of Thursday come on Friday.")
        assert "WhatsApp: 45" in message(t)
        await presses(t, "Send to")
        await t.skip(minutes=5)
        told = {r.to for r in t.world.ledger[before:] if r.channel == "whatsapp"}
        assert len(told) == int(LIMIT * 0.8)
        fresh = await t.order(phone="+34614000001")
        assert fresh in t.last("whatsapp", "+34614000001"), "a first question has room"
        never_beyond(t)
        await t.meta.reviews.tier(250)
        await t.skip(hours=25)
        every = [r.to for r in t.world.ledger[before:] if r.channel == "whatsapp" and "Thursday" in r.text]
        assert sorted(every) == sorted(phones), "everybody, once"
        never_beyond(t, 250)
