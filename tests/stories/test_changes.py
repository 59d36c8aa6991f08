"""Customers change things in conversation, in three languages, one of them from right to left; each change can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from flows import pointers
from flows.events import CustomerPressed, CustomerWrote
from flows.money import Money
from flows.pointers import Pointer
from flows.wording import render
from tests.town import ANA, ANA_PHONE, WA_FROM, Town, town

NEW = "+34600000009"
TOTAL = Money(4990, "EUR")
FAQ = "faq: {en: {delivery_time: Two days.}, es: {delivery_time: Dos dias.}, ar: {delivery_time: يومان., delivery_cost: مجانا.}}"


class Tongue(Struct, frozen=True):
    """What one customer writes, in their language."""

    lang: str
    number: str
    address: str
    ask_address: str
    tomorrow: str
    night: str
    friday: str
    yes_but: str
    yes: str
    no: str
    cancel: str
    no_money: str
    not_me: str
    where: str
    thanks: str
    house: str


EN = Tongue(
    "en", f"my number changed {NEW}", "my address is Calle Luna 4, 28004 Madrid", "change my address", "tomorrow after 4",
    "at 3 in the morning", "friday", "yes but bring it tomorrow after 4", "yes", "no", "cancel it", "no money now", "not me",
    "where is my order?", "thanks", "number 4, second floor",
)  # fmt: skip
ES = Tongue(
    "es", f"mi número ha cambiado, es {NEW}", "mi dirección es Calle Luna 4, 28004 Madrid", "quiero cambiar la dirección",
    "mañana después de las 4", "a las 3 de la mañana", "viernes", "sí pero tráelo mañana después de las 4", "sí", "no",
    "cancélalo", "no tengo dinero ahora", "no soy yo", "¿dónde está mi pedido?", "gracias", "número 4, segundo piso",
)  # fmt: skip
AR = Tongue(
    "ar", f"رقمي تغير {NEW}", "عنواني هو Calle Luna 4, 28004 Madrid", "أريد تغيير العنوان", "غدا بعد الساعة 4",
    "الساعة 3 صباحا", "الجمعة", "نعم لكن غدا بعد الساعة 4", "نعم", "لا", "ألغ الطلب", "ليس لدي مال الآن", "لست أنا",
    "أين طلبي", "شكرا", "رقم 4 بجانب الصيدلية",
)  # fmt: skip
#: The quick run has the one that is written from right to left.
LONG = [pytest.param(tongue, marks=pytest.mark.long, id=tongue.lang) for tongue in (EN, ES)]
TONGUES = pytest.mark.parametrize("they", [*LONG, pytest.param(AR, id="ar")])
STREET = {"line1": "Calle Mayor", "city": "Madrid", "postcode": "28013", "country": "ES"}


def text(template: str, they: Tongue, channel: str = "sms", **values: Any) -> str:
    given = {"shop": "Demo Shop", "total": TOTAL, "name": "Ana", "hours": "mon-fri 09:00-18:00", **values}
    return render(template, channel, they.lang, given).text


def new_ones(t: Town, to: str = ANA_PHONE) -> Callable[[], list[str]]:
    """What reaches this phone from now on."""
    before = len(t.got(None, to))
    return lambda: t.got(None, to)[before:]


@TONGUES
async def test_a_new_number_is_asked_and_the_old_one_left_alone(tmp_path: Path, they: Tongue) -> None:
    """The new number confirms in the customer's language; the old one hears it once and then nothing."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.number)
        await t.skip(seconds=10)
        assert heard() == [text("new_number_ok", they, order=order, number=NEW)]
        assert t.got("sms", NEW) == [text("new_number_ask", they, order=order)]
        await t.skip(1)
        await t.sms(they.yes, NEW)
        assert await t.state(order) == "confirmed"
        assert t.last("sms", NEW).startswith(text("confirmed", they, order=order))
        await t.skip(72)
        assert len(heard()) == 1


