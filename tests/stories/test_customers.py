"""Each kind of customer from order to outcome: what the phone received, what the card says, who decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.postal import PostalAddress
from flows.wording import render
from tests.stories.customers import good_customer, lived, past, remembered
from tests.town import ANA, APPROVED, BEN, town

STRANGER = "+34655218403"
QUESTION = "Demo Shop: order {}, 49.90 EUR, cash on delivery. Is it right? Reply 1 yes, 2 change, 3 cancel."
CONFIRM, LET_OFF, BLOCK = "✅ Confirm", "👍 Let off", "⛔ Block"


async def test_a_good_customer_is_not_asked(tmp_path: Path) -> None:
    """Four paid orders: confirmed at once, greeted as returning, told the way out, and nobody in the shop is bothered."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order()
        found = await t.get(order)
        assert (found.state, found.decided_by, found.via, found.verdict) == (
            "confirmed",
            "rule",
            "automatic",
            "trusted",
        )
        assert t.got() == [
            f"Welcome back, Ana! Demo Shop has confirmed order {order}, 49.90 EUR, cash on delivery."
            " To change it reply CHANGE; not yours? Reply NO."
        ]
        await t.skip(hours=40)
        assert len(t.got()) == 1
        assert t.cards() == []


async def test_a_good_customer_changes_their_mind(tmp_path: Path) -> None:
    """The greeting's ways out work: CHANGE asks what, and the number, address or time is theirs to change."""
    async with town(tmp_path) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("CHANGE")
        assert "number" in t.last("sms").casefold()
        await t.sms("3")
        await t.sms("tomorrow 10-12")
        assert (await t.get(order)).fields.courier_note
        assert await t.state(order) == "confirmed"


async def test_a_good_customer_does_not_want_it(tmp_path: Path) -> None:
    """CANCEL after a greeting cancels at once: a rule's word never stands against the customer's."""
    async with town(tmp_path) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("3")
        found = await t.get(order)
        assert (found.state, found.decided_by) == ("cancelled", "customer")
        assert t.last("sms").startswith(f"Order {order} is cancelled")


