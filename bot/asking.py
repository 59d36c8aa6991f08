"""Who gives a command, and the answer's form."""

from __future__ import annotations

from typing import Any

from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import InlineKeyboardMarkup, Message, ReplyParameters
from msgspec import Struct

from bot.composing import plain_html
from bot.sending import NO_PREVIEW
from bot.words import Words
from flows.desk import ROLES, Person, may
from flows.policy import Policy

Answers = list[TelegramMethod[Any]]


class Asker(Struct, frozen=True):
    """Who asks: their words, and the shops they may ask about, with who they are in each."""

    words: Words
    known: tuple[tuple[Policy, Person], ...]

    @property
    def policies(self) -> tuple[Policy, ...]:
        return tuple(policy for policy, _ in self.known)

    @property
    def person(self) -> Person:
        """With the least of their roles where they are known to several shops."""
        return min((p for _, p in self.known), key=lambda p: ROLES.index(p.role) if p.role in ROLES else -1)

    def may(self, least: str) -> bool:
        return may(self.person.role, least)


class Ask(Struct, frozen=True):
    """One command as it was given."""

    update_id: int
    name: str
    rest: str
    message: Message
    asker: Asker

    @property
    def private(self) -> bool:
        return self.message.chat.type == "private"

    def say(self, key: str, **values: str | int) -> SendMessage:
        """The answer in the asker's language, from one text."""
        return self.answer(plain_html(self.asker.words.say(key, values)))

    def answer(self, html: str, keyboard: InlineKeyboardMarkup | None = None) -> SendMessage:
        return said(self.message, html, keyboard)


def said(message: Message, html: str, keyboard: InlineKeyboardMarkup | None = None) -> SendMessage:
    return SendMessage(
        chat_id=message.chat.id,
        text=html,
        parse_mode="HTML",
        reply_markup=keyboard,
        link_preview_options=NO_PREVIEW,
        reply_parameters=ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True),
    )
