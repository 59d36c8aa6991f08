"""A reply of staff to a message of ours: to the customer, a note, or the answer to what a button asked for."""

from __future__ import annotations

from typing import Any

from aiogram.methods import TelegramMethod
from aiogram.types import Message

from bot import places
from bot.desk import TelegramDesk
from bot.echoes import echo, not_sent, reply, unfit
from bot.groups import Room
from bot.places import Place
from bot.words import Words
from flows import menus, pointers
from flows.desk import Person
from flows.events import StaffGave, StaffWrote

#: A phone number with all its punctuation is shorter; what is longer is a story.
NUMBER_MOST = 80


class Writing:
    """Replies in one bot's staff groups."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front

    async def wrote(self, update_id: int, message: Message, room: Room, person: Person) -> list[TelegramMethod[Any]]:
        """To the customer, where the message that was replied to is about one."""
        replied = message.reply_to_message
        assert replied is not None
        place = places.of_message(replied) or self._desk.places.get(message.chat.id, replied.message_id)
        if place is None:
            return []
        words = Words(room.language)
        text, asked = message.text or "", places.asked_by(replied)
        if text and asked is not None and asked[0] == menus.PROMPT and not text.lstrip().startswith("/"):
            return await self._gave(update_id, message, place, person, words)
        if (refusal := unfit(message, words)) is not None:
            return [refusal]
        event = StaffWrote(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(place.conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            seq=place.seq,
            chat=str(message.chat.id),
            text=text,
        )
        handled = await self._front.handle(event)
        if handled.duplicate:
            return []
        kind, _, rest = handled.notice.partition(":")
        if kind == "sent":
            return [echo(message.chat.id, message.message_id, rest, place.data(f"unsay.{update_id}"), words)]
        return [not_sent(message, kind, words)]

    async def _gave(
        self, update_id: int, message: Message, place: Place, person: Person, words: Words
    ) -> list[TelegramMethod[Any]]:
        event = StaffGave(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(place.conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            seq=place.seq,
            version=place.version,
            what="number",
            text=(message.text or "")[:NUMBER_MOST],
        )
        handled = await self._front.handle(event)
        if handled.duplicate:
            return []
        kind, _, rest = handled.notice.partition(":")
        return [reply(message, words.say(f"echo.{kind}", {"to": rest}))]