@pytest.mark.parametrize(("lang", "no"), [("en", "No."), ("es", "no"), ("ar", "لا")])
async def test_no_to_a_greeting_is_not_me(tmp_path: Path, lang: str, no: str) -> None:
    """The greeting says "not yours? Reply NO": the order waits for a person, the owner hears, nothing more goes to that number."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order(language=lang)
        await t.sms(no)
        await t.skip(seconds=5)
        assert await t.state(order) == "flagged"
        assert t.last("sms") == render("not_me_ok", "sms", lang, {"order": order, "shop": "Demo Shop"}).text
        assert any(order in x for x in t.owner_texts())
        before = len(t.got())
        await t.skip(hours=40)
        assert len(t.got()) == before


async def test_what_a_good_customer_bought_stands_on_the_card(tmp_path: Path) -> None:
    """A card appears only when they want something: it says what they bought before, how much and when."""
    async with town(tmp_path, telegram=True) as t:
        await good_customer(t)
        order = await t.order()
        await t.sms("can I get it in blue instead of white?")
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Bought before: 4 orders for €310.00, last Sun, Oct 4" in card.text, card.text
        assert LET_OFF not in t.buttons(order)


async def test_a_good_customer_is_told_when_it_comes(tmp_path: Path) -> None:
    """Where the shop says how long parcels take (faq: delivery_time), the greeting is followed by its words, once."""
    async with town(tmp_path, in_shop="faq: {en: {delivery_time: It comes in two days.}}") as t:
        await good_customer(t)
        await t.order()
        assert [x[:12] for x in t.got("sms")] == ["Welcome back", "It comes in "]
        await t.skip(hours=30)
        assert len(t.got()) == 2


async def test_three_paid_orders_make_a_good_customer(tmp_path: Path) -> None:
    """Nothing is seeded: a stranger is asked three times, pays three times, and the fourth order is not asked about."""
    async with town(tmp_path) as t:
        for n in range(3):
            await lived(t)
            assert len(t.got()) == 2 * (n + 1), "the question and its answer, each time"
            await t.skip(hours=24 * 7)
        fourth = await t.order()
        assert (await t.get(fourth)).verdict == "trusted"
        assert t.last("sms").startswith("Welcome back, Ana!")


async def test_the_settings_may_ask_good_customers_too(tmp_path: Path) -> None:
    """risk.trusted: ask sends the usual question; the card still knows them."""
    async with town(tmp_path, more="risk: {trusted: ask}") as t:
        await good_customer(t)
        order = await t.order()
        assert await t.state(order) == "pending"
        assert t.last("sms") == QUESTION.format(order)


async def test_one_refused_parcel_is_watched(tmp_path: Path) -> None:
    """Asked as usual and the yes counts; a card that appears for another reason says what was refused, when, and nothing less."""
    async with town(tmp_path, telegram=True) as t:
        await remembered(t, past(t, "R1", "refused", fault="customer"))
        order = await t.order()
        found = await t.get(order)
        assert (found.state, found.verdict) == ("pending", "watch")
        assert t.cards() == []
        await t.skip(hours=21)
        (card,) = t.cards(order)
        assert "Parcels refused at the door: 1 (R1), last 2026-10-24" in card.text, card.text
        assert t.buttons(order)[-2:] == [LET_OFF, BLOCK]
        await t.sms("YES")
        assert await t.state(order) == "confirmed"
        assert t.last("sms").startswith(f"Thank you, Ana. Order {order} is confirmed.")


@pytest.mark.parametrize("way", ["sms", "button", "page"])
async def test_who_refused_twice_is_reviewed_and_only_staff_confirm(tmp_path: Path, way: str) -> None:
    """A card at once and the usual question; the customer's yes, however given, is noted on the card; Ana's press decides."""
    async with town(tmp_path, telegram=True, approved=(*APPROVED, "review_wait")) as t:
        await remembered(t, *(past(t, f"R{n}", "refused", fault="customer", days_ago=20 + n) for n in range(2)))
        order = await t.order()
        await t.skip(seconds=5)
        found = await t.get(order)
        assert (found.state, found.verdict) == ("flagged", "review")
        (card,) = t.cards(order)
        assert "Please look before this is sent" in card.text
        assert "Parcels refused at the door: 2 (R0, R1)" in card.text
        assert t.last("sms") == QUESTION.format(order), "still asked, at once"
        if way == "sms":
            await t.sms("YES")
        elif way == "button":
            await t.skip(hours=4.1)
            await t.press("Yes, it is right")
        else:
            await t.sms("CHANGE")
            await t.page(t.link("sms"), "confirm")
        await t.skip(seconds=5)
        assert await t.state(order) == "flagged"
        (card,) = t.cards(order)
        assert "The customer says yes; only staff confirm this order" in card.text
        if way != "page":
            assert (
                t.last()
                == f"Thank you, we have your order {order}. A person at Demo Shop looks at it before it is sent."
            )
        before = len(t.got())
        await t.skip(hours=10)
        assert len(t.got()) == before, "the ladder has done its work"
        await t.staff(ANA, CONFIRM, order)
        found = await t.get(order)
        assert (found.state, found.decided_by, found.decided_name) == ("confirmed", "staff", "Ana")


async def test_a_reviewed_customer_may_always_cancel(tmp_path: Path) -> None:
    """Only the yes needs a person: NO and 2 cancel at once."""
    async with town(tmp_path, telegram=True) as t:
        await remembered(t, *(past(t, f"R{n}", "refused", fault="customer") for n in range(2)))
        order = await t.order()
        await t.sms("NO")
        await t.sms("2")
        assert (await t.get(order)).decided_by == "customer"
        assert await t.state(order) == "cancelled"


async def test_the_refusals_are_lived_through(tmp_path: Path) -> None:
    """Nothing is seeded: two parcels come back refused, the third order waits for a person, and the cards name both parcels."""
    async with town(tmp_path, telegram=True) as t:
        first = await lived(t, reason="customer_refused", phone=STRANGER, email="luis@example.com")
        second = await lived(t, reason="customer_refused", phone=STRANGER, email="luis@example.com")
        third = await t.order(phone=STRANGER, email="luis@example.com")
        await t.skip(seconds=5)
        assert (await t.get(third)).verdict == "review"
        assert f"({second}, {first})" in t.cards(third)[0].text or f"({first}, {second})" in t.cards(third)[0].text


@pytest.mark.parametrize("reason", ["courier_fault", "damaged", "wrong_address"])
async def test_what_was_not_the_customers_fault_does_not_count(tmp_path: Path, reason: str) -> None:
    """Three parcels lost, broken or misdirected say nothing against the person who ordered them."""
    async with town(tmp_path) as t:
        for _ in range(3):
            await lived(t, reason=reason, phone=STRANGER, email=None)
            await t.skip(hours=24 * 3)
        order = await t.order(phone=STRANGER, email=None)
        found = await t.get(order)
        assert (found.verdict, found.state) == ("normal", "pending")
        assert not {r.code for r in found.risk} & {"returned", "refused", "not_collected"}


async def test_bad_orders_fade(tmp_path: Path) -> None:
    """The same two refusals: review this month, watch after half a year, nothing after three."""
    for days, verdict in ((20, "review"), (200, "watch"), (1100, "normal")):
        async with town(tmp_path / str(days)) as t:
            await remembered(
                t, *(past(t, f"R{n}", "refused", fault="customer", days_ago=days, phone=STRANGER) for n in range(2))
            )
            assert (await t.get(await t.order(phone=STRANGER))).verdict == verdict, days


async def test_bad_orders_are_bought_back(tmp_path: Path) -> None:
    """Two refusals and then four paid orders: the same past, and no review any more."""
    async with town(tmp_path) as t:
        await remembered(
            t, *(past(t, f"R{n}", "refused", fault="customer", days_ago=90, phone=STRANGER) for n in range(2))
        )
        assert (await t.get(await t.order(phone=STRANGER))).verdict in ("watch", "review")
    async with town(tmp_path / "paid") as t:
        await remembered(
            t,
            *(past(t, f"R{n}", "refused", fault="customer", days_ago=90, phone=STRANGER) for n in range(2)),
            *(past(t, f"P{n}", "paid", days_ago=60 - 10 * n, phone=STRANGER) for n in range(4)),
        )
        found = await t.get(await t.order(phone=STRANGER))
        assert found.verdict in ("normal", "trusted")


async def test_a_sister_is_not_her_brother(tmp_path: Path) -> None:
    """One household, another phone and mailbox: her brother's two refusals do not put her under review."""
    async with town(tmp_path, telegram=True) as t:
        home = PostalAddress("Calle Mayor 1, 3B", city="Madrid", postcode="28013", country="ES")
        await remembered(
            t,
            *(
                past(
                    t,
                    f"B{n}",
                    "refused",
                    fault="customer",
                    phone="+34655218403",
                    email="luis@example.com",
                    address=home,
                )
                for n in range(2)
            ),
        )
        line1 = {"line1": "Calle Mayor 1, 3B", "city": "Madrid", "postcode": "28013", "country": "ES"}
        order = await t.order(phone="+34677310482", email="marta@example.com", name="Marta Ruiz", address=line1)
        await t.skip(seconds=5)
        found = await t.get(order)
        assert found.state == "pending"
        assert found.verdict == "normal", found.risk
        assert t.cards() == []