@TONGUES
async def test_a_new_number_taken_back(tmp_path: Path, they: Tongue) -> None:
    """NO at the old number brings the order back as it was; the new number is asked nothing more, and the old one decides."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.number)
        await t.skip(seconds=10)
        heard, stranger = new_ones(t), new_ones(t, NEW)
        await t.sms(they.no)
        await t.skip(seconds=10)
        assert heard() == [text("undone", they, order=order)]
        known = await t.get(order)
        assert (known.fields.phone, known.state, known.version) == (ANA_PHONE, "pending", 1)
        await t.sms(they.yes)
        assert await t.state(order) == "confirmed"
        await t.skip(72)
        assert stranger() == []


@TONGUES
async def test_a_number_that_has_answered_keeps_the_order(tmp_path: Path, they: Tongue) -> None:
    """Taken back too late: the new number has confirmed, so nothing changes, and both the old one and staff hear that."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.number)
        await t.skip(seconds=10)
        await t.sms(they.yes, NEW)
        await t.sms(they.no)
        await t.skip(seconds=10)
        assert (await t.state(order), (await t.get(order)).fields.phone) == ("confirmed", NEW)
        assert t.last("sms") == text("already_confirmed", they, order=order)
        assert any("former phone number" in x for x in t.group_texts())


@TONGUES
async def test_a_number_with_a_conversation_of_its_own_takes_the_order_over(tmp_path: Path, they: Tongue) -> None:
    """Ben has an order himself: Ana's comes beside it, each is decided by its own question."""
    async with town(tmp_path) as t:
        his = await t.order(phone=NEW, email="ben@example.com")
        hers = await t.order(language=they.lang)
        await t.sms(they.number)
        await t.skip(seconds=10)
        assert (await t.conversation(his)).id == (await t.conversation(hers)).id
        await t.sms("1", NEW)
        assert all(order in t.last("sms", NEW) for order in (his, hers)), "which of them?"
        await t.sms(hers, NEW)
        assert (await t.state(his), await t.state(hers)) == ("pending", "confirmed")


@pytest.mark.parametrize(
    "written", ["my number changed 12", "my new number is +92 300 1234567", "my number changed 600000001"]
)
async def test_a_number_that_cannot_be_used_moves_nothing(tmp_path: Path, written: str) -> None:
    """Too short, of another country, or the same again: a short answer, and the order stays where it is."""
    async with town(tmp_path) as t:
        order = await t.order()
        heard = new_ones(t)
        await t.sms(written)
        assert len(heard()) >= 1
        assert (await t.get(order)).fields.phone == ANA_PHONE


@TONGUES
async def test_who_got_the_number_by_mistake_says_no(tmp_path: Path, they: Tongue) -> None:
    """NO to "is this number yours?" stops at once; nothing more goes there, a person sees the order."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.number)
        await t.skip(seconds=10)
        await t.sms(they.no, NEW)
        assert t.last("sms", NEW) == text("not_me_ok", they)
        heard = new_ones(t, NEW)
        await t.skip(72)
        assert heard() == []
        assert await t.state(order) in ("flagged", "held")
        assert any(f"order {order} is not theirs" in x for x in t.owner_texts())


@TONGUES
async def test_an_address_corrected_and_taken_back(tmp_path: Path, they: Tongue) -> None:
    """The echo has the whole new address; staff see the difference; NO brings the old one back; the yes is still open."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.address)
        await t.skip(seconds=10)
        assert heard()[0] == text("address_ok", they, order=order, address="Calle Luna 4, 28004, Madrid")
        assert (await t.get(order)).fields.address.line1 == "Calle Luna 4"
        assert any("Calle Mayor 1" in x and "→ Calle Luna 4" in x for x in t.group_texts())
        await t.sms(they.no)
        assert t.last("sms") == text("undone", they, order=order)
        assert (await t.get(order)).fields.address.line1 == "Calle Mayor 1"
        assert await t.state(order) == "pending"
        await t.skip(seconds=10)
        await t.sms(they.yes)
        assert await t.state(order) == "confirmed"


