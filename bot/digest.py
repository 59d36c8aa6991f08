"""The digest in the group: one message that names the most urgent cards that wait, edited until they are through."""

from __future__ import annotations

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import standing
from bot.calls import TelegramCalls
from bot.composing import ping_html
from bot.words import Words
from flows.effects import Outcome, ShowDigest
from flows.policy import Policy

#: Buttons in one row of a phone's screen.
IN_A_ROW = 2


async def show(calls: TelegramCalls, effect: ShowDigest, chat: str, policy: Policy) -> Outcome:
    """Post it, or edit the one that stands in that chat."""
    words = Words(policy.language)
    key = effect.key or ("digest.over" if effect.over else "digest.cards")
    html = ping_html(key, {"count": effect.waiting, **effect.values}, effect.lines, words)
    titles = [
        InlineKeyboardButton(text=words.say(f"button.{b.verb}", b.values, 40), callback_data=b.data)
        for b in effect.buttons
    ]
    rows = [titles[at : at + IN_A_ROW] for at in range(0, len(titles), IN_A_ROW)]
    keyboard = InlineKeyboardMarkup(inline_keyboard=rows) if rows else None
    return await standing.put(calls, chat, effect.stands, html, keyboard)