async def test_the_same_lamp_twice_at_once(tmp_path: Path) -> None:
    """The shopaholic: a second order of the same item within the hour is watched, and its card names the first one."""
    async with town(tmp_path, telegram=True) as t:
        first = await t.order(phone=STRANGER)
        second = await t.order(phone=STRANGER)
        found = await t.get(second)
        assert (found.verdict, found.state) == ("watch", "pending")
        await t.skip(hours=21)
        (card,) = t.cards(second)
        assert f"The same item is in another open order: {first}" in card.text
        assert f"Other open orders without a yes: 1 ({first})" in card.text
        assert (await t.get(first)).verdict == "normal", "the first one was nothing special"


async def test_a_phantom(tmp_path: Path) -> None:
    """Nobody is called asdf and lives in qwerty: a card at once that says what looks invented; the number is still asked."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(
            name="asdf asdf",
            phone="+34 612 345 678",
            email="xx@mailinator.com",
            address={"line1": "qwerty 1", "city": "asdfgh", "postcode": "28013", "country": "ES"},
        )
        await t.skip(seconds=5)
        found = await t.get(order)
        assert (found.verdict, found.state) == ("review", "flagged")
        (card,) = t.cards(order)
        for words in ("The name looks invented", "asdf", "The address looks invented", "A throw-away e-mail address"):
            assert words in card.text, card.text
        assert "The phone number looks wrong: invented" in card.text
        assert len(t.got("sms", "+34612345678")) == 1
        assert await t.staff(BEN, "❌ Cancel", order) == "Done."
        assert await t.state(order) == "cancelled"


async def test_a_big_first_order(tmp_path: Path) -> None:
    """Ten times the usual amount from somebody new, with a made-up number: watched, and the card says how much too much."""
    async with town(tmp_path, telegram=True) as t:
        await remembered(
            t,
            *(
                past(t, f"U{n}", "paid", phone=f"+3466{n:07d}", email=None, address=PostalAddress(), euros=50)
                for n in range(40)
            ),
        )
        order = await t.order(phone="+34 612 345 678", email=None, total="499.00")
        found = await t.get(order)
        assert found.verdict == "watch"
        await t.skip(hours=21)
        (card,) = t.cards(order)
        assert "A first order 9.9 times as large as usual" in card.text or "A first order 10.0 times" in card.text
        assert (
            await t.get(await t.order(phone="+34677310482", email="m@example.com", total="55.00"))
        ).verdict == "normal"