@TONGUES
async def test_an_address_that_is_asked_for(tmp_path: Path, they: Tongue) -> None:
    """A change without the address is asked for it; the words that follow are the address."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.ask_address)
        assert t.last("sms").startswith(text("new_address_ask", they, order=order)[:20])
        await t.skip(seconds=5)
        await t.sms("Calle Sol 7, 28013 Madrid")
        await t.skip(seconds=5)
        assert text("address_ok", they, order=order, address="Calle Sol 7, 28013, Madrid") in t.got("sms")


@TONGUES
async def test_another_town_is_for_a_person(tmp_path: Path, they: Tongue) -> None:
    """Another town changes what the delivery costs: staff see the difference, the order keeps its address."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.address.replace("Calle Luna 4, 28004 Madrid", "Rambla 2, 08001 Barcelona"))
        await t.skip(seconds=10)
        assert (await t.get(order)).fields.address.city == "Madrid"
        assert any("in another town" in x and "Barcelona" in x for x in t.group_texts())
        assert t.last("sms") == text("handed_over", they, order=order)


@TONGUES
@pytest.mark.parametrize("wish", ["number", "address", "tomorrow"])
async def test_after_dispatch_changes_are_for_a_person(tmp_path: Path, wish: str, they: Tongue) -> None:
    """The parcel has left: nothing is changed, and the customer hears who reads it and when."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms("1")
        await t.report(order, "shipped")
        before = (await t.get(order)).fields
        await t.skip(seconds=5)
        await t.sms(getattr(they, wish))
        assert (await t.get(order)).fields == before
        assert t.last("sms") == text("too_late_dispatched", they, order=order)


@TONGUES
async def test_a_time_inside_the_hours(tmp_path: Path, they: Tongue) -> None:
    """A time that the shop keeps is noted for the courier and echoed; NO takes it back."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.tomorrow)
        await t.skip(seconds=5)
        assert "16:00-18:00" in heard()[0]
        assert (await t.get(order)).fields.courier_note == "2026-11-24 16:00-18:00"
        await t.sms(they.no)
        assert t.last("sms") == text("undone", they, order=order)
        assert (await t.get(order)).fields.courier_note == ""


@TONGUES
async def test_a_time_outside_the_hours(tmp_path: Path, they: Tongue) -> None:
    """Three in the morning is no delivery time: the hours are told, and the next answer is taken."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.night)
        assert heard() == [text("time_bad", they)]
        await t.skip(seconds=5)
        await t.sms(they.friday)
        assert (await t.get(order)).fields.courier_note == "2026-11-27"


@TONGUES
async def test_yes_and_a_time_in_one_message(tmp_path: Path, they: Tongue) -> None:
    """Both parts are done: confirmed, and the time noted; NO then takes back only the time."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.yes_but)
        await t.skip(seconds=10)
        assert await t.state(order) == "confirmed"
        assert heard()[0].startswith(text("confirmed", they, order=order))
        assert "16:00-18:00" in heard()[1]
        await t.sms(they.no)
        assert t.last("sms") == text("undone", they, order=order)
        assert (await t.state(order), (await t.get(order)).fields.courier_note) == ("confirmed", "")


async def test_the_same_in_two_orders_asks_which_first(tmp_path: Path) -> None:
    """A yes with a time could mean either order: the answer to "which" does both parts for that one."""
    async with town(tmp_path) as t:
        first, second = await t.order(), await t.order(total="12.00")
        await t.sms(EN.yes_but)
        await t.skip(seconds=5)
        assert "Which one do you mean?" in t.last("sms")
        await t.sms("2")
        assert (await t.state(first), await t.state(second)) == ("pending", "confirmed")
        assert (await t.get(second)).wish == "2026-11-24 16:00-18:00"


@TONGUES
async def test_why_it_is_cancelled_and_a_later_date(tmp_path: Path, they: Tongue) -> None:
    """Asked once why; "no money now" may name a day; on that day the question comes again, and the yes counts."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.cancel)
        assert heard() == [text("cancelled_by_customer", they, order=order)]
        await t.skip(minutes=2)
        assert heard()[1] == text("why_cancel", they)
        await t.sms(they.no_money)
        assert (await t.get(order)).cancel_reason == "no_money"
        assert heard()[2].startswith(text("time_ask", they, order=order)[:20])
        await t.skip(seconds=5)
        await t.sms(they.friday)
        await t.skip(seconds=5)
        assert await t.state(order) == "pending"
        asked = len(heard())
        await t.skip(48)
        assert len(heard()) == asked, "it waits"
        await t.skip(48)
        assert len(heard()) > asked
        await t.sms(they.yes)
        assert await t.state(order) == "confirmed"


@TONGUES
async def test_a_later_date_taken_back(tmp_path: Path, they: Tongue) -> None:
    """NO to "we write again on Friday" after a cancel: it is cancelled again, and nothing is asked on Friday."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms("3")
        await t.skip(minutes=2)
        await t.sms("2")
        await t.skip(seconds=5)
        await t.sms(they.friday)
        assert await t.state(order) == "pending"
        await t.skip(seconds=5)
        await t.sms(they.no)
        await t.skip(seconds=5)
        assert await t.state(order) == "cancelled"
        heard = new_ones(t)
        await t.skip(120)
        assert heard() == []


