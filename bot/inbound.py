"""From an update to an event: who pressed or wrote, in which group, about which order; and the short answer they see.

Authority is the people table, looked at anew for every update; the chat has to be the shop's own group. Everything else changes
nothing: strangers, other groups, anonymous administrators, forwarded messages, data that no button of ours has.
Source: https://core.telegram.org/bots/api (Update, CallbackQuery, Message), read 2026-11.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiogram.methods import AnswerCallbackQuery, LeaveChat, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, ReplyParameters, Update

from bot import places
from bot.commands import Asker, Commands
from bot.composing import plain_html, toast
from bot.desk import TelegramDesk
from bot.groups import Room
from bot.words import Words
from engine.ports import Handled
from flows import cards, pointers
from flows.desk import Person
from flows.events import StaffPressed, StaffWrote
from flows.wording import Moment

#: What the bot asks Telegram for.
ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
#: Characters of a reply that reach the customer whole: flows/wording/values.py cuts what is longer, and an SMS has 1600 at most.
REPLY_MOST = 1400
#: A text that begins so is a note for colleagues. Source: CONTRACT.md, Telegram
NOTE = "//"
#: Unknown groups that are remembered, so that each hears only once why the bot leaves.
TOLD_MOST = 1000

Answers = list[TelegramMethod[Any]]


class Inbound:
    """Reads updates for one bot. `handle` returns after the commit, with the calls that answer the person."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front
        self._groups = desk.groups
        self.commands = Commands(desk)
        self._told_to: set[int] = set()  # groups that have heard why the bot leaves

    async def handle(self, update: Update) -> Answers:
        """Raises StoreUnavailable, and whatever a bug in deciding raises."""
        if update.callback_query is not None:
            return await self._pressed(update.update_id, update.callback_query)
        if update.message is not None:
            return await self._message(update.update_id, update.message)
        if update.my_chat_member is not None:
            return await self._added(update.my_chat_member)
        return []

    # -- presses

    async def _pressed(self, update_id: int, query: CallbackQuery) -> Answers:
        message = query.message
        room = await self._groups.room(message.chat.id) if message is not None else None
        person = await self._groups.person_in(room, query.from_user.id) if room is not None else None
        if message is None or room is None or person is None or query.from_user.is_bot:
            return [_toast(query, Words(query.from_user.language_code or "").say("toast.not_for_you"))]
        words = Words(person.language, room.language)
        read = cards.read(query.data or "")
        if read is None or not self._is_ours(message):
            return [_toast(query, words.say("toast.stale"))]
        verb, conversation, seq, version = read
        if verb == places.SHOW:
            return [_toast(query, words.say("toast.reply"))]
        event = StaffPressed(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            verb=verb,
            seq=seq,
            version=version,
            chat=str(message.chat.id),
            message_id=message.message_id,
        )
        if isinstance(message, Message):
            self._desk.places.learn(message.chat.id, message.message_id, places.of_message(message))
        handled = await self._front.handle(event)
        return [_toast(query, _pressed_text(_notice(handled), words, room))]

    def _is_ours(self, message: object) -> bool:
        """A message that Telegram shows no more (older than two days) has no sender; the card's own id is checked anyway."""
        if not isinstance(message, Message):
            return True
        return message.from_user is not None and message.from_user.id == self._desk.calls.bot_id

    # -- messages

    async def _message(self, update_id: int, message: Message) -> Answers:
        chat = message.chat
        if message.migrate_to_chat_id is not None:
            await self._groups.migrated(str(chat.id), str(message.migrate_to_chat_id))
            return []
        if message.migrate_from_chat_id is not None:
            await self._groups.migrated(str(message.migrate_from_chat_id), str(chat.id))
            return []
        if chat.type == "private":
            return await self._in_private(message)
        room = await self._groups.room(chat.id)
        if room is None:
            return self._farewell(chat.id) if chat.type in ("group", "supergroup") else []
        return await self._in_group(update_id, message, room)

    async def _in_group(self, update_id: int, message: Message, room: Room) -> Answers:
        replied = message.reply_to_message
        to_us = (
            replied is not None and replied.from_user is not None and replied.from_user.id == self._desk.calls.bot_id
        )
        command = self.commands.read(message)
        if not to_us and command is None:
            return []
        words = Words(room.language)
        if message.sender_chat is not None:
            return [_reply(message, words.say("echo.anonymous"))]
        person = await self._groups.person_in(room, message.from_user.id) if message.from_user is not None else None
        if person is None or message.forward_origin is not None or message.via_bot is not None:
            return []
        if command is not None:
            asker = Asker(person.name, Words(person.language, room.language), room.policies)
            return await self.commands.answer(command, message, asker)
        return await self._wrote(update_id, message, room, person)

    async def _wrote(self, update_id: int, message: Message, room: Room, person: Person) -> Answers:
        """A reply to a message of ours: to the customer, where that message is about one."""
        replied = message.reply_to_message
        assert replied is not None
        place = places.of_message(replied) or self._desk.places.get(message.chat.id, replied.message_id)
        if place is None:
            return []
        words = Words(room.language)
        if not message.text:
            return [_reply(message, words.say("echo.only_text"))]
        if len(message.text) > REPLY_MOST and not message.text.lstrip().startswith(NOTE):
            return [_reply(message, words.say("echo.too_long", {"most": REPLY_MOST}))]
        event = StaffWrote(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(place.conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            seq=place.seq,
            chat=str(message.chat.id),
            text=message.text,
        )
        handled = await self._front.handle(event)
        if handled.duplicate:
            return []
        return [_reply(message, _wrote_text(_notice(handled), words))]

    async def _in_private(self, message: Message) -> Answers:
        user = message.from_user
        if user is None or user.is_bot:
            return []
        known = await self._groups.known_as(user.id)
        if not known:
            words = Words(user.language_code or "")
            return [SendMessage(chat_id=message.chat.id, text=plain_html(words.say("private.stranger")))]
        policy, person = known[0]
        words = Words(person.language, policy.language)
        asker = Asker(person.name, words, tuple(policy for policy, _ in known))
        command = self.commands.read(message)
        return await self.commands.answer(command or ("help", ""), message, asker)

    # -- groups

    async def _added(self, change: ChatMemberUpdated) -> Answers:
        """Brought into a group that is no staff group: say its id, which the settings need, and leave."""
        chat = change.chat
        if chat.type not in ("group", "supergroup") or change.new_chat_member.status not in ("member", "administrator"):
            return []
        return [] if await self._groups.room(chat.id) is not None else self._farewell(chat.id)

    def _farewell(self, chat: int) -> Answers:
        leave = LeaveChat(chat_id=chat)
        if chat in self._told_to:
            return [leave]
        if len(self._told_to) >= TOLD_MOST:
            self._told_to.clear()
        self._told_to.add(chat)
        policies = self._groups.policies()
        words = Words(policies[0].language if policies else "")
        text = plain_html(words.say("group.unknown", {"chat": str(chat)}))
        return [SendMessage(chat_id=chat, text=text, parse_mode="HTML"), leave]


def _toast(query: CallbackQuery, text: str) -> AnswerCallbackQuery:
    return AnswerCallbackQuery(callback_query_id=query.id, text=toast(text) or None)


def _reply(message: Message, text: str) -> SendMessage:
    return SendMessage(
        chat_id=message.chat.id,
        text=plain_html(text),
        parse_mode="HTML",
        disable_notification=True,
        reply_parameters=ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True),
    )


