"""Complaints: the customer hears at once, the owner at once and until somebody has it, and neither is forgotten."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.reporting import costs, numbers
from flows.complaint import selling_paused
from flows.wording import render
from sandbox import phonebook
from tests.stories.test_deals import STEPS
from tests.stories.test_media import JPEG, sends
from tests.stories.test_tell_shop import LAMP, sold_at_shopify
from tests.town import ANA, ANA_PHONE, BEN, EVE, OLGA, Town, town

COMPLAINT = "this is terrible service, i am very angry"
ARABIC = "أريد تقديم شكوى، الخدمة سيئة جدا"
PEOPLE = """
people:
  - {telegram: 111, name: Olga, role: owner, phone: "+34600000111", email: olga@example.com}
  - {telegram: 222, name: Ana, role: staff}
"""


def pings(t: Town) -> list[object]:
    return [m for m in t.tg.shows(OLGA) if m.from_bot and m.buttons and m.reply_to is None]


async def press(t: Town, button: str, which: int = -1, who: int = OLGA) -> str | None:
    toast = await t.tg.presses(who, pings(t)[which].message_id, button, OLGA, wait_s=2)  # type: ignore[attr-defined]
    await t.settle()
    return toast


async def test_a_complaint_from_word_to_end(tmp_path: Path) -> None:
    """Acknowledged with a time, pinged, answered by a reply, closed, asked whether it is solved, and thanked."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("yes")
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        assert "will answer you by" in t.last("sms")
        assert "09:00" in t.last("sms"), "with the shop's hours"
        (ping,) = pings(t)
        assert COMPLAINT in ping.text  # type: ignore[attr-defined]
        assert order in ping.text  # type: ignore[attr-defined]
        assert "promised by" in ping.text  # type: ignore[attr-defined]
        await t.tg.says(OLGA, None, "I am so sorry. A new lamp leaves today.", ping)  # type: ignore[arg-type]
        await t.skip(seconds=15)
        assert t.last("sms").endswith("A new lamp leaves today.")
        assert "promise.kept" in await t.story(order)
        assert await press(t, "✅ Solved") == "Closed. The customer is asked whether it is solved."
        await t.skip(seconds=15)
        assert "Is your complaint solved? Reply 1 for yes, 2 for no." in t.last("sms")
        await t.sms("1")
        await t.skip(seconds=5)
        assert "complaint.thanks" in await t.story(order)
        before = len(t.owner_texts())
        await t.skip(48)
        assert not any("complain" in x for x in t.owner_texts()[before:]), "it is over"


async def test_a_no_reopens_it(tmp_path: Path) -> None:
    """Asked whether it is solved, the customer says no: open again, the owner is pinged, a new answer is promised."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("yes")
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        await press(t, "✅ Solved")
        await t.skip(seconds=15)
        await t.sms("2")
        await t.skip(seconds=5)
        assert any("not solved after all" in x for x in t.owner_texts())
        assert "will answer you by" in t.last("sms")
        (complaint,) = (await t.conversation(order)).complaints
        assert complaint.state == "reopened"


async def test_one_press_for_a_replacement_and_staff_are_asked(tmp_path: Path) -> None:
    """Replace it and Ask staff are one press each; the group reads them under the card, once."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("yes")
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        assert "replace" in (await press(t, "🔁 Replace it") or "")
        assert "already" in (await press(t, "🔁 Replace it") or "")
        assert await press(t, "👥 Ask staff") == "The group has been asked."
        await t.skip(seconds=30)
        assert sum("wants this order replaced" in x for x in t.group_texts()) == 1
        assert any("asks you to take care" in x for x in t.group_texts())
        assert "complaint.replacement_wanted" in await t.story(order)
        assert await press(t, "📞 Call") == "Done."
        await t.settle()
        assert any(ANA_PHONE in x and "wa.me/34600000001" in x for x in t.owner_texts())


async def test_a_threat_is_the_owners_alone(tmp_path: Path) -> None:
    """A threat reaches the owner with its words; the group only reads that the owner has it; no other may press or answer."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        words = "i will report you to the police, you are thieves"
        await t.sms(words)
        await t.skip(seconds=10)
        assert any("threatens" in x and words in x for x in t.owner_texts())
        assert not any("police" in x for x in t.group_texts())
        assert any("The owner takes care of this one" in x for x in t.group_texts())
        assert "person" in t.last("sms").casefold() or "read" in t.last("sms").casefold()


async def test_a_stranger_complains(tmp_path: Path) -> None:
    """Somebody without any order complains: the same care, and the reply reaches them."""
    async with town(tmp_path, telegram=True) as t:
        stranger = "+34600000077"
        await t.sms(COMPLAINT, phone=stranger)
        await t.skip(seconds=5)
        assert "will answer you by" in t.last("sms", stranger)
        (ping,) = pings(t)
        await t.tg.says(OLGA, None, "Which order is it?", ping)  # type: ignore[arg-type]
        await t.skip(seconds=15)
        assert t.last("sms", stranger).endswith("Which order is it?")


async def test_only_the_shops_own_people_answer(tmp_path: Path) -> None:
    """Forged presses and replies of a stranger and of staff change nothing and tell them nothing."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("yes")
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        (conversation,) = [await t.conversation(order)]
        before = conversation.complaints
        for who in (EVE, ANA):
            await t.tg.starts(who)
            await t.settle()
            shown = t.tg.shows(who)[-1]
            await t.tg.presses_raw(who, shown.message_id, who, f"k_solved:{conversation.id}:1", wait_s=2)
            await t.settle()
        assert (await t.conversation(order)).complaints == before
        assert not any(COMPLAINT in m.text for who in (EVE, ANA) for m in t.tg.shows(who))