WHY = {
    "changed_mind": {"en": "changed my mind", "es": "cambié de opinión", "ar": "غيرت رأيي"},
    "no_money": {"en": "no money now", "es": "no tengo dinero ahora", "ar": "ليس لدي مال الآن"},
    "too_slow": {"en": "too slow", "es": "tarda demasiado", "ar": "التوصيل بطيء"},
    "ordered_elsewhere": {"en": "bought it somewhere else", "es": "lo compré en otro sitio", "ar": "اشتريته من مكان آخر"},
    "wrong_item": {"en": "wrong item", "es": "producto equivocado", "ar": "طلبت المنتج الخطأ"},
}  # fmt: skip


@TONGUES
@pytest.mark.parametrize("reason", WHY)
async def test_each_reason_is_kept_for_the_report(tmp_path: Path, reason: str, they: Tongue) -> None:
    """Asked why, by words or by its number: the same reason on the order and in the journal; one answer, and it stays cancelled."""
    async with town(tmp_path, telegram=True) as t:
        for said in (WHY[reason][they.lang], str(list(WHY).index(reason) + 1)):
            order = await t.order(language=they.lang)
            await t.sms(they.cancel)
            await t.skip(minutes=2)
            assert t.last("sms") == text("why_cancel", they)
            heard = new_ones(t)
            await t.sms(said)
            await t.skip(seconds=5)
            known = await t.get(order)
            assert (known.state, known.cancel_reason) == ("cancelled", reason), said
            assert "cancel.reason" in await t.story(order)
            assert len(heard()) == 1


@TONGUES
async def test_a_cancel_taken_back(tmp_path: Path, they: Tongue) -> None:
    """Cancelled in their own words, told with the way back; a yes brings the order back, confirmed, and nothing asks why any more."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.cancel)
        assert await t.state(order) == "cancelled"
        assert t.last("sms") == text("cancelled_by_customer", they, order=order)
        await t.sms(they.yes)
        assert await t.state(order) == "confirmed"
        heard = new_ones(t)
        await t.skip(minutes=10)
        assert heard() == []


@TONGUES
async def test_not_me_stops_at_once(tmp_path: Path, they: Tongue) -> None:
    """Somebody used my number: thanked, the owner told, a card for staff, and nothing more to this number about that order."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.not_me)
        await t.skip(seconds=10)
        assert heard() == [text("not_me_ok", they)]
        assert await t.state(order) == "flagged"
        assert any(f"order {order} is not theirs" in x for x in t.owner_texts())
        await t.skip(96)
        assert len(heard()) == 1
        assert (await t.get(order)).state in ("flagged", "held")


@TONGUES
async def test_a_missing_house_number_is_asked_once(tmp_path: Path, they: Tongue) -> None:
    """After the yes the missing part is asked for, noted and echoed; a second yes is not asked again."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang, address=STREET)
        heard = new_ones(t)
        await t.sms(they.yes)
        await t.skip(seconds=5)
        assert heard()[0].startswith(text("confirmed", they, order=order))
        assert heard()[1].startswith(text("address_ask", they, order=order)[:30])
        await t.sms(they.house)
        await t.skip(seconds=5)
        address = (await t.get(order)).fields.address
        assert "4" in f"{address.line1} {address.line2}"
        assert "Calle Mayor" in heard()[2]
        assert await t.state(order) == "confirmed"
        count = len(heard())
        await t.skip(48)
        assert len(heard()) == count


@TONGUES
async def test_a_good_address_is_not_asked_about(tmp_path: Path, they: Tongue) -> None:
    """Nothing is missing: the yes gets one answer."""
    async with town(tmp_path) as t:
        await t.order(language=they.lang)
        heard = new_ones(t)
        await t.sms(they.yes)
        await t.skip(minutes=10)
        assert len(heard()) == 1


@TONGUES
async def test_where_is_my_order(tmp_path: Path, they: Tongue) -> None:
    """Answered from its state, with the tracking where there is one."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.sms(they.where)
        assert t.last("sms") == text("status_pending", they, order=order)
        await t.skip(seconds=5)
        await t.sms(they.yes)
        await t.report(order, "shipped", tracking="https://track.example/1")
        await t.skip(seconds=5)
        await t.sms(they.where)
        assert t.last("sms") == text("status_shipped", they, order=order, tracking="https://track.example/1")


