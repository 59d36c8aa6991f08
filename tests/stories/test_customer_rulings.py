"""What staff decide about a customer for good, floods of made-up orders, and what a doubtful order is asked for beside its yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.customers import past, remembered
from tests.town import ANA, ANA_PHONE, APPROVED, OLGA, Town, town

CONFIRM, LET_OFF, BLOCK = "✅ Confirm", "👍 Let off", "⛔ Block"
QUESTION = "Demo Shop: order {}, 49.90 EUR, cash on delivery. Is it right? Reply 1 yes, 2 change, 3 cancel."


async def refuser(t: Town, orders: int = 2) -> None:
    """Ana left so many parcels at the door last month."""
    await remembered(t, *(past(t, f"R{n}", "refused", fault="customer", days_ago=20 + n) for n in range(orders)))


async def test_let_off_is_remembered(tmp_path: Path) -> None:
    """Staff let her off: this order goes on like anybody's, her yes counts, and the next order is no longer reviewed."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(seconds=5)
        assert await t.staff(ANA, LET_OFF, order) == "Done."
        found = await t.get(order)
        assert (found.state, found.verdict) == ("pending", "normal")
        await t.sms("YES")
        assert (await t.get(order)).decided_by == "customer"
        await t.close_house()
        await t.open_house()
        second = await t.order(total="59.90")
        await t.skip(seconds=5)
        found = await t.get(second)
        assert (found.state, found.verdict) == ("pending", "normal")
        assert [r.code for r in found.risk][:1] == ["refused"], "what was is still listed, it no longer decides"
        assert t.cards(second) == []
        assert any(note == "ruled" for note in await t.story(order))


async def test_let_off_after_the_yes_confirms(tmp_path: Path) -> None:
    """She has said yes already: letting her off is the yes that was missing, and she hears of it."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.sms("YES")
        await t.skip(seconds=5)
        await t.staff(ANA, LET_OFF, order)
        await t.skip(seconds=15)
        assert (await t.get(order)).decided_name == "Ana"
        assert await t.state(order) == "confirmed"
        assert t.last("sms").startswith(f"Thank you, Ana. Order {order} is confirmed.")


async def test_a_blocked_customer_is_held_politely(tmp_path: Path) -> None:
    """Only a manager or the owner blocks. The order is held with the reason, the customer hears politely that a person has to
    agree, nothing is cancelled, and after a restart the next order is held too."""
    async with town(tmp_path, telegram=True, approved=(*APPROVED, "blocked_polite")) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(seconds=5)
        await t.staff(ANA, BLOCK, order)
        assert (await t.get(order)).state == "flagged", "Ana may not"
        await t.staff(OLGA, BLOCK, order)
        await t.skip(seconds=5)
        assert (await t.get(order)).state == "held"
        polite = (
            f"A person at Demo Shop has to agree to cash on delivery for order {order} before we send it."
            " Write to us if you have a question. Hours: Mon-Fri 09:00-18:00."
        )
        assert t.last("sms") == polite
        await t.close_house()
        await t.open_house()
        second = await t.order(total="19.90")
        await t.skip(seconds=5)
        found = await t.get(second)
        assert (found.state, found.verdict) == ("held", "blocked")
        assert t.last("sms") == polite.replace(order, second)
        (card,) = t.cards(second)
        assert "Somebody at the shop blocked this customer" in card.text
        assert "Parcels refused at the door: 2" in card.text
        assert t.buttons(second)[-1] == LET_OFF
        assert any("held" in text.casefold() or "hold" in text.casefold() for text in t.owner_texts())
        await t.skip(hours=100)
        assert await t.state(second) == "held", "no machine decides it"
        assert len([x for x in t.got("sms") if second in x]) == 1


async def test_unblocked_again(tmp_path: Path) -> None:
    """Let off on a blocked order's card: it is asked at once like anybody's, so is the next one, and her first order goes on."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        first = await t.order()
        await t.skip(seconds=5)
        await t.staff(OLGA, BLOCK, first)
        second = await t.order(total="19.90")
        await t.skip(seconds=5)
        await t.staff(ANA, LET_OFF, second)
        await t.skip(seconds=5)
        assert await t.state(second) == "pending"
        assert await t.state(first) == "pending", "the first one is let go, too"
        assert t.got("sms").count(QUESTION.format(first)) == 1, "and not asked twice"
        assert t.last("sms") == QUESTION.format(second).replace("49.90", "19.90")
        third = await t.order(total="29.90")
        assert (await t.get(third)).verdict == "normal"


