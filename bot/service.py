"""One bot, put together: the desk for the outbox, and updates in by polling or by webhook."""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.desk import TelegramDesk
from bot.groups import OnMigrated
from bot.hearing import Hearing
from bot.intake import Intake
from bot.polling import AGAIN_S, POLL_S, Polling
from bot.start import Start
from bot.watch import TelegramWatch
from bot.webhook import Hook, hook_of, routes
from engine.ports import Front

#: A call that hangs at the end is given up after so long; what it would have confirmed comes again and is known.
CLOSE_S = 5.0


class TelegramService:
    """`desk` is the port for the outbox; `routes` belong to the web application; `run` goes on until `close`.

    `public_url` and `secret`: webhook mode, else polling. `shops`: those of this bot; None: every shop that has a group.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        front: Front,
        *,
        public_url: str = "",
        secret: str = "",
        shops: frozenset[str] | None = None,
        on_migrated: OnMigrated | None = None,
        poll_s: int = POLL_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self.desk = TelegramDesk(token, base_url, front, shops=shops, on_migrated=on_migrated)
        self.intake = Intake(self.desk)
        self._start = Start(self.desk, self.intake.inbound, public_url, secret, again_s)
        self._polling: Polling | None = None
        if not public_url:
            hearing = Hearing(front, self.desk.groups)
            self._polling = Polling(self.desk.calls, self.intake, self._start, hearing, poll_s=poll_s, again_s=again_s)
        self._secret = secret
        self.watch = TelegramWatch(self.desk, self._start, public_url)
        self._running: asyncio.Task[None] | None = None

    def hook(self) -> Hook | None:
        """Where its updates are taken in webhook mode; None when polling."""
        return None if self._polling is not None else hook_of(self.desk, self.intake, self._secret)

    def routes(self) -> list[web.RouteDef]:
        """POST /hooks/telegram for this bot alone; nothing when polling. Several bots share it: bot.webhook.routes."""
        hook = self.hook()
        return routes([hook]) if hook is not None else []

    def start(self) -> None:
        """Begin; returns at once, whether Telegram answers or not."""
        self._running = asyncio.ensure_future(self.run())

    async def run(self) -> None:
        work = [self._start.keep_trying()]
        if self._polling is not None:
            work.append(self._polling.run())
        await asyncio.gather(*work)

    async def close(self) -> None:
        """End after the update under way. What was taken is confirmed, courtesies under way are dropped."""
        self._start.stop()
        if self._polling is not None:
            self._polling.stop()
        if self._running is not None:
            await asyncio.wait({self._running}, timeout=CLOSE_S)
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        await self.desk.close()
