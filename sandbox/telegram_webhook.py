"""Updates carried to the bot's webhook the way Telegram does it.

Per chat in order, and a refused update holds back its chat but no other. The first repeat comes at once, then after 2, 4, 8 …
seconds, at most a random 60 to 120, on the world's clock; Retry-After is obeyed up to an hour; 23 hours of 410 end the webhook.
A 2xx answer with a `method` in its body is carried out once and its result thrown away.
Source: github.com/tdlib/telegram-bot-api WebhookActor.cpp at 0cf13d3, read November 2026.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp

from sandbox.telegram_params import Json, Params, bad_request
from sandbox.telegram_updates import Update, Updates
from sandbox.world import World

PORTS = frozenset({80, 88, 443, 8443})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (the name of a header)
MAX_RETRY_AFTER_S = 3600
LONGEST_DELAY_S = (60.0, 120.0)  # a random one between
GONE_FOR = timedelta(hours=23)
#: Real seconds between two looks at the world's clock while a repeat waits for it.
WATCH_STEP_S = 0.02


@dataclasses.dataclass(slots=True)
class Lane:
    """The updates of one chat on their way."""

    busy: bool = False
    retry_at: datetime | None = None
    trying: int = 0  # the update at its head
    failures: int = 0  # of that update
    delay_s: float = 1.0  # the last delay of our own choice


class Webhook:
    """Delivers while `url` is set. `timeout_s` are real seconds that one request may take."""

    def __init__(self, world: World, updates: Updates, carry_out: Callable[[str, Params], object]) -> None:
        self._world = world
        self._updates = updates
        self._carry_out = carry_out
        self._lanes: dict[int, Lane] = {}
        self._session: aiohttp.ClientSession | None = None
        self._watch: asyncio.Task[None] | None = None
        self._random = random.Random(20)
        self._gone_since: datetime | None = None
        self.url = ""
        self.secret = ""
        self.certificate = False
        self.max_connections = 40
        self.timeout_s = 60.0
        self.last_error: tuple[datetime, str] | None = None
        updates.tell = self.go_on

    def set_up(self, url: str, secret: str, max_connections: int, *, certificate: bool = False) -> None:
        """Raises Refused 400 as Telegram does; plain http and other ports are taken on loopback alone, and only loopback is reached."""
        check_address(url)
        if len(secret) > 256 or (secret and not re.fullmatch(r"[A-Za-z0-9_-]+", secret)):
            raise bad_request(
                "secret token contains unallowed characters" if len(secret) <= 256 else "secret token is too long"
            )
        if not 1 <= max_connections <= 100:
            raise bad_request("max_connections must be between 1 and 100")
        self.url, self.secret, self.max_connections, self.certificate = url, secret, max_connections, certificate
        self._lanes.clear()
        self._gone_since = None
        self.last_error = None
        self.go_on()

    def take_down(self) -> None:
        self.url = self.secret = ""
        self._lanes.clear()

    def info(self) -> Json:
        told: Json = {
            "url": self.url,
            "has_custom_certificate": self.certificate,
            "pending_update_count": len(self._updates.pending()),
        }
        if self.url:
            told |= {"max_connections": self.max_connections, "ip_address": "127.0.0.1"}
            if self.last_error is not None:
                told |= {
                    "last_error_date": int(self.last_error[0].timestamp()),
                    "last_error_message": self.last_error[1],
                }
        return told | ({"allowed_updates": self._updates.allowed} if self._updates.allowed else {})

    def next_retry_at(self) -> datetime | None:
        """The moment of the world's clock at which a refused update is carried again; None when none waits."""
        return min((lane.retry_at for lane in self._lanes.values() if lane.retry_at is not None), default=None)

    def go_on(self) -> None:
        """Start every delivery that may start now."""
        if not self.url:
            return
        now = self._world.now()
        first: dict[int, Update] = {}
        for update in self._updates.pending():
            first.setdefault(update.lane, update)
        free = self.max_connections - sum(lane.busy for lane in self._lanes.values())
        for key, update in first.items():
            lane = self._lanes.setdefault(key, Lane())
            if free > 0 and not lane.busy and (lane.retry_at is None or lane.retry_at <= now):
                free -= 1
                lane.busy, lane.retry_at = True, None
                self._world.spawn(self._deliver(lane, update))
        for key in [key for key, lane in self._lanes.items() if key not in first and not lane.busy]:
            del self._lanes[key]
        if self.next_retry_at() is not None and (self._watch is None or self._watch.done()):
            self._watch = asyncio.ensure_future(self._wait_for_clock())

    async def close(self) -> None:
        self.url = ""
        if self._watch is not None:
            self._watch.cancel()
        if self._session is not None:
            await self._session.close()

    async def _wait_for_clock(self) -> None:
        while (due := self.next_retry_at()) is not None:
            if due <= self._world.now():
                self.go_on()
            await asyncio.sleep(WATCH_STEP_S)

    async def _deliver(self, lane: Lane, update: Update) -> None:
        try:
            why, retry_after_s = await self._post(update)
        finally:
            lane.busy = False
        if why:
            self.last_error = (self._world.now(), why)
            self._repeat_later(lane, update, retry_after_s)
        else:
            self._updates.done(update)
        self.go_on()

    def _repeat_later(self, lane: Lane, update: Update, retry_after_s: int) -> None:
        """Sets the moment of the repeat; an update whose time is over before that is dropped now."""
        if lane.trying != update.id:
            lane.trying, lane.failures, lane.delay_s = update.id, 0, 1.0
        wait_s: float = min(max(retry_after_s, 0), MAX_RETRY_AFTER_S)
        if wait_s == 0 and lane.failures > 0:
            wait_s = lane.delay_s = min(self._random.uniform(*LONGEST_DELAY_S), lane.delay_s * 2)
        lane.failures += 1
        retry_at = self._world.now() + timedelta(seconds=wait_s)
        if retry_at > update.until:
            self._updates.done(update)
        else:
            lane.retry_at = retry_at

    async def _post(self, update: Update) -> tuple[str, int]:
        """("", 0) when taken; else why not, and the seconds of the refusal's Retry-After (0: none)."""
        if self._session is None:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        limit = aiohttp.ClientTimeout(total=self.timeout_s)
        try:
            async with self._session.post(
                self.url, json=update.shown(), headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError, TimeoutError):
            return "Webhook connection closed", 0
        if 200 <= answer.status < 300:
            self._gone_since = None
            self._answered(body)
            return "", 0
        self._gone(answer.status)
        after = answer.headers.get("Retry-After", "")
        return f"Wrong response from the webhook: {answer.status} {answer.reason}", int(after) if after.isdigit() else 0

    def _gone(self, status: int) -> None:
        now = self._world.now()
        if status != 410:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since > GONE_FOR:
            self.take_down()

    def _answered(self, body: bytes) -> None:
        try:
            wish = json.loads(body)
        except ValueError:
            return
        method = wish.pop("method", None) if isinstance(wish, dict) else None
        if isinstance(method, str) and not method.lower().startswith("get"):
            self._carry_out(method, Params(wish))


def check_address(url: str) -> None:
    """Raises Refused 400 for an address that Telegram would not take, or that this sandbox will not reach."""
    address = urlsplit(url)
    if address.hostname in LOOPBACK and address.scheme in {"http", "https"}:
        return
    if address.scheme != "https" or not address.hostname:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (address.port or 443) not in PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    raise bad_request("bad webhook: Failed to resolve host: Name or service not known")
