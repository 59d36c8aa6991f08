"""A customer asks why the shop is careful, or what it knows of them: they hear it in their words, and a person reads what they object."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.listing import reasons_told
from flows.postal import PostalAddress
from flows.wording import render
from tests.stories.customers import past, remembered
from tests.stories.test_customer_rulings import LET_OFF, refuser
from tests.town import ANA, ANA_PHONE, OLGA, town

STRANGER = "+34655218403"
PREPAY = {
    "more": "risk: {ask: {review: [prepay]}}",
    "in_shop": 'payment_link: "https://pay.example.com/{order}/{amount}"',
}


def reasons(lang: str, order: str, **parts: str) -> str:
    """The text as the phone has it."""
    values = {"order": order, "shop": "Demo Shop", "hours": "mon-fri 09:00-18:00", **parts}
    return render("reasons_told", "sms", lang, values).text


ASKED = [
    ("en", "YES", "Why do you want a deposit?", "I was in hospital those weeks, my sister can tell you"),
    ("es", "SI", "¿Por qué pedís un depósito?", "esas semanas estuve en el hospital, mi hermana lo sabe"),
    ("ar", "نعم", "لماذا تريدون عربونًا؟", "كنت في المستشفى تلك الأسابيع وأختي تعرف ذلك"),
]


@pytest.mark.parametrize(("lang", "yes", "why", "objection"), ASKED, ids=[row[0] for row in ASKED])
async def test_why_a_deposit_and_what_is_not_right(
    tmp_path: Path, lang: str, yes: str, why: str, objection: str
) -> None:
    """Asked for a deposit after two refusals she asks why, hears which parcels, and what she says to that stands on the card."""
    async with town(tmp_path, telegram=True, **PREPAY) as t:
        await refuser(t)
        order = await t.order(language=lang)
        await t.sms(yes)
        assert any("pay.example.com" in text for text in t.got("sms"))
        await t.sms(why)
        assert t.last("sms") == reasons(lang, order, back="R0, R1", details="+34600000001"), t.last("sms")
        assert await t.state(order) == "flagged", "asking decides nothing"
        await t.sms(objection)
        await t.skip(seconds=5)
        (card,) = t.cards(order)
        assert objection in card.text
        assert (
            t.last("sms")
            == render("handed_over", "sms", lang, {"shop": "Demo Shop", "hours": "mon-fri 09:00-18:00"}).text
        )
        await t.staff(ANA, LET_OFF, order)
        assert await t.state(order) == "confirmed"


async def test_the_words_of_an_objection(tmp_path: Path) -> None:
    """The whole text, as a person reads it; the card says that the reasons are contested; the journal has both."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.sms("Why is my order on hold?")
        assert t.last("sms") == (
            f"Order {order}: why we look twice. Parcels that came back: R0, R1. Unusual or incomplete: +34600000001."
            " Such signs can be wrong and cancel nothing."
            " Write here what is not right: a person at Demo Shop looks at it. Hours: Mon-Fri 09:00-18:00."
        )
        await t.sms("I was in hospital those weeks")
        await t.skip(seconds=5)
        assert "Says that the reasons told are not right" in t.cards(order)[0].text
        assert [note for note in await t.story(order) if note in ("explained", "objected")] == ["explained", "objected"]


@pytest.mark.parametrize(("answer", "state"), [("YES", "flagged"), ("3", "cancelled"), ("CANCEL", "cancelled")])
async def test_an_answer_is_no_objection(tmp_path: Path, answer: str, state: str) -> None:
    """After the reasons a yes is noted and a cancel cancels, as ever."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.sms("why was my order held?")
        await t.sms(answer)
        assert await t.state(order) == state
        assert "objected" not in await t.story(order)


async def test_a_bare_why_means_what_is_open(tmp_path: Path) -> None:
    """ "Why?" under the question for a second number is a question about that; the number may follow."""
    async with town(tmp_path, more="risk: {ask: {watch: [second_number]}}") as t:
        await refuser(t, 1)
        order = await t.order()
        await t.sms("YES")
        await t.sms("Why?")
        assert t.last("sms").startswith(f"Order {order}: why we look twice. Parcels that came back: R0.")
        await t.sms("655 218 403")
        assert (await t.get(order)).fields.phone2 == STRANGER


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "What do you know about me?"),
        ("es", "¿Qué sabéis de mí?"),
        ("ar", "ماذا تعرفون عني؟"),
        ("ur", "میرے خلاف کیا ہے؟"),
    ],
)
async def test_nothing_speaks_against_most(tmp_path: Path, lang: str, said: str) -> None:
    """Whom nothing is known of hears that, and the order goes on."""
    async with town(tmp_path) as t:
        order = await t.order(language=lang, phone=STRANGER)
        await t.sms(said, phone=STRANGER)
        shown = t.last("sms", STRANGER)
        told = render("reasons_none", "sms", lang, {"shop": "Demo Shop", "order": order}).text
        assert shown.startswith(told), shown
        assert await t.state(order) == "pending"


async def test_a_strangers_mailbox_gives_nothing_away(tmp_path: Path) -> None:
    """Who typed Ana's e-mail with a number of their own learns no order of hers, only that there is something with it."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t, 3)
        away = {"line1": "Calle Luna 40", "city": "Sevilla", "postcode": "41001", "country": "ES"}
        order = await t.order(phone=STRANGER, address=away, name="Luis Gil")
        assert (await t.get(order)).verdict in ("watch", "review")
        await t.sms("What do you know about me?", phone=STRANGER)
        shown = t.last("sms", STRANGER)
        assert "Earlier orders with ana@example.com." in shown
        assert "R0" not in shown
        assert "came back" not in shown