@TONGUES
async def test_thanks_are_answered_once(tmp_path: Path, they: Tongue) -> None:
    """A thank-you gets a short human answer; the next ones get none, or two machines would thank each other all night."""
    async with town(tmp_path) as t:
        await t.order(language=they.lang)
        await t.sms(they.yes)
        heard = new_ones(t)
        for _ in range(3):
            await t.skip(seconds=10)
            await t.sms(they.thanks)
        assert heard() == [text("thanks_reply", they)]


@pytest.mark.parametrize(
    ("they", "asks", "answer"),
    [
        (EN, "how long does delivery take?", "Two days."),
        (ES, "¿cuánto tarda el envío?", "Dos dias."),
        (AR, "كم يستغرق التوصيل؟", "يومان."),
        (AR, "كم رسوم التوصيل؟", "مجانا."),
    ],
    ids=["en", "es", "ar", "ar-cost"],
)
async def test_the_shops_own_answer(tmp_path: Path, they: Tongue, asks: str, answer: str) -> None:
    """A common question is answered in the shop's own words, in the customer's language; the order stays as it is."""
    async with town(tmp_path, in_shop=FAQ) as t:
        order = await t.order(language=they.lang)
        await t.sms(asks)
        assert t.last("sms") == answer
        assert await t.state(order) == "pending"


async def test_the_language_follows_the_customer(tmp_path: Path) -> None:
    """An English order, a customer who writes Arabic, then Spanish: each answer is in the language last written."""
    async with town(tmp_path) as t:
        order = await t.order(language="en")
        await t.sms(AR.where)
        assert t.last("sms") == text("status_pending", AR, order=order)
        await t.skip(seconds=5)
        await t.sms("ok")
        assert t.last("sms").startswith(text("confirmed", AR, order=order)), "one Latin word switches nothing"
        await t.skip(seconds=5)
        await t.sms(ES.where)
        assert t.last("sms") == text("status_confirmed", ES, order=order)


async def test_people_are_told_by_when(tmp_path: Path) -> None:
    """A complaint reaches the owner with its tone, the customer hears by when, and the promise is kept after the owner by a timer."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("this is terrible service, i am very angry")
        await t.skip(seconds=10)
        assert "will answer you by" in t.last("sms")
        assert any("complains about order" in x and "angry" in x for x in t.owner_texts())
        await t.skip(24)
        assert any("promised an answer, and nobody has answered" in x for x in t.owner_texts())
        assert await t.state(order) in ("flagged", "held")


async def test_the_machine_keeps_quiet_while_a_person_talks(tmp_path: Path) -> None:
    """Taken: words go to that person and no question leaves; given back, or after long silence, the machine answers again."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.sms("can the neighbour take it?")
        await t.skip(seconds=10)
        await t.staff(ANA, "🙋 Take", order)
        heard = new_ones(t)
        for words in ("hello", "yes", EN.tomorrow, EN.address):
            await t.skip(seconds=10)
            await t.sms(words)
        assert heard() == []
        assert await t.state(order) == "flagged"
        assert sum("tomorrow after 4" in x for x in t.group_texts()) >= 1
        await t.skip(3.1)
        assert any("wait for an answer" in x for x in t.group_texts())
        await t.sms("yes")
        assert await t.state(order) == "confirmed"


