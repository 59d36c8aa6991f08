"""Buttons after the yes, through Meta: what is offered can be pressed, in two languages. The pretend Meta's ledger judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.meta import MetaRules
from tests.stories.couriers import confirmed, delivery
from tests.stories.test_slots import slot
from tests.town import ANA_PHONE, Town, town


def buttons(t: Town) -> list[str]:
    """What hangs under the last message on the phone."""
    return [b["title"] for b in t.world.texts(ANA_PHONE, "whatsapp")[-1].extra["buttons"]]


@pytest.mark.parametrize(
    ("language", "wish", "days"),
    [("en", "after 18:00", ("Tue", "Wed", "Thu")), ("es", "después de las 18", ("mar", "mié", "jue"))],
)
async def test_a_window_is_picked_by_its_button(
    tmp_path: Path, language: str, wish: str, days: tuple[str, ...]
) -> None:
    """Three windows that the courier has are three buttons; the second one pressed is the slot."""
    async with town(tmp_path, more=delivery(), meta=MetaRules()) as t:
        order = await confirmed(t, language=language)
        await t.meta.reply(ANA_PHONE, wish)
        await t.settle()
        assert buttons(t) == ["1", "2", "3"]
        assert all(day in t.last("whatsapp") for day in days), t.last("whatsapp")
        await t.meta.press(ANA_PHONE, 1)
        await t.settle()
        assert await slot(t, order) == "2026-11-25 18:00-22:00"
