"""What whoever wrote sees of what became of it: a short answer under their message, without a sound."""

from __future__ import annotations

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters

from bot.composing import plain_html
from bot.places import Place
from bot.words import Words


def reply(message: Message, text: str) -> SendMessage:
    return _under(message.chat.id, message.message_id, text)


def echo(chat: int, message_id: int, sent: str, place: Place, update_id: int, words: Words) -> SendMessage:
    """What leaves for the customer, with the way back. `sent`: "<channel>:<how>:<to>" (flows/saying.py)."""
    channel, how, to = [*sent.split(":", 2), "", ""][:3]
    key = f"echo.sent_{how}" if how else "echo.sent"
    undo = InlineKeyboardButton(text=words.say("button.unsay"), callback_data=place.data(f"unsay.{update_id}"))
    return _under(
        chat, message_id, words.say(key, {"channel": channel, "to": to}), InlineKeyboardMarkup(inline_keyboard=[[undo]])
    )


def _under(chat: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None = None) -> SendMessage:
    return SendMessage(
        chat_id=chat,
        text=plain_html(text),
        parse_mode="HTML",
        reply_markup=keyboard,
        disable_notification=True,
        reply_parameters=ReplyParameters(message_id=message_id, allow_sending_without_reply=True),
    )
