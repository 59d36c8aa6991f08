"""A person's word about a customer is found again under another phone: by e-mail it decides, by the door it asks for a look."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.people_data import Named, erased, exported
from tests.town import ANA, ANA_PHONE, OLGA, Town, town

LET_OFF, BLOCK, CONFIRM = "👍 Let off", "⛔ Block", "✅ Confirm"
NEW_PHONE = "+34655218403"
FLAT = {"line1": "Calle Mayor 1, 3B", "city": "Madrid", "postcode": "28013", "country": "ES"}
HOUSE = {"line1": "Calle Mayor 1", "city": "Madrid", "postcode": "28013", "country": "ES"}
AWAY = {"line1": "Calle Luna 40", "city": "Sevilla", "postcode": "41001", "country": "ES"}


async def blocked(t: Town, **order: object) -> str:
    """Ana's first order, blocked by the owner."""
    first = await t.order(**{"address": FLAT, **order})
    await t.tg.says(OLGA, t.group, f"/block {first}")
    await t.settle()
    assert (await t.get(first)).verdict == "blocked"
    return first


async def test_a_blocked_mailbox_with_a_new_phone(tmp_path: Path) -> None:
    """The same e-mail under another number and address: held like the first, the card says who blocked whom and when."""
    async with town(tmp_path, telegram=True) as t:
        await blocked(t)
        again = await t.order(phone=NEW_PHONE, email="ANA@example.com", address=AWAY, name="Luis Gil")
        await t.skip(seconds=5)
        found = await t.get(again)
        assert (found.state, found.verdict) == ("held", "blocked")
        (card,) = t.cards(again)
        assert "Olga blocked the customer with this e-mail address on 2026-11-2" in card.text, card.text
        assert "has to agree to cash on delivery" in t.last("sms", NEW_PHONE)
        third = await t.order(phone=NEW_PHONE, email="luis.gil@example.org", address=AWAY, name="Luis Gil")
        assert (await t.get(third)).verdict == "blocked", "and the number that came with it is known from then on"


@pytest.mark.parametrize(("address", "verdict", "state"), [(FLAT, "review", "flagged"), (HOUSE, "watch", "pending")])
async def test_a_blocked_door_with_a_new_phone_and_mailbox(
    tmp_path: Path, address: dict[str, str], verdict: str, state: str
) -> None:
    """Only the address is the same: behind one flat's door a person looks first, behind a house of many it is only said."""
    async with town(tmp_path, telegram=True) as t:
        await blocked(t, address=address)
        again = await t.order(phone=NEW_PHONE, email="marta@example.org", name="Marta Gil", address=address)
        await t.skip(hours=21)
        found = await t.get(again)
        assert found.verdict == verdict
        assert [r.code for r in found.risk][:1] == ["blocked_address"]
        assert "Olga blocked a customer at this address on" in t.cards(again)[0].text
        if verdict == "review":
            await t.sms("YES", phone=NEW_PHONE)
            assert await t.state(again) == "flagged", "only staff confirm"
            await t.staff(ANA, LET_OFF, again)
            assert await t.state(again) == "confirmed"
            later = await t.order(phone=NEW_PHONE, email="marta@example.org", name="Marta Gil", address=address)
            assert (await t.get(later)).verdict == "normal", "she is let off for good; her neighbour is not"


async def test_a_stranger_is_not_found(tmp_path: Path) -> None:
    """Another phone, mailbox and address: nothing is said."""
    async with town(tmp_path, telegram=True) as t:
        await blocked(t)
        other = await t.order(phone=NEW_PHONE, email="marta@example.org", name="Marta Gil", address=AWAY)
        found = await t.get(other)
        assert (found.verdict, found.risk) == ("normal", ())


async def test_let_off_holds_everywhere(tmp_path: Path) -> None:
    """The block is taken back on one order: the latest word counts, under every number and mailbox that it was kept for."""
    async with town(tmp_path, telegram=True) as t:
        first = await blocked(t)
        second = await t.order(email="second@example.org", total="19.90")
        await t.skip(seconds=5)
        assert (await t.get(second)).verdict == "blocked"
        await t.staff(ANA, LET_OFF, first)
        await t.skip(seconds=5)
        for email in ("ana@example.com", "second@example.org"):
            phone = f"+3465521{8500 + len(email)}"
            again = await t.order(phone=phone, email=email, address=AWAY, name="Ana Ruiz")
            assert (await t.get(again)).verdict == "normal", email


async def test_the_word_is_exported_and_erased(tmp_path: Path) -> None:
    """What is held about a person shows who blocked them; once they are erased, nothing is found by their mailbox any more."""
    async with town(tmp_path, telegram=True) as t:
        first = await blocked(t)
        await t.staff(OLGA, "❌ Cancel", first)
        await t.skip(hours=1)
        store, rules, ana = t.house.store, t.house.policies, Named(phone=ANA_PHONE, email="ana@example.com")
        held = str(await exported(store, rules, ana))
        assert "'verdict': 'blocked'" in held
        assert "'by': 'Olga'" in held
        assert (await erased(store, rules, ana, t.clock.now())).history == 2, "the order and the word"
        again = await t.order(phone=NEW_PHONE, address=AWAY, name="Ana Ruiz")
        assert (await t.get(again)).verdict == "normal"