async def test_a_neighbours_parcels_are_not_named(tmp_path: Path) -> None:
    """What one flat's door alone says is told as that, without an order and without a word of what became of it."""
    async with town(tmp_path, telegram=True) as t:
        door = PostalAddress("Calle Mayor 1, 3B", city="Madrid", postcode="28013", country="ES")
        await remembered(
            t,
            *(
                past(t, f"B{n}", "refused", fault="customer", phone=STRANGER, email="luis@example.com", address=door)
                for n in range(4)
            ),
        )
        line = {"line1": "Calle Mayor 1, 3B", "city": "Madrid", "postcode": "28013", "country": "ES"}
        order = await t.order(phone="+34677310482", email="marta@example.com", name="Marta Gil", address=line)
        assert [reason.code for reason in (await t.get(order)).risk] == ["refused"]
        await t.sms("what do you know about me", phone="+34677310482")
        shown = t.last("sms", "+34677310482")
        assert "Earlier orders with Calle Mayor 1, 3B." in shown
        assert "B0" not in shown


async def test_who_is_let_off_is_not_reminded(tmp_path: Path) -> None:
    """Staff struck it off: the answer is that nothing speaks against her, though the old signal is still listed for staff."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(seconds=5)
        await t.staff(ANA, LET_OFF, order)
        await t.sms("why was my order held?")
        assert t.last("sms").startswith("Nothing speaks against you")


async def test_a_blocked_customer_hears_who_decided(tmp_path: Path) -> None:
    """Not which person, but that a person of the shop did; their objection reaches the group."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.tg.says(OLGA, t.group, f"/block {order}")
        await t.skip(seconds=5)
        await t.sms("Why was my order held?")
        assert "A person at Demo Shop decided so." in t.last("sms")
        assert "Olga" not in t.last("sms")
        await t.sms("this is a mistake, I always pay")
        await t.skip(seconds=5)
        assert "this is a mistake, I always pay" in t.cards(order)[0].text
        assert await t.state(order) in ("held", "flagged"), "no machine lets it go"


async def test_by_whatsapp_the_answer_goes_there(tmp_path: Path) -> None:
    """Asked on WhatsApp, told on WhatsApp."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order()
        await t.skip(hours=4.1)
        await t.whatsapp("why is my order on hold?")
        assert t.last("whatsapp").startswith(f"Order {order}: why we look twice. Parcels that came back: R0, R1.")
        assert len(t.got("whatsapp", ANA_PHONE)) >= 1


@pytest.mark.parametrize("lang", ["es", "ar"])
async def test_staff_can_read_it_out(tmp_path: Path, lang: str) -> None:
    """`orders ID --why` has the words that the customer would get, in the customer's language, and "nothing" once let off."""
    async with town(tmp_path, telegram=True) as t:
        await refuser(t)
        order = await t.order(language=lang)
        values = {"order": order, "shop": "Demo Shop", "hours": "mon-fri 09:00-18:00"}
        parts = {"back": "R0, R1", "details": "+34600000001"}
        (text,) = await reasons_told(t.house.store, t.house.policies, ["demo"], order)
        assert text == render("reasons_told", "whatsapp", lang, values | parts).text
        await t.skip(seconds=5)
        await t.staff(ANA, LET_OFF, order)
        (text,) = await reasons_told(t.house.store, t.house.policies, ["demo"], order)
        assert text == render("reasons_none", "whatsapp", lang, values).text
        assert await reasons_told(t.house.store, t.house.policies, ["demo"], "none") == []