def _notice(handled: Handled) -> str:
    """The flow's word for whoever brought the event; a repeat of what was done already says that it is done."""
    if handled.decision is None:
        return "done" if handled.duplicate else "gone"
    return handled.decision.notice


def _pressed_text(notice: str, words: Words, room: Room) -> str:
    """The notice of flows/staff.py as a toast."""
    kind, _, rest = notice.partition(":")
    if kind == "already":
        what, _, name = rest.partition(":")
        if what in ("called", "taken"):
            return words.say(f"toast.{what}", {"name": name})
        by_code = words.say(f"who.{name}") if words.has(f"who.{name}") else name
        return words.say("toast.already", {"state": what, "name": by_code})
    if kind == "too_soon":
        at = Moment(at=datetime.fromisoformat(rest), zone=room.policies[0].zone, style="daytime")
        return words.say("toast.too_soon", {"at": at})
    return words.say(f"toast.{kind}") if words.has(f"toast.{kind}") else words.say("toast.done")


def _wrote_text(notice: str, words: Words) -> str:
    """The notice of flows/talk.py as an echo."""
    kind, _, rest = notice.partition(":")
    if kind == "sent":
        return words.say("echo.sent", {"channel": rest})
    return words.say(f"echo.{kind}") if words.has(f"echo.{kind}") else words.say("echo.gone")
