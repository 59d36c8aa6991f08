"""News to many: a preview first, then paced, stoppable, resumable; nobody twice, and nobody who said stop. The ledger judges.

In CI a few hundred customers; NOTICE=5000 (make faults) makes it the whole crowd.
"""

from __future__ import annotations

import asyncio
import os
import re
from bisect import bisect_left
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.world import Received
from tests.town import ANA, APPROVED, OLGA, SMS_FROM, Town, local, town

CROWD = int(os.environ.get("NOTICE", "150"))
#: Orders that come in at one time; a whole crowd at once would be a flood.
AT_ONCE = 25
TEXT = "Deliveries of Thursday come on Friday."
SPANISH = "Los pedidos del jueves llegan el viernes."
COMMAND = f"/notice open\n{TEXT}\nes: {SPANISH}"


async def crowd(t: Town, count: int, **fields: object) -> list[str]:
    """So many customers with one order each, who have all said yes; every third is Spanish. Gives their phones."""
    phones = [f"+3462{n:07d}" for n in range(count)]

    async def comes(body: dict[str, object]) -> None:
        assert (await t.api("POST", "/orders", body))[0] == 202
        said = {"type": "confirmed", "at": t.clock.now().isoformat()}
        assert (await t.api("POST", f"/orders/{body['id']}/events", said))[0] == 200

    bodies = [
        t.an_order(phone=phone, email=None, language="es" if n % 3 == 0 else "en", **fields)
        for n, phone in enumerate(phones)
    ]
    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(comes(body) for body in bodies[start : start + AT_ONCE]))
        await t.settle()
    return phones


def told(t: Town, text: str = "") -> list[Received]:
    """Notices that reached a phone."""
    texts = (text,) if text else (TEXT, SPANISH)
    return [r for r in t.world.ledger if r.provider == "twilio" and any(said in r.text for said in texts)]


def message(t: Town, chat: int = OLGA) -> str:
    """The notice's one message, as it stands in the chat."""
    found = [
        m for m in t.tg.shows(chat) if m.from_bot and re.search(r"Notice to|sent, \d+ failed|sent, |get this", m.text)
    ]
    assert len(found) == 1, [m.text for m in found]
    return str(found[0].text)


async def writes(t: Town, text: str, who: int = OLGA) -> None:
    await t.tg.says(who, who, text)
    await t.settle()


async def presses(t: Town, button: str, who: int = OLGA, chat: int = OLGA) -> str | None:
    shown = [m for m in t.tg.shows(chat) if m.from_bot and any(button in b for row in m.buttons for b, _ in row)][-1]
    title = next(b for row in shown.buttons for b, _ in row if button in b)
    toast = await t.tg.presses(who, shown.message_id, title, chat, wait_s=2)
    await t.settle()
    return toast


async def dies(t: Town) -> None:
    """The process is gone in the middle of everything: what is on the wire never hears its answer."""
    for _ in range(200):
        if t.house.outbox.busy() >= 3:
            break
        t.leap(milliseconds=100)
        await asyncio.sleep(0.02)
    for task in [*t.house.outbox._tasks, *t.house.outbox._pumps.values()]:
        task.cancel()
    await t.close_house()


async def test_a_notice_from_preview_to_answers(tmp_path: Path) -> None:
    """The owner sees who gets it, by what, what it costs and who does not; then each gets it once in their language, and an answer
    comes up with the notice quoted."""
    more = "numbers: {sms_segment: 0.08}"
    async with town(tmp_path, telegram=True, more=more, twilio_more="sms_rate: 1") as t:
        phones = await crowd(t, 6)
        await t.sms("STOP", phones[1])
        await writes(t, COMMAND)
        preview = message(t)
        assert "Notice to 5 customers" in preview
        assert "SMS: 5" in preview
        assert "Costs about 0.40 EUR" in preview
        assert "the customer said stop there: 1" in preview
        assert SPANISH in preview
        assert not told(t), "a preview sends nothing"
        assert await presses(t, "Send to 5") == "Done."
        await t.skip(minutes=2)
        assert Counter(r.to for r in told(t)) == Counter(p for p in phones if p != phones[1])
        assert {r.to for r in told(t, SPANISH)} == {phones[0], phones[3]}
        assert told(t, SPANISH)[0].text.startswith("Tu pedido")
        gaps = [b.at - a.at for a, b in zip(told(t), told(t)[1:], strict=False)]
        assert min(gaps) >= timedelta(seconds=1), "one segment a second is what the sender may"
        assert "Done: 5 of 5 sent" in message(t)
        await t.sms("but friday nobody is home, my neighbour perhaps, please phone", phones[2])
        await t.skip(seconds=30)
        assert any(f"Answer to the notice “{TEXT}”" in text for text in t.group_texts()), t.group_texts() + t.got(
            "sms", phones[2]
        )
        await t.sms("ok gracias", phones[0])
        await t.skip(minutes=1)
        assert "2 answered" in message(t)


