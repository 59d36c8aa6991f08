"""The pure parts behind changes in conversation: times, addresses, languages, and turns built by hand."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from flows import address_text, delivery_time, language, reasons, verifying
from flows.conversation import Question
from flows.policy import Hours
from flows.postal import PostalAddress
from flows.reacting import verdict
from flows.step import start, step
from flows.turn import Turn
from flows.understand.model import Part, Slots, Understood
from tests.flows.shop import ANA, NOW, POLICY, SHOP, fields, told, wrote

MADRID = "Europe/Madrid"
WEEK = Hours({day: ((time(9), time(14)), (time(16), time(20))) for day in range(5)}, frozenset({"2026-11-25"}))
HOME = PostalAddress(line1="Calle Mayor 1", city="Madrid", postcode="28013", country="ES")
BARE = replace(HOME, line1="Calle Mayor")


def turn(event: object = None) -> Turn:
    was = step(start("c1", SHOP, NOW), told(fields()), NOW, POLICY).document
    return Turn(was, event or wrote("x"), NOW, POLICY)  # type: ignore[arg-type]


def got(intent: str, *parts: Part, sure: bool = True, lang: str | None = None, **slots: object) -> Understood:
    return Understood(intent, sure, 1.0, lang, "neutral", Slots(**slots), parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "window", "expected"),
    [
        ("today", "17:00-", "2026-11-23 17:00-20:00"),
        ("today", "-10:00", None),  # it is 11:00 there
        ("tomorrow", None, "2026-11-24"),
        ("day_after_tomorrow", "10:00-11:00", None),  # a holiday
        (None, "-10:00", "2026-11-24 09:00-10:00"),
        ("mon", None, "2026-11-23"),
        ("mon", "-10:00", "2026-11-30 09:00-10:00"),
        ("sat", None, None),
        ("weekend", None, None),
        ("next_week", "15:00-17:00", "2026-11-30 16:00-17:00"),
        ("+3", "14:00-16:00", None),  # between the two spans
        ("11-26", "13:30-16:10", "2026-11-26 13:30-14:00"),
        ("27", None, "2026-11-27"),
        ("2026-11-22", None, None),
        ("02-30", None, None),
        ("2027-06-01", None, None),
        ("nonsense", "25:99-", None),
    ],
)
def test_a_wish_becomes_a_time_that_the_shop_keeps(day: str | None, window: str | None, expected: str | None) -> None:
    """Inside the hours, not in the past, not on a holiday, not months ahead; None for all else."""
    wish = delivery_time.resolve(day, window, NOW, WEEK, MADRID)
    assert (wish.text if wish else None) == expected


@given(st.text(max_size=12), st.text(max_size=12), st.integers(0, 3000))
def test_any_words_for_a_time_are_read_or_refused(day: str, window: str, days: int) -> None:
    """Total; and what is accepted lies ahead, within three weeks."""
    moment = NOW + timedelta(days=days, hours=days)
    wish = delivery_time.resolve(day, window, moment, WEEK, MADRID)
    if wish is not None:
        assert timedelta(days=-1) < wish.at - moment < delivery_time.AHEAD_MOST + timedelta(days=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Calle Luna 4, 28004 Madrid", ("Calle Luna 4", "", "28004", "Madrid")),
        ("Calle Luna 4, piso 2, 28004, Madrid", ("Calle Luna 4", "piso 2", "28004", "Madrid")),
        ("Calle Luna 4", ("Calle Luna 4", "", "28013", "Madrid")),
        ("Rambla 2, 08001 Barcelona", ("Rambla 2", "", "08001", "Barcelona")),
        ("Rambla 2, Barcelona", ("Rambla 2", "", "28013", "Barcelona")),
        ("asdfghjkl", None),
        ("12", None),
        ("", None),
    ],
)
def test_an_address_in_one_line(text: str, expected: tuple[str, ...] | None) -> None:
    """Street, postcode and town are told apart; what is not said stays; a joke is none."""
    found = address_text.corrected(HOME, text)
    assert (found and (found.line1, found.line2, found.postcode, found.city)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", ("Calle Mayor 4", "")),
        ("number 4, second floor", ("Calle Mayor 4", "second floor")),
        ("رقم 4 بجانب الصيدلية", ("Calle Mayor 4", "بجانب الصيدلية")),
        ("blue door next to the pharmacy", ("Calle Mayor", "blue door next to the pharmacy")),
        ("Calle Mayor 4, Madrid", ("Calle Mayor 4", "")),
        ("?", None),
    ],
)
def test_a_missing_part_is_added(text: str, expected: tuple[str, str] | None) -> None:
    """A house number goes to the street, a landmark beneath it, a whole address takes its place."""
    found = address_text.completed(BARE, text)
    assert (found and (found.line1, found.line2)) == expected


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_none(text: str) -> None:
    """Total, and never longer than a label."""
    for found in (address_text.corrected(HOME, text), address_text.completed(BARE, text)):
        assert found is None or (len(found.line1) <= address_text.LINE_MOST and found.country == "ES")


@pytest.mark.parametrize(
    ("address", "asks"),
    [
        (HOME, ""),
        (BARE, "address_ask"),
        (replace(HOME, postcode=""), "new_address_ask"),
        (replace(HOME, line1="asdfghjk"), "new_address_ask"),
        (PostalAddress(country="ES"), ""),
        (PostalAddress(line1="House 24, Street 9", city="Karachi", country="PK"), ""),
    ],
)
def test_what_a_courier_cannot_find_is_asked_for(address: PostalAddress, asks: str) -> None:
    """By the country's rules; a good address, and one of which the shop tells nothing, are not asked about."""
    assert verifying.wanted(address) == asks