async def test_in_arabic_from_end_to_end(tmp_path: Path) -> None:
    """An Arabic complaint is acknowledged, asked about and thanked in Arabic; the owner reads the very words."""
    async with town(tmp_path, telegram=True, countries="{MA: {two_way_sms: true}}") as t:
        order = await t.order(language="ar", phone="+212600000001", address={"city": "Rabat", "country": "MA"})
        phone = "+212600000001"
        await t.sms("نعم", phone=phone)
        await t.sms(ARABIC, phone=phone)
        await t.skip(seconds=10)
        assert "شكرًا لإخبارنا" in t.last(to=phone)
        assert any(ARABIC in x for x in t.owner_texts())
        await t.tg.says(OLGA, None, "نعتذر، سنرسل بديلا اليوم", pings(t)[-1])  # type: ignore[arg-type]
        await t.skip(seconds=15)
        assert t.last(to=phone).endswith("نعتذر، سنرسل بديلا اليوم")
        await press(t, "✅ Solved")
        await t.skip(seconds=15)
        asked = render("solved_ask", "sms", "ar", {"shop": "Demo Shop"}).text
        assert t.last(to=phone) == asked
        await t.sms("1", phone=phone)
        await t.skip(seconds=5)
        assert "complaint.thanks" in await t.story(order)


@pytest.mark.parametrize("text", [COMPLAINT, ARABIC])
async def test_an_answer_that_cannot_arrive_by_text_goes_elsewhere(tmp_path: Path, text: str) -> None:
    """The number dies between the complaint and our answer: the same promise, with its time, comes by another channel, once."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        phonebook.set_facts(t.world, ANA_PHONE, {"unroutable"})
        await t.sms(text)
        await t.skip(minutes=5)
        thanks = "شكرًا لإخبارنا" if text == ARABIC else "Thank you for telling us"
        (mail,) = [m for m in t.mails() if thanks in m.text]
        assert "09:00" in mail.text, "with the shop's hours"
        assert (await t.conversation(order)).complaints[0].acked
        assert pings(t), "and the owner has it"


async def test_praise_comes_without_a_sound(tmp_path: Path) -> None:
    """Kind words reach the owner, less loudly."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        await t.sms("yes")
        await t.sms("thank you so much, wonderful service, i love it!")
        await t.skip(seconds=10)
        sent = [p for method, p, _ in t.tg.calls if method == "sendMessage" and "kind word" in str(p.get("text"))]
        assert [str(p.get("disable_notification")).lower() for p in sent] == ["true"]


async def test_nothing_is_sold_meanwhile(tmp_path: Path) -> None:
    """An open complaint pauses the selling side; a solved one does not."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("yes")
        assert not selling_paused((await t.conversation(order)).complaints)
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        assert selling_paused((await t.conversation(order)).complaints)
        await press(t, "✅ Solved")
        assert not selling_paused((await t.conversation(order)).complaints)


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", COMPLAINT),
        ("es", "La lámpara llegó rota, esto es una vergüenza"),
        ("ar", "المصباح وصل مكسورا، خدمة سيئة جدا"),
    ],
)
async def test_a_complaint_in_the_middle_of_a_talk_reaches_the_owner(tmp_path: Path, lang: str, words: str) -> None:
    """While a person of the shop talks with the customer, a complaint still pings the owner, and the customer hears by when."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=lang)
        await t.sms("yes")
        await t.sms("please let a person write to me")
        await t.skip(seconds=5)
        await t.staff(BEN, "🙋 Take", order)
        await t.skip(seconds=5)
        await t.sms(words)
        await t.skip(seconds=10)
        assert any(words in x for x in t.group_texts()), "who talks with them reads it, too"
        assert len([x for x in t.owner_texts() if words in x]) == 1
        (complaint,) = (await t.conversation(order)).complaints
        assert complaint.promise_by is not None


async def test_a_picture_with_angry_words_is_a_complaint(tmp_path: Path) -> None:
    """The words beside a picture are read: the owner hears of the broken lamp, the customer by when somebody answers."""
    async with town(tmp_path, telegram=True) as t:
        await t.order()
        await t.sms("yes")
        await sends(t, JPEG, "image/jpeg", COMPLAINT)
        await t.skip(seconds=10)
        assert len([x for x in t.owner_texts() if COMPLAINT in x]) == 1
        assert "will answer you by" in (t.last("whatsapp") + t.last("sms"))
        assert [m for m in t.tg.shows(t.group) if m.media], "and the picture is seen"


