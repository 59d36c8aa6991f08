"""A message that stands once in a chat and is kept true: posted the first time, edited from then on, posted anew in another chat."""

from __future__ import annotations

from aiogram.exceptions import TelegramAPIError, TelegramMigrateToChat
from aiogram.methods import EditMessageText, SendMessage
from aiogram.types import InlineKeyboardMarkup

from bot.calls import TelegramCalls, code_of, outcome_of
from flows.effects import Accepted, Outcome


async def put(
    calls: TelegramCalls, chat: str, stands: str, html: str, keyboard: InlineKeyboardMarkup | None
) -> Outcome:
    """One attempt. `stands`: where it is, "<chat>/<message id>", "" nowhere. An edit that changes nothing counts as made.

    Raises TelegramMigrateToChat: the group has a new id."""
    known, _, number = stands.rpartition("/")
    try:
        if known == chat and number.isdigit():
            edit = EditMessageText(
                chat_id=int(chat), message_id=int(number), text=html, parse_mode="HTML", reply_markup=keyboard
            )
            await calls.ask(edit)
            return Accepted(stands)
        sent = await calls.ask(SendMessage(chat_id=int(chat), text=html, parse_mode="HTML", reply_markup=keyboard))
    except TelegramMigrateToChat:
        raise
    except TelegramAPIError as error:
        return Accepted(stands) if code_of(error) == "not_modified" else outcome_of(error)
    return Accepted(f"{sent.chat.id}/{sent.message_id}")
