"""One update on its way in: decoded, carried out, committed; answered afterwards. Polling and webhook share it.

An update that cannot be used (a shape nobody foresaw, a step that failed) is kept for a repair and counts as taken: Telegram
holds back everything else of that chat until an update is taken.
"""

from __future__ import annotations

import json
import logging
import traceback

from aiogram.types import Update

from bot.desk import TelegramDesk
from bot.inbound import Inbound
from engine.ports import StoreUnavailable

log = logging.getLogger("doorstep.telegram")

#: The name under which updates are counted.
ROUTE = "telegram"


class Intake:
    """Takes updates for one bot."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self.inbound = Inbound(desk)
        #: The name under which this bot's updates are kept: only the bot that got one can answer it.
        self.route = f"{ROUTE}:{desk.calls.bot_id}"

    async def take(self, body: bytes) -> None:
        """Returns when the update is committed, or kept. Raises StoreUnavailable: nothing was written, it has to come again.

        A kept update is replayed by giving its body to this method again.
        """
        front = self._desk.front
        try:
            update = Update.model_validate(json.loads(body), context={"bot": self._desk.calls.bot})
            answers = await self.inbound.handle(update)
        except StoreUnavailable:
            front.count("hook_unavailable", route=ROUTE)
            raise
        except Exception as error:  # noqa: BLE001 - the outer loop of an update: logged, kept, and the next one is taken
            log.error("telegram.update_failed", extra={"error": type(error).__name__, "frames": frames_of(error)})
            await front.keep(self.route, body, {"content-type": "application/json"}, type(error).__name__)
            front.count("hook_kept", route=ROUTE)
            return
        self._desk.calls.afterwards(answers)


def frames_of(error: Exception) -> str:
    """Where it happened, without the exception's own words: they may quote what somebody wrote."""
    return "".join(traceback.format_tb(error.__traceback__))