async def test_a_blocked_customer_who_writes_reaches_a_person(tmp_path: Path) -> None:
    """Blocked is not silenced: their words come up under the card, and staff may confirm after all."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(seconds=5)
        await t.staff(OLGA, BLOCK, order)
        await t.skip(seconds=5)
        await t.sms("YES")
        assert await t.state(order) == "held", "their yes to the earlier question does not undo a person's word"
        await t.sms("I want to talk to a person")
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "I want to talk to a person" in card.text
        assert "The customer says yes; only staff confirm this order" in card.text
        await t.staff(ANA, CONFIRM, order)
        assert await t.state(order) == "confirmed"


async def test_a_flood_on_one_prefix(tmp_path: Path) -> None:
    """120 made-up orders on neighbouring numbers within minutes: at most twenty texts leave, every other order is kept on
    hold, the group is not buried, and the owner hears of it once."""
    async with town(tmp_path, telegram=True) as t:
        orders = [
            await t.order(phone=f"+3465521{n:04d}", email=None, name=f"Maria Lopez {n}", address=_street(n))
            for n in range(4000, 4120)
        ]
        await t.skip(minutes=5)
        texted = [x for x in t.got("sms", to=None) if "cash on delivery" in x]
        assert len(texted) == 20
        states = [await t.state(order) for order in orders]
        assert states.count("held") == 100
        held = await t.get(orders[-1])
        assert held.reasons[0].values == {"limit": "prefix"}
        assert len(t.cards()) <= 2, "one review when the burst shows, and one counted card for the rest of it"
        assert len([x for x in t.owner_texts() if "neighbouring numbers" in x]) == 1
        await t.skip(minutes=50)
        assert [await t.state(order) for order in orders[20:]] == ["held"] * 100, "kept till there is room"
        await t.skip(hours=1)
        assert len([x for x in t.got("sms", to=None) if "cash on delivery" in x]) == 40, "twenty more in the next hour"


async def test_too_many_orders_of_one_number(tmp_path: Path) -> None:
    """Three first texts a day: the fourth order is kept and shown, the fifth only kept, and staff can let the fourth go on."""
    async with town(tmp_path, telegram=True) as t:
        orders = [await t.order(items=[{"sku": f"S{n}", "title": f"Lamp {n}", "quantity": 1}]) for n in range(5)]
        await t.skip(seconds=5)
        assert [(await t.get(order)).state for order in orders[3:]] == ["held", "held"]
        assert len([x for x in t.got("sms") if "cash on delivery" in x]) == 3
        (card,) = t.cards(orders[3])
        assert "Not texted yet: more orders than usual from this number" in card.text
        assert not [card for card in t.cards() if card.text.splitlines()[1].startswith(f"Order {orders[4]}")]
        await t.staff(ANA, CONFIRM, orders[3])
        assert await t.state(orders[3]) == "confirmed"


def _street(n: int) -> dict[str, str]:
    return {"line1": f"Calle de Alcala {n % 300}", "city": "Madrid", "postcode": "28009", "country": "ES"}


async def test_a_second_number_is_asked_for(tmp_path: Path) -> None:
    """risk.ask.review: second_number. After the yes they are asked, the number is noted for the courier, and the order stays."""
    async with town(tmp_path, telegram=True, more="risk: {ask: {review: [second_number]}}") as t:
        await refuser(t)
        order = await t.order()
        await t.sms("YES")
        assert t.got("sms")[-2].startswith("Thank you, we have your order")
        assert t.last("sms") == (
            f"Order {order}: is there a second number where the courier can reach you? Send it, or reply NO."
        )
        await t.sms("655 218 403")
        found = await t.get(order)
        assert (found.fields.phone2, found.fields.phone, found.state) == ("+34655218403", ANA_PHONE, "flagged")
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert "Second number: +34" in card.text
        assert "655218403" not in card.text
        _, shown = await t.api("GET", f"/orders/{order}")
        assert shown["phone2"] == "+34655218403"
        assert shown["courier_note"] == (
            "Hand to Ana Ruiz; second number +34655218403; call before coming, hand over against payment only"
        )
        assert shown["risk"]["reasons"][0]["words"] == "Parcels refused at the door: 2 (R0, R1), last 2026-11-03"


@pytest.mark.parametrize("said", ["no", "yes", "12"])
async def test_other_answers_to_the_second_number(tmp_path: Path, said: str) -> None:
    """NO is taken as it is, after a bare yes the number may follow, nonsense is told so; nothing happens to the order."""
    async with town(tmp_path, more="risk: {ask: {watch: [second_number]}}") as t:
        await refuser(t, 1)
        order = await t.order()
        await t.sms("YES")
        assert "second number" in t.last("sms")
        await t.sms(said)
        found = await t.get(order)
        assert (found.state, found.fields.phone2, found.fields.phone) == ("confirmed", None, ANA_PHONE)
        if said == "no":
            assert t.last("sms").startswith(f"Order {order} is confirmed")
        elif said == "yes":
            await t.sms("655 218 403")
            assert (await t.get(order)).fields.phone2 == "+34655218403"


async def test_payment_ahead_is_asked_for(tmp_path: Path) -> None:
    """risk.ask: prepay sends the shop's payment link after the yes, once; the card says so, and that it was paid."""
    async with town(
        tmp_path,
        telegram=True,
        more="risk: {ask: {review: [prepay]}}",
        in_shop='payment_link: "https://pay.example.com/{order}/{amount}"',
    ) as t:
        await refuser(t)
        order = await t.order()
        await t.sms("YES")
        assert t.last("sms") == (
            f"Order {order}: please pay 49.90 EUR here before we send it: https://pay.example.com/{order}/49.90"
        )
        await t.skip(seconds=5)
        assert "Asked to pay ahead; not paid yet" in t.cards(order)[0].text
        await t.report(order, "paid")
        await t.sms("YES")
        await t.skip(seconds=5)
        assert "Paid ahead" in t.cards(order)[0].text
        assert len([x for x in t.got("sms") if "please pay" in x]) == 1


async def test_a_call_before_a_big_first_order(tmp_path: Path) -> None:
    """risk.ask.big_first: call. The stranger's yes to ten times the usual amount is noted, staff call, and they confirm."""
    async with town(tmp_path, telegram=True, more="risk: {ask: {big_first: [call]}}") as t:
        await remembered(t, *(past(t, f"U{n}", "paid", phone=f"+3466{n:07d}", email=None, euros=50) for n in range(40)))
        order = await t.order(
            phone="+34677310482",
            email=None,
            total="499.00",
            name="Marta Gil",
            address={"line1": "Calle Luna 4", "city": "Madrid", "postcode": "28004", "country": "ES"},
        )
        assert (await t.get(order)).verdict == "normal"
        await t.sms("YES", phone="+34677310482")
        await t.skip(seconds=5)
        assert await t.state(order) == "flagged"
        (card,) = t.cards(order)
        assert "Please call before this is sent" in card.text
        await t.staff(ANA, CONFIRM, order)
        found = await t.get(order)
        assert (found.state, found.decided_by, found.via) == ("confirmed", "staff", "call")
