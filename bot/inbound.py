"""From an update to an event: who pressed or wrote, in which group, about which order; and the short answer they see.

Authority is the people table, looked at anew for every update; the chat has to be the shop's own group. Everything else changes
nothing: strangers, other groups, anonymous administrators, forwarded messages, data that no button of ours has.
Source: https://core.telegram.org/bots/api (Update, CallbackQuery, Message), read 2026-11.
"""

from __future__ import annotations

from typing import Any

from aiogram.methods import AnswerCallbackQuery, LeaveChat, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, ChatMemberRestricted, ChatMemberUpdated, Message, Update, User

from bot import acts, owner_chat
from bot.asking import Asker, said
from bot.commands import Commands
from bot.commands_people import JOIN
from bot.composing import plain_html, toast
from bot.desk import TelegramDesk
from bot.echoes import reply
from bot.groups import Room
from bot.ordering import CREATE
from bot.pressing import Presses
from bot.texts import language_of
from bot.words import Words
from bot.writing import Writing
from flows import pointers
from flows.desk_events import DeskActed

#: What the bot asks Telegram for.
ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member", "chat_member"]
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
        self._presses = Presses(desk)
        self._writing = Writing(desk)
        self.owner = owner_chat.OwnerChat(desk.front)
        self._presses_on_acts = acts.Acts(desk)
        self._told_to: set[int] = set()  # groups that have heard why the bot leaves

    async def handle(self, update: Update) -> Answers:
        """Raises StoreUnavailable, and whatever a bug in deciding raises."""
        if update.callback_query is not None:
            return await self._pressed(update.update_id, update.callback_query)
        if update.message is not None:
            return await self._message(update.update_id, update.message)
        if update.chat_member is not None:
            return await self._member(update.update_id, update.chat_member)
        if update.my_chat_member is not None:
            return await self._added(update.my_chat_member)
        return []

    async def _pressed(self, update_id: int, query: CallbackQuery) -> Answers:
        """A choice under an answer of ours; in private: a button under a ping; any other: as in a group."""
        act = acts.read(query.data or "", self._front.policies)
        if act is not None:
            return await self._acts(update_id, query, act)
        if query.message is not None and query.message.chat.type == "private" and not query.from_user.is_bot:
            known = await self._groups.known_as(query.from_user.id)
            answers = await self.owner.pressed(update_id, query, known) if known else None
            if answers is not None:
                return answers
        return await self._presses.pressed(update_id, query)

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
            return await self._in_private(update_id, message)
        room = await self._groups.room(chat.id)
        if room is None:
            return self._farewell(chat.id) if chat.type in ("group", "supergroup") else []
        return await self._in_group(update_id, message, room)

    async def _in_group(self, update_id: int, message: Message, room: Room) -> Answers:
        replied = message.reply_to_message
        to_us = (
            replied is not None
            and replied.forum_topic_created is None  # under which every message of a topic of ours stands
            and replied.from_user is not None
            and replied.from_user.id == self._desk.calls.bot_id
        )
        command = self.commands.read(message)
        if not to_us and command is None:
            return []
        words = Words(room.language)
        if message.sender_chat is not None:
            return [reply(message, words.say("echo.anonymous"))]
        person = await self._groups.person_in(room, message.from_user.id) if message.from_user is not None else None
        if person is None or message.forward_origin is not None or message.via_bot is not None:
            return []
        if command is not None:
            known = await self._groups.known_in(room, person.telegram)
            asker = Asker(Words(person.language, room.language), known)
            return await self.commands.answer(update_id, command, message, asker)
        return await self._writing.wrote(update_id, message, room, person)

    async def _in_private(self, update_id: int, message: Message) -> Answers:
        user = message.from_user
        if user is None or user.is_bot or message.forward_origin is not None or message.via_bot is not None:
            return []
        command = self.commands.read(message)
        if command is not None and command[0] == "start" and command[1].startswith(JOIN):
            return await self._joins(update_id, message, user, command[1].removeprefix(JOIN))
        known = await self._groups.known_as(user.id)
        if not known:
            words = Words(user.language_code or "")
            return [SendMessage(chat_id=message.chat.id, text=plain_html(words.say("private.stranger")))]
        words = Words(known[0][1].language, known[0][0].language)
        if command is None and (answers := await self.owner.replied(update_id, message, known)) is not None:
            return answers
        asker = Asker(words, tuple(known))
        return await self.commands.answer(update_id, command or ("help", ""), message, asker)

    async def _joins(self, update_id: int, message: Message, user: User, code: str) -> Answers:
        """Somebody opened the owner's link. A wrong, old or used code is told in one sentence that says nothing else."""
        language = language_of(user.language_code or "")
        notice = await self.commands.people.join(update_id, code, user.id, user.full_name, language)
        words = Words(language)
        kind, _, role = notice.partition(":")
        if kind == "bad_code":
            return [said(message, plain_html(words.say("invite.bad")))]
        known = tuple(await self._groups.known_as(user.id))
        hello = words.say(f"invite.{kind}", {"role": words.say(f"role.{role}")})
        lines = self.commands.help_lines(Asker(words, known)) if known else []
        return [said(message, plain_html(hello, *lines))]

    # -- presses

    async def _acts(self, update_id: int, query: CallbackQuery, act: acts.Act) -> Answers:
        """A button under an answer of ours: in the shop's group, or in the private chat of one of its people."""
        message, user = query.message, query.from_user
        shop = self._front.policies.get(act.shop)
        room = await self._groups.room(message.chat.id) if message is not None and shop is not None else None
        private = message is not None and message.chat.id == user.id
        here = private or (room is not None and any(p.shop == act.shop for p in room.policies))
        person = (await self._front.desk(act.shop)).person(user.id) if here and not user.is_bot else None
        mine = shop is not None and any(p.shop == act.shop for p in self._groups.policies())
        if message is None or shop is None or person is None or not mine:
            text = Words(user.language_code or "").say("toast.not_for_you")
            return [AnswerCallbackQuery(callback_query_id=query.id, text=toast(text))]
        words = Words(person.language, shop.language)
        if isinstance(message, Message) and (
            message.from_user is None or message.from_user.id != self._desk.calls.bot_id
        ):
            return [AnswerCallbackQuery(callback_query_id=query.id, text=toast(words.say("toast.stale")))]
        if act.what == CREATE:
            return await self.commands.acting.ordering.create(query, act, shop, person, words)
        return await self._presses_on_acts.pressed(update_id, query, act, shop, person, words)

    # -- groups

    async def _added(self, change: ChatMemberUpdated) -> Answers:
        """Brought into a group that is no staff group: say its id, which the settings need, and leave."""
        chat = change.chat
        if chat.type not in ("group", "supergroup") or change.new_chat_member.status not in ("member", "administrator"):
            return []
        if await self._groups.room(chat.id) is None:
            return self._farewell(chat.id)
        if change.new_chat_member.status == "administrator":
            await self._desk.topics.prepare(str(chat.id))  # it may have got the right to make them
        return []

    async def _member(self, update_id: int, change: ChatMemberUpdated) -> Answers:
        """Who leaves the group has no rights until back. Source: https://core.telegram.org/bots/api#chatmemberupdated"""
        room = await self._groups.room(change.chat.id)
        if room is None:
            return []
        now = change.new_chat_member
        gone = now.status in ("left", "kicked") or (isinstance(now, ChatMemberRestricted) and not now.is_member)
        for policy in room.policies:
            event = DeskActed(
                event_id=f"telegram:{update_id}:{policy.shop}",
                to=(pointers.desk(policy.shop),),
                at=self._front.now(),
                what="left" if gone else "back",
                person=change.new_chat_member.user.id,
            )
            await self._front.handle(event)
        return []

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