@TONGUES
async def test_a_place_is_noted_and_taken_back(tmp_path: Path, they: Tongue) -> None:
    """A WhatsApp location is the courier's; Undo takes it back, and only once."""
    async with town(tmp_path) as t:
        order = await t.order(language=they.lang)
        await t.skip(4.1)
        await t.whatsapp("", location=(40.41678, -3.70379))
        assert "40.41678, -3.70379" in (await t.get(order)).fields.courier_note
        assert any("40.41678" in x for x in t.got("whatsapp"))
        await t.skip(seconds=5)
        await t.whatsapp(they.no)
        assert (await t.get(order)).fields.courier_note == ""
        assert t.last("whatsapp") == text("undone", they, "whatsapp", order=order)


async def test_an_undo_button_takes_back_its_own_change_only(tmp_path: Path) -> None:
    """Two times were wished: the Undo under the first changes nothing, the one under the second brings the first back."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        for words in (EN.tomorrow, EN.friday):
            await t.whatsapp(words)
            await t.skip(seconds=5)
        assert (await t.get(order)).wish == "2026-11-27"
        await undo_button(t, 1)
        assert "nothing was changed" in t.last("whatsapp")
        assert (await t.get(order)).wish == "2026-11-27"
        await undo_button(t, 2)
        assert (await t.get(order)).wish == "2026-11-24 16:00-18:00"
        assert t.last("whatsapp") == f"Taken back. Order {order} is as it was before."


async def undo_button(t: Town, change: int) -> None:
    """The press as WhatsApp Cloud reports it; Twilio has buttons only in approved templates."""
    await t.house.engine.handle(
        CustomerPressed(
            event_id=f"meta:press{change}:received",
            to=(pointers.phone("demo", ANA_PHONE),),
            at=t.clock.now(),
            channel="whatsapp",
            address=ANA_PHONE,
            sender=WA_FROM,
            payload=f"undo:1:{change}",
            title="Undo",
            provider_id=f"press{change}",
        )
    )
    await t.skip(seconds=5)


@pytest.mark.parametrize(
    ("reaction", "under", "state"),
    [("👍", "the question", "confirmed"), ("👍🏽", "the question", "confirmed"), ("👍", "another", "pending"),
     ("😂", "the question", "pending"), ("👎", "the question", "pending")],
)  # fmt: skip
async def test_a_thumb_is_a_yes_only_under_its_question(tmp_path: Path, reaction: str, under: str, state: str) -> None:
    """A thumbs-up under the question confirms; under anything else, and any other sign, it decides nothing."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        asked = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        await react(t, reaction, asked if under == "the question" else "SMother")
        assert await t.state(order) == state
        question = (await t.conversation(order)).question
        assert (question.kind if question else "") == ("no_what" if reaction == "👎" else "")


async def test_a_thumb_taken_away_is_shown_to_staff(tmp_path: Path) -> None:
    """The reaction that confirmed is withdrawn: the order stays confirmed, and staff hear of it."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        await t.skip(4.1)
        asked = t.world.texts(ANA_PHONE, "whatsapp")[-1].provider_id
        await react(t, "👍", asked)
        await react(t, "-", asked)
        assert await t.state(order) == "confirmed"
        assert any("took back their reaction" in x for x in t.group_texts())


async def react(t: Town, reaction: str, reply_to: str) -> None:
    """A reaction as WhatsApp Cloud reports it; Twilio reports none."""
    await t.house.engine.handle(
        CustomerWrote(
            event_id=f"meta:{reaction}:{reply_to}",
            to=(pointers.phone("demo", ANA_PHONE),),
            at=t.clock.now(),
            channel="whatsapp",
            address=ANA_PHONE,
            sender=WA_FROM,
            text="",
            provider_id=f"{reaction}:{reply_to}",
            reply_to=reply_to,
            reaction=reaction,
        )
    )
    await t.skip(seconds=10)


async def test_a_hidden_number_is_known_by_its_user_id(tmp_path: Path) -> None:
    """A message that carried number and user id has shown whose they are: a yes from the id alone is that person's."""
    async with town(tmp_path) as t:
        order = await t.order()
        await t.skip(4.1)
        both = (pointers.phone("demo", ANA_PHONE), Pointer("whatsapp_id", "US.ana1", "demo"))
        for to, address, words in ((both, ANA_PHONE, "hello"), (both[1:], "US.ana1", "yes")):
            await t.house.engine.handle(
                CustomerWrote(
                    event_id=f"meta:{words}",
                    to=to,
                    at=t.clock.now(),
                    channel="whatsapp",
                    address=address,
                    sender=WA_FROM,
                    text=words,
                    provider_id=words,
                )
            )
            await t.skip(seconds=5)
        assert await t.state(order) == "confirmed"