async def test_who_may_and_who_is_meant(tmp_path: Path) -> None:
    """Staff may not; a choice without orders, without a text or that nobody knows says so; news go only to who agreed."""
    async with town(tmp_path, telegram=True) as t:
        phones = await crowd(t, 2)
        agreed = await t.order(phone="+34625555555", consent={"news": True})
        await t.report(agreed, "confirmed")
        await t.tg.starts(ANA)
        await writes(t, COMMAND, ANA)
        assert "manager" in t.tg.shows(ANA)[-1].text.lower()
        await writes(t, "/notice")
        assert "first line" in t.tg.shows(OLGA)[-1].text
        await writes(t, "/notice open")
        assert "no text" in t.tg.shows(OLGA)[-1].text
        await writes(t, f"/notice day 2026-11-27\n{TEXT}")
        assert "Nobody would get" in t.tg.shows(OLGA)[-1].text
        await writes(t, f"/notice news open\n{TEXT}")
        assert "Notice to 1 customers" in t.tg.shows(OLGA)[-1].text
        assert "did not agree to news: 2" in t.tg.shows(OLGA)[-1].text
        await presses(t, "Cancel")
        assert "was not sent" in t.tg.shows(OLGA)[-1].text
        await writes(t, f"/notice {agreed}, 99999\n{TEXT}")
        assert "no such order: 1" in t.tg.shows(OLGA)[-1].text
        await presses(t, "Send to 1")
        await t.skip(minutes=1)
        assert [r.to for r in told(t)] == ["+34625555555"]
        assert phones


async def test_whatsapp_needs_an_approved_template(tmp_path: Path) -> None:
    """Outside the window it goes as the approved template; where that is missing, by SMS; in quiet hours it waits till the morning."""
    async with town(tmp_path, telegram=True, approved=(*APPROVED, "notice"), start=local("2026-11-23 20:00")) as t:
        first = await t.order(phone="+34621000001", language="en")
        await t.whatsapp("yes", "+34621000001")
        second = await t.order(phone="+34621000002")
        await t.report(first, "confirmed")
        await t.report(second, "confirmed")
        await t.skip(hours=26)
        await writes(t, COMMAND)
        assert "WhatsApp: 1" in message(t)
        await presses(t, "Send to 2")
        await t.skip(minutes=1)
        assert not told(t), "it is ten in the evening"
        await t.skip(hours=12)
        assert {(r.to, r.channel) for r in told(t)} == {("+34621000001", "whatsapp"), ("+34621000002", "sms")}
        assert len(told(t)) == 2
        assert all(r.at.hour >= 8 for r in told(t))
        (wa,) = [r for r in told(t) if r.channel == "whatsapp"]
        assert wa.extra.get("template") or "Your order" in wa.text


@pytest.mark.long
async def test_a_crowd_is_told_stopped_and_told_on(tmp_path: Path) -> None:
    """At real sender rates on a skipped clock: paced, a Stop holds within two seconds, a kill loses and repeats nothing, nobody
    gets it twice, and nobody who said stop."""
    async with town(tmp_path, telegram=True) as t:  # sms_rate: auto, which is 10 a second for a Spanish number
        phones = await crowd(t, CROWD)
        out = set(phones[5::17])
        for phone in out:
            await t.twilio.reply(phone, "STOP", SMS_FROM, "sms")
        await t.settle()
        await writes(t, COMMAND)
        mine = [p for p in phones if p not in out]
        assert f"Notice to {len(mine)} customers" in message(t)
        # stopped: nothing leaves from two seconds after the press on
        await presses(t, "Send to")
        await t.skip(seconds=CROWD / 60)
        assert await presses(t, "Stop") == "Done."
        pressed = t.clock.now()
        await t.skip(minutes=CROWD / 300 + 5)
        early = {r.to for r in told(t)}
        assert 0 < len(early) < len(mine)
        assert max(r.at for r in told(t)) <= pressed + timedelta(seconds=2)
        assert f"Stopped by Olga: {len(early)} of {len(mine)} sent" in message(t)
        # the rest, by their numbers, with a life that ends in the middle
        t.world.ledger[:] = [
            r for r in t.world.ledger if r.to not in early or not any(x in r.text for x in (TEXT, SPANISH))
        ]
        orders = [str(1001 + n) for n, p in enumerate(phones) if p not in early]
        for part in [orders[n : n + 500] for n in range(0, len(orders), 500)]:
            await writes(t, f"/notice {' '.join(part)}\n{TEXT}")
            await t.skip(seconds=10)  # the owner's chat has a pace, too
            await presses(t, "Send to")
        await t.skip(seconds=CROWD / 50)
        t.breaks("twilio", "accept_timeout", "Messages", times=3)  # on the wire, and no answer yet
        await dies(t)
        t.leap(minutes=2)
        await t.open_house()
        await t.skip(minutes=CROWD / 300 + 40)
        late = Counter(r.to for r in told(t))
        assert set(late) == set(mine) - early, "the kill loses nobody"
        assert set(late.values()) <= {1}, "nobody twice"
        assert not (set(late) | early) & out, "nobody who said stop"
        moments = sorted(r.at for r in told(t))
        most = max(bisect_left(moments, at + timedelta(seconds=1)) - n for n, at in enumerate(moments))
        assert most <= 21, f"{most} in a second: at most the rate and its burst"
