"""What whoever wrote sees of what became of it: a short answer under their message, without a sound."""

from __future__ import annotations

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, ReplyParameters

from bot.composing import plain_html
from bot.words import Words
from flows.saying import NOTE

#: Characters of a reply that reach the customer whole: flows/wording/values.py cuts what is longer, and an SMS has 1600 at most.
REPLY_MOST = 1400


def reply(message: Message, text: str) -> SendMessage:
    return _under(message.chat.id, message.message_id, text)


def echo(chat: int, message_id: int, sent: str, undo: str, words: Words) -> SendMessage:
    """What leaves for the customer, with the way back. `sent`: "<channel>:<how>:<to>" (flows/saying.py); `undo`: callback data."""
    channel, how, to = [*sent.split(":", 2), "", ""][:3]
    key = f"echo.sent_{how}" if how else "echo.sent"
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=words.say("button.unsay"), callback_data=undo)]]
    )
    return _under(chat, message_id, words.say(key, {"channel": channel, "to": to}), keyboard)


def unfit(message: Message, words: Words) -> SendMessage | None:
    """Why these words of staff cannot go to the customer as they are; None: they can."""
    if not message.text:
        return reply(message, words.say("echo.only_text"))
    written = message.text.lstrip()
    if written.startswith(NOTE):
        return None
    if written.startswith("/"):  # a mistyped command or note, which no customer should read
        return reply(message, words.say("echo.slash"))
    if len(message.text) > REPLY_MOST:
        return reply(message, words.say("echo.too_long", {"most": REPLY_MOST}))
    return None


def not_sent(message: Message, kind: str, words: Words) -> SendMessage:
    """Why nothing leaves, or what it was taken for."""
    return reply(message, words.say(f"echo.{kind}") if words.has(f"echo.{kind}") else words.say("echo.gone"))


def _under(chat: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None = None) -> SendMessage:
    return SendMessage(
        chat_id=chat,
        text=plain_html(text),
        parse_mode="HTML",
        reply_markup=keyboard,
        disable_notification=True,
        reply_parameters=ReplyParameters(message_id=message_id, allow_sending_without_reply=True),
    )
