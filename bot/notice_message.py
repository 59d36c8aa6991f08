"""The one message of a notice to many: its preview with Send and Cancel, then how far it has come, with Stop."""

from __future__ import annotations

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import EditMessageText, SendMessage

from bot import places
from bot.calls import TelegramCalls, code_of, outcome_of
from bot.composing import ping_html
from bot.words import Words
from flows.effects import Accepted, Outcome, ShowNotice
from flows.policy import Policy


async def show(calls: TelegramCalls, effect: ShowNotice, chat: str, policy: Policy) -> Outcome:
    """Post it, or edit the one that stands in that chat."""
    words = Words(effect.language, policy.language)
    html = ping_html(effect.key, effect.values, effect.lines, words)
    keyboard = places.keyboard(effect.buttons, words)
    known, _, number = effect.stands.rpartition("/")
    try:
        if known == chat and number.isdigit():
            edit = EditMessageText(
                chat_id=int(chat), message_id=int(number), text=html, parse_mode="HTML", reply_markup=keyboard
            )
            await calls.ask(edit)
            return Accepted(effect.stands)
        sent = await calls.ask(SendMessage(chat_id=int(chat), text=html, parse_mode="HTML", reply_markup=keyboard))
    except TelegramAPIError as error:
        return Accepted(effect.stands) if code_of(error) == "not_modified" else outcome_of(error)
    return Accepted(f"{sent.chat.id}/{sent.message_id}")