BAD = [
    "",
    "   ",
    "x" * 16_000,
    "😀😀😀",
    "\u202e\u202dabc\u0007",
    "да yes نعم",
    "yes no",
    "1 2 3",
    "no yes cancel",
    "\u0000",
]


@pytest.mark.parametrize("words", BAD, ids=range(len(BAD)))
@pytest.mark.parametrize("state", ["pending", "confirmed", "cancelled"])
async def test_bad_input_never_decides_and_is_never_met_with_silence(tmp_path: Path, words: str, state: str) -> None:
    """Whatever is written: the order stays as it is or waits for a person, and there is a reply or a card."""
    async with town(tmp_path, telegram=True) as t:
        order = await t.order()
        if state != "pending":
            await t.sms("1" if state == "confirmed" else "3")
            await t.skip(minutes=5)
        heard, group = new_ones(t), len(t.group_texts())
        await t.sms(words)
        await t.skip(seconds=10)
        assert await t.state(order) in {"pending": ("pending", "flagged")}.get(state, (state,))
        assert heard() or len(t.group_texts()) > group


ONE_WAY = "{ES: {two_way_sms: false, links_allowed: true}}"


async def test_the_page_asks_for_the_missing_part_too(tmp_path: Path) -> None:
    """Confirmed on the page, the house number missing: asked once by a text with the page, where it is then given."""
    async with town(tmp_path, countries=ONE_WAY) as t:
        order = await t.order(address=STREET)
        path = t.link()
        await t.page(path, "confirm")
        assert await t.state(order) == "confirmed"
        assert "needs a house number or a landmark" in t.last("sms")
        status, _ = await t.page(t.link(), "address", line1="Calle Mayor 4", city="", postcode="")
        assert status == 200
        assert (await t.get(order)).fields.address.line1 == "Calle Mayor 4"
        count = len(t.got("sms"))
        await t.skip(48)
        assert len(t.got("sms")) == count


async def test_another_town_on_the_page_is_for_a_person(tmp_path: Path) -> None:
    """As in conversation: the difference goes to staff, the order keeps its address, and the page says who reads it."""
    async with town(tmp_path, telegram=True, countries=ONE_WAY) as t:
        order = await t.order()
        status, html = await t.page(t.link(), "address", line1="Rambla 2", city="Barcelona", postcode="08001")
        assert status == 200
        assert "A person at Demo Shop will read this" in html
        assert (await t.get(order)).fields.address.city == "Madrid"
        await t.skip(seconds=10)
        assert any("Barcelona" in x for x in t.group_texts())


@pytest.mark.parametrize(("hour", "status"), [("17:00", 200), ("20:00", 400), ("03:00", 400)])
async def test_a_time_on_the_page_keeps_to_the_hours(tmp_path: Path, hour: str, status: int) -> None:
    """As in conversation: outside the shop's hours it is asked again and nothing is noted."""
    async with town(tmp_path, countries=ONE_WAY) as t:
        order = await t.order()
        answered, _ = await t.page(t.link(), "time", day="2026-11-24", hour=hour)
        assert answered == status
        assert (await t.get(order)).wish == ("2026-11-24 17:00" if status == 200 else "")


async def test_the_shops_echo_of_its_old_word_takes_no_change_back(tmp_path: Path) -> None:
    """The shop tells the order again as it knows it: the customer's address and time stay, and nothing is asked anew."""
    async with town(tmp_path) as t:
        body = t.an_order()
        await t.api("POST", "/orders", body)
        await t.settle()
        for words in (EN.address, EN.tomorrow):
            await t.sms(words)
            await t.skip(seconds=5)
        await t.api("PUT", f"/orders/{body['id']}", body | {"note": "gift"})
        await t.settle()
        order = await t.get(body["id"])
        assert (order.fields.address.line1, order.wish) == ("Calle Luna 4", "2026-11-24 16:00-18:00")
        assert order.wish in order.fields.courier_note
        assert order.version == 1
