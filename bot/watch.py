"""Do Telegram's updates still come here? A foreign webhook takes them all away, a second program that polls every other one.

Both are mended where they can be: our webhook is set again, a foreign one is taken away from a bot that polls. What waits at
Telegram is never dropped. Source: https://core.telegram.org/bots/api#getwebhookinfo, read 2026-11.
"""

from __future__ import annotations

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import GetWebhookInfo

from bot.desk import TelegramDesk
from bot.start import Start
from bot.webhook import PATH
from engine.ports import Trouble, Unanswered


class TelegramWatch:
    """Implements engine.ports.Watch for one bot. `public_url`: empty when the bot polls."""

    def __init__(self, desk: TelegramDesk, start: Start, public_url: str) -> None:
        self._desk = desk
        self._start = start
        self._ours = public_url.rstrip("/") + PATH if public_url else ""
        # a bot's number is no secret, unlike what follows it
        self.name = f"telegram-{desk.calls.bot_id}"

    @property
    def shops(self) -> tuple[str, ...]:
        return tuple(policy.shop for policy in self._desk.groups.policies())

    async def look(self) -> tuple[Trouble, ...]:
        if self._start.conflicts:
            self._start.conflicts = 0
            if not self._ours:
                return self._told("telegram_twice")
        try:
            info = await self._desk.calls.ask(GetWebhookInfo())
            if info.url == self._ours:
                return ()
            self._start.disconnected()
            await self._start.connect()
        except TelegramAPIError as error:
            raise Unanswered(type(error).__name__) from error
        return self._told("telegram_hook")

    def _told(self, kind: str) -> tuple[Trouble, ...]:
        return tuple(Trouble(kind=kind, shop=shop, mended=True) for shop in self.shops[:1])
