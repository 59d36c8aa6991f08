"""More at once than Telegram lets through: nothing is lost, the most urgent goes first, and a digest lets people work through it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.telegram_limits import Limits
from sandbox.world import Received
from tests.stories.test_promises import OLGA_PHONE, WITH_PHONE
from tests.town import ANA, OLGA, Town, town

#: In CI a smaller flood; the figures of the issue with FLOOD=500 COMPLAINTS=200 (make faults).
FLOOD = int(os.environ.get("FLOOD", "80"))
COMPLAINTS = int(os.environ.get("COMPLAINTS", "40"))
#: Telegram's own words, without the one second between two messages, where it grants bursts.
LIMITS = Limits(per_group_minute=20, overall_second=30, everywhere=True)
#: New cards in a minute, at least: of the 20 messages the digest's edits take four, and some are left for who presses.
A_MINUTE = 11
#: The same anger in eight languages.
WORDS = (
    "this is terrible service, i want to complain",
    "esto es una vergüenza, servicio pésimo, quiero quejarme",
    "je veux me plaindre, service lamentable",
    "péssimo atendimento, quero reclamar",
    "это ужасный сервис, хочу пожаловаться",
    "أريد تقديم شكوى، الخدمة سيئة جدا",
    "bahut kharab service, mujhe shikayat karni hai",
    "berbat bir hizmet, şikayet ediyorum",
)


def a_minute(sent: list[Received]) -> int:
    """The most messages in any minute."""
    moments = sorted(r.at for r in sent)
    return max((sum(1 for m in moments if at <= m < at + timedelta(minutes=1)) for at in moments), default=0)


def posted(t: Town) -> list[Received]:
    """Messages that were posted in the group, edits apart."""
    return [r for r in t.world.texts(str(t.group), "telegram") if not r.extra.get("edit")]


async def flood(t: Town, count: int) -> list[str]:
    """So many orders that no machine can reach, within one moment; every tenth is worth ten times as much."""
    ids = []
    for n in range(count):
        total = "499.00" if n % 10 == 9 else "49.90"
        body = t.an_order(phone=None, email=None, total=total, items=[])
        ids.append(str(body["id"]))
        status, _ = await t.api("POST", "/orders", body)
        assert status == 202
    await t.settle()
    return ids


async def test_a_flood_of_flags(tmp_path: Path) -> None:
    """Every order gets its one card, dear ones first, never more than 20 messages a minute, and a digest says what waits."""
    async with town(tmp_path, telegram=True) as t:
        t.tg.limits = LIMITS
        ids = await flood(t, FLOOD)
        await t.skip(seconds=20)
        (digest,) = [m for m in t.tg.shows(t.group) if "wait for their card" in m.text]
        named = [text.removeprefix("👁 ") for row in digest.buttons for text, _ in row]
        assert len(named) == 8
        dear = [ids.index(order) % 10 == 9 for order in named]
        assert any(dear)
        assert dear == sorted(dear, reverse=True), "the dear ones are named first"
        last = next(m for m in reversed(ids) if m not in t.group_texts()[-1])
        assert await t.tg.presses(ANA, digest.message_id, f"👁 {named[-1]}", t.group, wait_s=2) == "Its card comes next."
        await t.skip(seconds=8)
        assert t.cards(f"Order {named[-1]} "), "whoever opens one has it before all the others"
        await t.skip(minutes=FLOOD / A_MINUTE + 3)
        assert last in ids
        cards = Counter(order for order in ids for _ in t.cards(f"Order {order} "))
        assert cards == Counter(ids), "one card each, none lost"
        assert a_minute(posted(t)) <= 20
        dear_at = [r.at for r in posted(t) if "499.00" in r.text and "wait for" not in r.text]
        cheap = [r.at for r in posted(t) if "49.90" in r.text and "wait for" not in r.text]
        assert sum(at < max(dear_at) for at in cheap) <= 12, "only what left at once was before the dear ones"
        (digest,) = [m for m in t.tg.shows(t.group) if "All cards are here now" in m.text]
        assert len([m for m in t.tg.shows(t.group) if "wait for their card" in m.text]) == 0


async def test_a_press_while_the_group_is_full(tmp_path: Path) -> None:
    """While cards flood in and the minute's messages are used up, each card that somebody presses changes within five seconds."""
    async with town(tmp_path, telegram=True) as t:
        t.tg.limits = LIMITS
        await flood(t, 60)
        await t.skip(seconds=26)
        assert len(posted(t)) >= 15, "the burst and more is through"
        for _ in range(3):
            card = next(
                m for m in t.tg.shows(t.group) if "✅ Confirm" in [text for row in m.buttons for text, _ in row]
            )
            assert await t.tg.presses(ANA, card.message_id, "✅ Confirm", t.group, wait_s=2)
            await t.skip(seconds=5)
            (shown,) = [m for m in t.tg.shows(t.group) if m.message_id == card.message_id]
            assert "Undo" in " ".join(text for row in shown.buttons for text, _ in row), shown
        assert a_minute(t.world.texts(str(t.group), "telegram")) <= 20
        assert not [a for name, _, a in t.tg.state.calls if a.get("error_code") == 429]


@pytest.mark.long
async def test_complaints_while_the_group_is_full(tmp_path: Path) -> None:
    """With the group's queue full, each complaint reaches the owner within 10 s (p95), and each customer is told at once."""
    async with town(tmp_path, telegram=True, settings=WITH_PHONE, twilio_more="sms_rate: 50") as t:
        t.tg.limits = Limits(per_chat_second=1, per_group_minute=20, overall_second=30)
        await flood(t, 60)
        people = [f"+3462{n:07d}" for n in range(COMPLAINTS)]
        ids = [str(t.an_order(phone=p)["id"]) for p in people]
        for phone, order in zip(people, ids, strict=True):
            await t.api("POST", "/orders", t.an_order(id=order, phone=phone, email=None))
        await t.skip(minutes=2)
        start = t.clock.now()
        said = [
            t.twilio.reply(p, f"{WORDS[n % len(WORDS)]}", "+34911000001", "sms") for n, p in enumerate(people)
        ]  # fmt: skip
        await asyncio.gather(*said)
        await t.skip(minutes=6)
        mine = [r for r in t.world.texts(str(OLGA), "telegram") if r.at >= start]
        waits = sorted(
            min((r.at - start for r in mine if order in r.text), default=timedelta(hours=9)) for order in ids
        )
        assert waits[-1] < timedelta(minutes=6), "nobody is forgotten"
        p95 = waits[int(len(waits) * 0.95)]
        assert p95 <= timedelta(seconds=10), f"p95 {p95}"
        heard = [min((r.at for r in t.world.texts(p) if r.at >= start), default=None) for p in people]
        assert all(at is not None and at - start <= timedelta(minutes=10) for at in heard)
        conversations = [await t.conversation(order) for order in ids]
        assert all(c.complaints for c in conversations), "each is a complaint, in whatever language"
        await t.skip(hours=4)
        assert t.got("sms", OLGA_PHONE)
        stories = [await t.story(order) for order in ids]
        assert all("promise.reminded" in story for story in stories)
        assert len(t.got("sms", OLGA_PHONE)) < 30, "counted, not one text each"
