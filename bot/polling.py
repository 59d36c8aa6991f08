"""Long polling with an own loop: an update is confirmed to Telegram only after it was committed here.

Updates of one chat are taken one after another, those of different chats side by side; the next batch is asked for when the
whole batch is done. While the store cannot write, the same update is tried again and nothing is confirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter
from aiogram.methods import TelegramMethod

from bot.calls import TelegramCalls, code_of, waited
from bot.hearing import Hearing
from bot.inbound import ALLOWED_UPDATES
from bot.intake import Intake, frames_of
from bot.start import Start
from engine.ports import StoreUnavailable

log = logging.getLogger("doorstep.telegram")

#: How long Telegram holds a poll open when there is nothing; 50 s is its most.
POLL_S = 25
#: What a poll may take beyond that.
MARGIN_S = 10
#: The first pause after a failure, doubled each time up to the longest.
AGAIN_S = 1.0
AGAIN_MOST_S = 30.0
#: At the end one last call confirms what was taken; nobody waits for it longer.
FAREWELL_S = 3

Raw = dict[str, Any]


class GetRawUpdates(TelegramMethod[list[Raw]]):
    """getUpdates, undecoded: one update of an unforeseen shape must not spoil its batch.

    Source: https://core.telegram.org/bots/api#getupdates, read 2026-11
    """

    __returning__ = list[dict[str, Any]]
    __api_method__ = "getUpdates"

    offset: int | None = None
    limit: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


class Polling:
    """One bot's poll. `run` goes on until `stop`; Telegram being away is waited out."""

    def __init__(
        self,
        calls: TelegramCalls,
        intake: Intake,
        start: Start,
        hearing: Hearing,
        *,
        poll_s: int = POLL_S,
        again_s: float = AGAIN_S,
    ) -> None:
        self._calls = calls
        self._hearing = hearing
        self._intake = intake
        self._start = start
        self._poll_s = poll_s
        self._again_s = again_s
        self._stop = asyncio.Event()
        #: None once everything taken is confirmed: after a quiet week Telegram goes on with any other number.
        self._offset: int | None = None

    def stop(self) -> None:
        """End after the update under way."""
        self._stop.set()

    async def run(self) -> None:
        pause_s = self._again_s
        while not self._stop.is_set():
            try:
                await self._start.connect()
                await self._hearing.starts()
                updates = await self._fetch()
                if not self._stop.is_set():
                    await self._hearing.heard()
                await self._take_all(updates)
                pause_s = self._again_s
            except TelegramAPIError as error:
                self._hearing.missed()
                pause_s = await self._pause(error, pause_s)
            except StoreUnavailable:
                log.warning("telegram.store_unavailable")
                await waited(self._stop, pause_s)
            except Exception as error:  # noqa: BLE001 - the outer loop of the bot: logged, and it goes on
                log.error("telegram.poll_bug", extra={"error": type(error).__name__, "frames": frames_of(error)})
                await waited(self._stop, AGAIN_MOST_S)
        await self._confirm()
        with contextlib.suppress(StoreUnavailable):
            await self._hearing.ends()

    async def _fetch(self) -> list[Raw]:
        """What waits, after at most `poll_s`; nothing when told to stop meanwhile."""
        poll = GetRawUpdates(offset=self._offset, timeout=self._poll_s, allowed_updates=ALLOWED_UPDATES)
        asked = asyncio.ensure_future(self._calls.ask(poll, self._poll_s + MARGIN_S))
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({asked, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                return []
            updates = asked.result()
        finally:
            asked.cancel()
            stopped.cancel()
        if not updates:
            self._offset = None
        return updates

    async def _take_all(self, updates: list[Raw]) -> None:
        """The offset moves on only when every update of the batch was committed or kept."""
        lanes: dict[int, list[Raw]] = {}
        for update in updates:
            lanes.setdefault(_chat_of(update), []).append(update)
        done = await asyncio.gather(*(self._take_lane(lane) for lane in lanes.values()))
        if updates and all(done):
            self._offset = max(int(update["update_id"]) for update in updates) + 1

    async def _take_lane(self, updates: list[Raw]) -> bool:
        for update in updates:
            if not await self._take(update):
                return False
        return True

    async def _take(self, update: Raw) -> bool:
        """False: stopped before it could be written."""
        body = json.dumps(update, ensure_ascii=False).encode()
        pause_s = self._again_s
        while True:
            try:
                await self._intake.take(body)
                return True
            except StoreUnavailable:
                log.warning("telegram.store_unavailable")
                if await waited(self._stop, pause_s):
                    return False
                pause_s = min(pause_s * 2, AGAIN_MOST_S)

    async def _pause(self, error: TelegramAPIError, pause_s: float) -> float:
        """Wait after a failed call; gives the next pause."""
        log.warning("telegram.poll_failed", extra={"error": type(error).__name__, "code": code_of(error)})
        if isinstance(error, TelegramConflictError):
            self._start.conflicts += 1
            self._start.disconnected()  # a webhook was set, or a second program polls with this token
        wait_s = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else pause_s
        await waited(self._stop, wait_s)
        return min(pause_s * 2, AGAIN_MOST_S)

    async def _confirm(self) -> None:
        if self._offset is None:
            return
        last = GetRawUpdates(offset=self._offset, limit=1, timeout=0, allowed_updates=ALLOWED_UPDATES)
        try:
            await self._calls.ask(last, FAREWELL_S)
        except TelegramAPIError as error:
            log.info("telegram.not_confirmed", extra={"error": type(error).__name__})  # they come again and are known


def _chat_of(update: Raw) -> int:
    """The chat whose updates keep their order; 0 where an update names none."""
    for body in update.values():
        if isinstance(body, dict):
            message = body.get("message") if isinstance(body.get("message"), dict) else body
            chat = message.get("chat") if isinstance(message, dict) else None
            if isinstance(chat, dict) and isinstance(chat.get("id"), int):
                return int(chat["id"])
    return 0
