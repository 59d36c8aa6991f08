"""The one message of a notice to many: its preview with Send and Cancel, then how far it has come, with Stop."""

from __future__ import annotations

from bot import places, standing
from bot.calls import TelegramCalls
from bot.composing import ping_html
from bot.words import Words
from flows.effects import Outcome, ShowNotice
from flows.policy import Policy


async def show(calls: TelegramCalls, effect: ShowNotice, chat: str, policy: Policy) -> Outcome:
    """Post it, or edit the one that stands in that chat."""
    words = Words(effect.language, policy.language)
    html = ping_html(effect.key, effect.values, effect.lines, words)
    keyboard = places.keyboard(effect.buttons, words)
    return await standing.put(calls, chat, effect.stands, html, keyboard)