@pytest.mark.parametrize(
    ("settled", "text", "lang", "becomes"),
    [
        (None, "sí gracias", "es", "es"),
        ("ar", "yes", "en", "ar"),
        ("ar", "where is my order", "en", "en"),
        ("en", "نعم", "ar", "ar"),
        ("ar", "عنواني Calle Luna 4, 28004 Madrid", "es", "ar"),
        ("en", "Calle Luna 4", "th", "en"),
        ("en", "1", "es", "en"),
        ("hi", "haan ji bhej do", "hi", "hi"),
        ("en", "haan ji bhej do", "hi", "hi"),
        ("en", "foo bar", "tlh", "en"),
    ],
)
def test_the_language_switches_only_when_they_do(settled: str | None, text: str, lang: str, becomes: str) -> None:
    """One Latin word switches nothing that is settled; another script or a sentence does; what we cannot write, never."""
    was = step(start("c1", SHOP, NOW), told(fields(language=settled)), NOW, POLICY).document
    t = Turn(was, wrote(text), NOW, POLICY)  # type: ignore[arg-type]
    language.follow(t, text, got("yes", lang=lang))
    assert t.language == becomes


def test_a_newer_order_speaks_until_the_customer_has_written() -> None:
    """The order's language counts before the shop's; once the customer has written, only they change it."""
    t = turn()
    language.of_an_order(t, fields(language="fr"))
    assert t.language == "fr"
    language.follow(t, "sí por favor", got("yes", lang="es"))
    was = t.decision().document
    later = Turn(was, wrote("y", 2), NOW, POLICY)  # type: ignore[arg-type]
    language.of_an_order(later, fields(language="fr"))
    assert later.language == "es"


def test_a_reason_is_kept_from_its_number_or_its_words() -> None:
    """1 to 5 as offered, words that name a reason, and anything else as "other" with nothing lost."""
    for given_, kept in (
        (got("unclear", sure=False, choice=4), "ordered_elsewhere"),
        (got("cancel", sure=False, reason="too_slow"), "too_slow"),
        (got("unclear", sure=False), "other"),
    ):
        t = turn()
        order = t.put(replace(t.orders[0], state="cancelled"))
        t.set(question=Question("why", "sms", ANA, NOW, (order.id,)))
        assert reasons.told(t, wrote("because"), order, given_)
        known = t.get(order.id)
        assert known is not None
        assert (known.cancel_reason, t.question) == (kept, None)


def test_another_sure_wish_is_no_reason() -> None:
    """A yes to "why?" is a change of mind, and is read as one."""
    t = turn()
    order = t.put(replace(t.orders[0], state="cancelled"))
    assert not reasons.told(t, wrote("yes"), order, got("yes"))


@pytest.mark.parametrize("reaction", ["👍👎", "-", "", "x", "👍👍👍❌"])
def test_a_reaction_that_is_not_one_clear_sign_decides_nothing(reaction: str) -> None:
    """Two signs, none, or letters: nothing is decided."""
    t = turn()
    asked = replace(t.orders[0].asked[0], provider_id="P1")
    t.put(replace(t.orders[0], asked=(asked,)))
    event = wrote("", reaction=reaction, reply_to="P1")
    assert verdict(t, event)[0] == ""
    assert verdict(t, replace(event, reaction="👍"))[0] == "yes"
    assert verdict(t, replace(event, reaction="👍", reply_to="P2"))[0] == ""
