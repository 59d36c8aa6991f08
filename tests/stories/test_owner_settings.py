"""/settings in the owner's private chat: shown, chosen, asked about once more, obeyed, and taken back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.texts import CATALOGUES
from tests.town import ANA, OLGA, Town, town


def menu(t: Town) -> Any:
    """The newest message of the bot in the owner's chat that has buttons."""
    return [m for m in t.tg.shows(OLGA) if m.from_bot and m.buttons][-1]


def titles(t: Town) -> list[str]:
    return [text for row in menu(t).buttons for text, _ in row]


async def press(t: Town, title: str) -> str | None:
    button = next(text for text in titles(t) if title in text)
    toast = await t.tg.presses(OLGA, menu(t).message_id, button, OLGA, wait_s=2)
    await t.settle()
    return toast


async def says(t: Town, text: str, who: int = OLGA) -> str:
    await t.tg.says(who, None, text)
    await t.settle()
    return str(next(m.text for m in reversed(t.tg.shows(who)) if m.from_bot))


async def test_a_channel_is_paused_and_taken_back(tmp_path: Path) -> None:
    """Two presses and a yes pause SMS for four hours; the menu shows until when, and one press and a yes end it."""
    async with town(tmp_path, telegram=True) as t:
        assert "Everything is as the file says" in await says(t, "/settings")
        await press(t, "Pause a channel")
        await press(t, "4 h")
        assert "really pause SMS until" in menu(t).text
        await t.order()
        assert t.got("sms"), "a question alone pauses nothing"
        await press(t, "Yes")
        assert "Olga paused SMS" in menu(t).text
        await t.order(id="2", phone="600 000 002")
        await t.skip(seconds=5)
        assert not t.got("sms", "+34600000002")
        assert t.got("whatsapp", "+34600000002")
        await press(t, "Settings")
        assert "SMS rests until" in menu(t).text
        await press(t, "Resume SMS")
        await press(t, "Yes")
        await t.order(id="3", phone="600 000 003")
        await t.skip(seconds=5)
        assert t.got("sms", "+34600000003")
        notes = (await t.house.engine.desk("demo")).notes
        assert ["Olga" in n.by for n in notes if n.what == "shop.pause"] == [True, True]


async def test_quiet_hours_are_written(tmp_path: Path) -> None:
    """ "/settings quiet 10:00-23:00" asks once more; then a follow-up waits, until they are as in the file again."""
    async with town(tmp_path, telegram=True) as t:
        assert "quiet hours 10:00-23:00?" in await says(t, "/settings quiet 10:00-23:00")
        await press(t, "Yes")
        await press(t, "Settings")
        assert "Quiet hours: 10:00-23:00" in menu(t).text
        await t.order()
        await t.skip(5)
        assert not t.got("whatsapp"), "the second question waits"
        await press(t, "Quiet hours as in the file")
        await press(t, "Yes")
        assert (await t.house.engine.desk("demo")).quiet == ""


async def test_a_day_closed(tmp_path: Path) -> None:
    """A closed day is chosen, stands in the menu, moves what the customer is promised, and can be opened again."""
    async with town(tmp_path, telegram=True) as t:
        tomorrow = (t.clock.now() + timedelta(days=1)).date().isoformat()
        await says(t, "/settings")
        await press(t, "Closed on a day")
        first = titles(t)[0]
        await press(t, first)
        assert "closed on" in menu(t).text
        await press(t, "Yes")
        assert tomorrow in t.house.engine.policies["demo"].hours.holidays
        await press(t, "Settings")
        await press(t, "Open on")
        await press(t, "Yes")
        assert tomorrow not in t.house.engine.policies["demo"].hours.holidays


async def test_nobody_there_over_a_restart(tmp_path: Path) -> None:
    """Away until a chosen morning holds over a restart and ends by itself."""
    async with town(tmp_path, telegram=True) as t:
        await says(t, "/settings")
        await press(t, "Nobody there")
        await press(t, titles(t)[1])
        await press(t, "Yes")
        until = t.house.engine.policies["demo"].hours.away_until
        assert until is not None
        await t.close_house()
        await t.open_house()
        assert t.house.engine.policies["demo"].hours.away_until == until
        assert "Nobody is at the shop until" in await says(t, "/settings")
        await t.skip((until - t.clock.now()).total_seconds() / 3600 + 1)
        assert t.house.engine.policies["demo"].hours.away_until is None
        assert "Everything is as the file says" in await says(t, "/settings")


async def test_a_no_and_nonsense_change_nothing(tmp_path: Path) -> None:
    """No leaves all as it was; a wish that cannot be read is answered with examples; a day that is past is refused."""
    async with town(tmp_path, telegram=True) as t:
        await says(t, "/settings pause sms")
        await press(t, "No")
        assert "Nothing was changed" in menu_or_last(t)
        for words in ("/settings quiet late", "/settings holiday soon", "/settings pause pigeons", "/settings coffee"):
            assert "For example" in await says(t, words)
        await says(t, "/settings holiday 2020-01-01")
        toast = await press(t, "Yes")
        assert toast is not None
        desk = await t.house.engine.desk("demo")
        assert (desk.paused, desk.holidays, desk.quiet, desk.away_until) == ({}, (), "", None)


def menu_or_last(t: Town) -> str:
    return str([m for m in t.tg.shows(OLGA) if m.from_bot][-1].text)


async def test_only_the_owner(tmp_path: Path) -> None:
    """Staff are told that it takes an owner, in the group nobody reads it, and a forged button of the menu does nothing."""
    async with town(tmp_path, telegram=True) as t:
        await t.tg.starts(ANA)
        await t.settle()
        assert "takes the right of: owner" in await says(t, "/settings", ANA)
        await t.tg.says(OLGA, t.group, "/settings")
        await t.settle()
        assert "in private" in t.group_texts()[-1]
        mine = [m for m in t.tg.shows(ANA) if m.from_bot][-1]
        for data in ("d:menu:demo:", "d:ask:demo:quiet.off", "d:quiet:demo:off", "d:holiday:demo:2026-12-24"):
            await t.tg.presses_raw(ANA, mine.message_id, ANA, data, wait_s=2)
        await t.settle()
        assert (await t.house.engine.desk("demo")).quiet == ""
        assert not any("over the settings file" in m.text for m in t.tg.shows(ANA))


@pytest.mark.parametrize("language", sorted(CATALOGUES))
async def test_in_every_language(tmp_path: Path, language: str) -> None:
    """Every page and question of the menu is in the owner's own language."""
    async with town(tmp_path, telegram=True) as t:
        await says(t, f"/language {language}")
        words = CATALOGUES[language]
        assert words["settings.none"] in await says(t, "/settings")
        for name in ("away", "quiet", "holiday", "pause"):
            await press(t, words[f"button.set_{name}"])
            await press(t, words["button.settings"])
        assert words["settings.none"] in menu(t).text
