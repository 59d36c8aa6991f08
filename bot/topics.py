"""Topics of forum groups: made once by the bot, kept at the desk, made once more where somebody has deleted one.

The bot has to be an administrator who may manage topics; without that, and in a group that is no forum, everything is in one stream.
Source: https://core.telegram.org/bots/api#createforumtopic, read 2026-11.
"""

from __future__ import annotations

import asyncio
import logging

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import CreateForumTopic, GetChat

from bot.calls import TelegramCalls
from bot.groups import Groups
from bot.words import Words
from engine.ports import Front
from flows import pointers
from flows.desk_events import TopicMade
from flows.policy import Policy
from flows.topics import NAMES

log = logging.getLogger("doorstep.telegram")


class Topics:
    """The topics of one bot's groups."""

    def __init__(self, calls: TelegramCalls, groups: Groups, front: Front) -> None:
        self._calls = calls
        self._groups = groups
        self._front = front
        self._making = asyncio.Lock()

    async def prepare(self, chat: str) -> None:
        """Every topic that a forum group lacks. Raises what aiogram raises where the group cannot be asked."""
        if not (await self._calls.ask(GetChat(chat_id=int(chat)))).is_forum:
            return
        async with self._making:
            shops = self._of(chat)
            for name in NAMES:
                known = next((p.topics[name] for p in shops if name in p.topics), 0)
                thread = known or await self._made(chat, name, shops[0].language if shops else "")
                if not thread:
                    return  # no right to: the others would be refused as well
                for policy in self._of(chat):
                    if name not in policy.topics:
                        await self._keep(policy, name, thread, 0)

    async def anew(self, policy: Policy, chat: str, name: str, gone: int) -> int:
        """The topic in the place of one that was deleted; 0 where it was the shop's own, or none can be made: General."""
        async with self._making:
            stands = self._front.policies[policy.shop].topics.get(name, 0)
            if stands != gone:
                return stands  # somebody was faster
            if (await self._front.desk(policy.shop)).topics.get(name) != gone:
                log.warning("telegram.own_topic_gone", extra={"topic": name})
                return 0
            thread = await self._made(chat, name, policy.language)
            if thread:
                for shop in self._of(chat):
                    await self._keep(shop, name, thread, gone)
            return thread

    def _of(self, chat: str) -> list[Policy]:
        return [p for p in self._groups.policies() if self._groups.current(p.staff_chat) == chat]

    async def _keep(self, policy: Policy, name: str, thread: int, gone: int) -> None:
        await self._front.handle(
            TopicMade(
                event_id=f"topic:{policy.shop}:{policy.staff_chat}:{thread}",
                to=(pointers.desk(policy.shop),),
                at=self._front.now(),
                name=name,
                thread=thread,
                gone=gone,
            )
        )

    async def _made(self, chat: str, name: str, language: str) -> int:
        """Its thread; 0 where Telegram lets none be made."""
        title = Words(language).say(f"topic.{name}")
        try:
            return (await self._calls.ask(CreateForumTopic(chat_id=int(chat), name=title))).message_thread_id
        except TelegramAPIError as error:
            log.warning("telegram.no_topic", extra={"topic": name, "error": type(error).__name__})
            return 0
