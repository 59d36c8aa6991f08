"""Calls to the Bot API: each is made once, and its end is known as well as it can be.

no connection was made                                   NotConnected: nothing left
reset, timeout or nonsense after that                    NoAnswer: Telegram may have acted
ok: false                                                aiogram's own exceptions

Neither an address (it holds the token) nor a text is in any exception of this module, in its chain, or in a log line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import TelegramMethod

from flows.effects import Outcome, Refused, TryAgain, Unknown

log = logging.getLogger("doorstep.telegram")

#: For a whole request. Telegram answers in well under a second, or has trouble.
TIMEOUT_S = 15.0
#: To make a connection, TLS included.
CONNECT_TIMEOUT_S = 5.0
#: Shorter than a server keeps an idle connection, so that a request does not meet one that is just closing.
KEEP_ALIVE_S = 10.0
#: Until a server that could not be reached is tried again.
NO_CONNECTION_AGAIN_S = 10.0
#: Until the next try where something at the bot's own set-up has to change: its token, its rights in the group.
SETUP_AGAIN_S = 300.0
#: Until the next try where Telegram throttles without saying for how long.
THROTTLED_AGAIN_S = 30.0
#: A courtesy (a toast, an echo) that has to wait longer than this is not worth it any more.
COURTESY_WAIT_S = 60.0
COURTESY_TRIES = 3

T = TypeVar("T")

#: What Telegram says with a 400 -> our code. Source: messages of github.com/tdlib/telegram-bot-api and td, read 2026-11
_BAD_REQUESTS = (
    ("message is not modified", "not_modified"),
    ("message to edit not found", "message_gone"),
    ("message can't be edited", "message_gone"),
    ("message_id_invalid", "message_gone"),
    ("chat not found", "chat_gone"),
    ("group chat was deactivated", "chat_gone"),
    ("peer_id_invalid", "chat_gone"),
    ("not enough rights", "no_rights"),
    ("have no rights", "no_rights"),
    ("chat_write_forbidden", "no_rights"),
    ("message thread not found", "topic_gone"),
    ("topic_closed", "topic_gone"),
    ("message is too long", "too_long"),
)


class NotConnected(TelegramNetworkError):
    """No byte of the request left."""


class NoAnswer(TelegramNetworkError):
    """The request left and no usable answer came."""


class _Session(AiohttpSession):
    """aiogram's session with own timeouts, without waiting at the end, and with exceptions that name classes only."""

    def __init__(self, api: TelegramAPIServer) -> None:
        super().__init__(api=api, timeout=TIMEOUT_S)
        self._connector_init["keepalive_timeout"] = KEEP_ALIVE_S

    async def make_request(self, bot: Bot, method: TelegramMethod[T], timeout: int | None = None) -> T:
        session = await self.create_session()
        url = self.api.api_url(token=bot.token, method=method.__api_method__)
        limit = aiohttp.ClientTimeout(
            total=self.timeout if timeout is None else timeout, sock_connect=CONNECT_TIMEOUT_S
        )
        form = self.build_form_data(bot=bot, method=method)
        try:
            async with session.post(url, data=form, timeout=limit, allow_redirects=False) as response:
                content = await response.text()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnected(method, type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NoAnswer(method, type(error).__name__) from None
        try:
            answer = self.check_response(bot=bot, method=method, status_code=response.status, content=content)
        except ClientDecodeError:
            raise NoAnswer(method, f"undecodable {response.status}") from None
        return cast(T, answer.result)

    async def close(self) -> None:
        if self._session is not None and not self._session.closed:
            await self._session.close()


class TelegramCalls:
    """One bot's way to the Bot API. Belongs to one event loop."""

    def __init__(self, token: str, base_url: str) -> None:
        self.bot = Bot(token, session=_Session(TelegramAPIServer.from_base(base_url.rstrip("/"))))
        self._under_way: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()

    @property
    def bot_id(self) -> int:
        return self.bot.id

    async def ask(self, method: TelegramMethod[T], timeout_s: float | None = None) -> T:
        """One call. Raises what aiogram raises, NotConnected and NoAnswer among it."""
        return await self.bot(method, request_timeout=None if timeout_s is None else int(timeout_s))

    def afterwards(self, methods: Sequence[TelegramMethod[Any]]) -> None:
        """Courtesies that nobody waits for, in their order: toasts, echoes, farewells. What must not be lost is an effect."""
        if methods:
            task = asyncio.ensure_future(self._courtesies(methods))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def settled(self) -> None:
        """Returns when no courtesy is under way."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def close(self) -> None:
        self._stop.set()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self.bot.session.close()

    async def _courtesies(self, methods: Sequence[TelegramMethod[Any]]) -> None:
        for method in methods:
            await self._courtesy(method)

    async def _courtesy(self, method: TelegramMethod[Any]) -> None:
        """Only a definite "later" is tried again."""
        for _ in range(COURTESY_TRIES):
            try:
                await self.ask(method)
                return
            except TelegramRetryAfter as later:
                if later.retry_after > COURTESY_WAIT_S or await waited(self._stop, later.retry_after):
                    return
            except TelegramAPIError as error:
                extra = {"call": method.__api_method__, "error": type(error).__name__}
                log.info("telegram.courtesy_failed", extra=extra)
                return


async def waited(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long; True at once when `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


def code_of(error: TelegramAPIError) -> str:
    """Our short code for a refusal; never Telegram's words, which may quote what was sent."""
    if isinstance(error, TelegramForbiddenError):
        return "no_rights" if "rights" in error.message.lower() else "chat_gone"
    if isinstance(error, TelegramUnauthorizedError | TelegramNotFound):
        return "token_refused"
    if isinstance(error, TelegramBadRequest):
        said = error.message.lower()
        return next((code for words, code in _BAD_REQUESTS if words in said), "bad_request")
    if isinstance(error, TelegramEntityTooLarge):
        return "too_long"
    return "too_many" if "too many requests" in error.message.lower() else "refused"


def outcome_of(error: TelegramAPIError) -> Outcome:
    """What a failed call means for its effect."""
    match error:
        case NotConnected():
            return TryAgain(NO_CONNECTION_AGAIN_S, "not_connected")
        case TelegramRetryAfter():
            return TryAgain(float(error.retry_after), "too_many")
        case TelegramEntityTooLarge():
            return Refused("too_long")
        case TelegramNetworkError():
            return Unknown("no_answer")
        case TelegramServerError():
            return Unknown("server_error")
    code = code_of(error)
    if code in ("no_rights", "token_refused"):
        return TryAgain(SETUP_AGAIN_S, code)
    if code == "too_many":
        return TryAgain(THROTTLED_AGAIN_S, code)
    return Refused(code)
