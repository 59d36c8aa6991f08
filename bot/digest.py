"""The digest in the group: one message that names the most urgent cards that wait, edited until they are through."""

from __future__ import annotations

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import EditMessageText, SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.calls import TelegramCalls, code_of, outcome_of
from bot.composing import ping_html
from bot.words import Words
from flows.effects import Accepted, Outcome, ShowDigest
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
