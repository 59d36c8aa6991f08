"""What the bot tells Telegram once: how updates arrive, its commands; and what it asks: its name, where the groups are now.

Telegram being away at start is a warning: `keep_trying` goes on until everything was told.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiogram.exceptions import TelegramAPIError, TelegramMigrateToChat, TelegramRetryAfter
from aiogram.methods import DeleteWebhook, GetMe, SendChatAction, SetMyCommands, SetWebhook
from aiogram.types import BotCommand, BotCommandScopeChat, BotCommandScopeDefault, BotCommandScopeUnion

from bot.calls import code_of, waited
from bot.commands import LEAST
from bot.desk import TelegramDesk
from bot.inbound import ALLOWED_UPDATES, Inbound
from bot.texts import CATALOGUES
from bot.webhook import PATH
from bot.words import Words
from engine.ports import OurFault
from flows.desk import may

log = logging.getLogger("doorstep.telegram")

#: The first pause after a failure, doubled each time up to the longest.
AGAIN_S = 1.0
AGAIN_MOST_S = 300.0


class Start:
    """One bot's start. `public_url` and `secret` are for webhook mode; without them updates are polled for."""

    def __init__(
        self, desk: TelegramDesk, inbound: Inbound, public_url: str = "", secret: str = "", again_s: float = AGAIN_S
    ) -> None:
        if public_url and not secret:
            raise OurFault("the Telegram webhook needs telegram.webhook_secret")
        self._desk = desk
        self._inbound = inbound
        self._public_url = public_url.rstrip("/")
        self._secret = secret
        self._again_s = again_s
        self._connected = False
        self._connecting = asyncio.Lock()
        self._stop = asyncio.Event()
        #: How often Telegram said since the last look that another program polls, or that a webhook stands in the way.
        self.conflicts = 0

    def stop(self) -> None:
        self._stop.set()

    def disconnected(self) -> None:
        """Something changed how updates arrive: it is told anew at the next `connect`."""
        self._connected = False

    async def connect(self) -> None:
        """How updates arrive; what waits at Telegram is never dropped. Raises what aiogram raises."""
        async with self._connecting:
            if self._connected:
                return
            if self._public_url:
                await self._desk.calls.ask(
                    SetWebhook(
                        url=self._public_url + PATH,
                        secret_token=self._secret,
                        allowed_updates=ALLOWED_UPDATES,
                        drop_pending_updates=False,
                    )
                )
            else:
                await self._desk.calls.ask(DeleteWebhook(drop_pending_updates=False))
            self._connected = True

    async def keep_trying(self) -> None:
        """Every step until Telegram has taken it; a step that fails holds up no other."""
        await asyncio.gather(*(self._until_done(step) for step in (self.connect, self._name, self._menu, self._groups)))

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        pause_s = self._again_s
        while not self._stop.is_set():
            try:
                await step()
                return
            except TelegramAPIError as error:
                extra = {"step": step.__name__.strip("_"), "error": type(error).__name__, "code": code_of(error)}
                log.warning("telegram.start_failed", extra=extra)
                wait_s = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else pause_s
            await waited(self._stop, wait_s)
            pause_s = min(pause_s * 2, AGAIN_MOST_S)

    async def _name(self) -> None:
        """The bot's own name, so that commands for another bot are left alone."""
        me = await self._desk.calls.ask(GetMe())
        self._desk.username = me.username or ""
        self._inbound.commands.called(me.username or "")

    async def _menu(self) -> None:
        """Strangers are offered nothing but help; the group what any of its staff may do; each person in private their own."""
        for language in CATALOGUES:
            await self._offer(("help",), language, BotCommandScopeDefault(), language)
        for chat in {policy.staff_chat: policy for policy in self._desk.groups.policies()}:
            for language in CATALOGUES:
                await self._offer(_offered("manager"), language, BotCommandScopeChat(chat_id=int(chat)), language)
        for policy in self._desk.groups.policies():
            for person in (await self._desk.front.desk(policy.shop)).people:
                scope = BotCommandScopeChat(chat_id=person.telegram)
                await self._offer(_offered(person.role), Words(person.language, policy.language).language, scope, "")

    async def _offer(self, names: tuple[str, ...], language: str, scope: BotCommandScopeUnion, tag: str) -> None:
        """`tag`: the language that Telegram shows this list for; "" and English: for every one without a list of its own."""
        words = Words(language)
        commands = [BotCommand(command=name, description=words.say(f"command.{name}")) for name in names]
        method = SetMyCommands(commands=commands, scope=scope, language_code=None if tag in ("", "en") else tag)
        try:
            await self._desk.calls.ask(method)
        except TelegramAPIError as error:
            if code_of(error) not in ("chat_gone", "no_rights", "bad_request"):
                raise
            # a private chat that was never opened, or a group that is not ours yet: nobody sees a menu there

    async def _groups(self) -> None:
        """A sign of life in each group: tells a group's new id, and warns where the bot may not write."""
        for chat in {policy.staff_chat for policy in self._desk.groups.policies()}:
            try:
                await self._desk.calls.ask(SendChatAction(chat_id=int(chat), action="typing"))
                await self._desk.topics.prepare(self._desk.groups.current(chat))
            except TelegramMigrateToChat as moved:
                await self._desk.groups.migrated(chat, str(moved.migrate_to_chat_id))
            except TelegramAPIError as error:
                if code_of(error) not in ("chat_gone", "no_rights"):
                    raise
                log.warning("telegram.group_closed", extra={"code": code_of(error)})


def _offered(role: str) -> tuple[str, ...]:
    return tuple(name for name, least in LEAST.items() if may(role, least))