async def test_who_complains_is_offered_nothing(tmp_path: Path) -> None:
    """Asked for a discount while a complaint is open, no machine bargains: a person reads it; solved, it does."""
    async with town(tmp_path, telegram=True, more=STEPS) as t:
        order = await t.order()
        await t.sms(COMPLAINT)
        await t.skip(seconds=5)
        await t.sms("can you give me a discount?")
        await t.skip(seconds=15)
        assert not any("instead of" in x for x in t.got("sms")), t.read_aloud()
        assert "deal.offered" not in await t.story(order)
        assert any("discount" in x or "better price" in x for x in t.group_texts() + t.owner_texts())


async def test_a_poll_and_a_greeting_planned_before_do_not_leave(tmp_path: Path) -> None:
    """Greeting and poll wait for their moment, a complaint comes first: neither leaves, nor is a review asked for."""
    async with town(tmp_path, telegram=True, more="polls: {after_delivery: 2d, welcome: true, to: everybody}") as t:
        first = await t.order(consent={"whatsapp": False})
        await t.sms("1")
        for kind in ("shipped", "delivered"):
            await t.report(first, kind)
        await t.order(consent={"whatsapp": False})
        await t.sms("1")
        await t.skip(seconds=30)
        assert not any("Good to have you back" in x for x in t.got()), "it follows two minutes later"
        await t.sms(COMPLAINT)
        await t.skip(96)
        assert not any("Good to have you back" in x or "How was your order" in x for x in t.got()), t.read_aloud()


async def test_a_replacement_from_the_ping_is_the_cards_own(tmp_path: Path) -> None:
    """Pressed under the complaint: one draft at Shopify, the customer hears what happens, and the card's button is done with."""
    async with town(tmp_path, telegram=True, tells=("shopify", "callback")) as t:
        order = await sold_at_shopify(t, LAMP)
        await t.sms("YES")
        await t.report(order, "shipped")
        await t.report(order, "delivered")
        await t.skip(hours=1)
        await t.sms("I want to return it, the lamp is broken")
        await t.skip(minutes=1)
        await t.sms(COMPLAINT)
        await t.skip(seconds=30)
        assert "🔁 Replace" in t.buttons(order)
        assert "replace" in (await press(t, "🔁 Replace it") or "")
        await t.skip(minutes=1)
        (draft,) = t.admin.drafts
        assert draft["note"].endswith(order)
        assert any("courier brings the new one" in x for x in t.got("sms"))
        assert (
            "Calle Mayor 1" in next(h for h in t.callback.heard if h.type == "order.replacement_wanted").data["pickup"]
        )
        assert "🔁 Replace" not in t.buttons(order)
        assert "already" in (await press(t, "💶 Refund") or "")
        await t.skip(minutes=1)
        assert len(t.admin.drafts) == 1
        assert "order.refund_wanted" not in t.callback.types(order)


async def test_complaints_are_in_the_numbers(tmp_path: Path) -> None:
    """One answered in time, one broken: the owner's evening numbers and the report say two, one, one."""
    async with town(tmp_path, telegram=True, more="complaints: {answer_within: 1h}") as t:
        began = t.clock.now()
        for n in (1, 2):
            await t.order(phone=f"600 000 00{n}")
            await t.sms("yes", phone=f"+3460000000{n}")
            await t.sms(COMPLAINT, phone=f"+3460000000{n}")
            await t.skip(seconds=5)
        answered = pings(t)[0]
        await t.tg.says(OLGA, None, "A new lamp leaves today.", answered)  # type: ignore[arg-type]
        await t.skip(9.5)
        (told,) = [x for x in t.owner_texts() if "today in numbers" in x]
        assert "Complaints: 2" in told, told
        assert "Promises kept: 1" in told
        assert "Promises broken: 1" in told
        store = t.house.store
        found = await numbers(
            store, store, "demo", began - timedelta(hours=1), t.clock.now(), "Europe/Madrid", costs("EUR", None, None, None), None
        )  # fmt: skip
        assert (found.complaints, found.promises_kept, found.promises_broken) == (2, 1, 1)


async def test_news_to_many_pass_them_by(tmp_path: Path) -> None:
    """Who has an open complaint is told what concerns their order, and no news."""
    async with town(tmp_path, telegram=True) as t:
        await t.order(consent={"news": True})
        await t.sms("yes")
        await t.sms(COMPLAINT)
        await t.skip(seconds=30)
        await t.tg.says(OLGA, None, "/notice news open\nNew lamps have arrived.")
        await t.settle()
        await t.skip(seconds=5)
        assert "has an open complaint: 1" in t.tg.shows(OLGA)[-1].text
