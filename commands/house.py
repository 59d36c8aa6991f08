"""The house: the parts, built from the settings and wired."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from commands import compiled
from flows.pointers import conversation

if TYPE_CHECKING:
    import socket

    from aiohttp import web

    from engine.clock import Clock
    from engine.settings import Settings

log = logging.getLogger("doorstep.house")

#: How often the service looks after itself: backlogs, work that a process left behind.
SWEEP = timedelta(seconds=20)
#: Timers wait so long at most for what was missed before the start, in machine seconds.
FIRST_SWEEP_S = 20.0
#: So many new containers before the garbage collector looks at them. With its usual 700 it looks at what forty requests under way
#: hold, finds them all alive, and does so again for the next forty.
YOUNG_MOST = 10_000
#: A thread that waits for the interpreter gets it after so long. With Python's usual 5 ms a commit begins when the loop has nothing
#: left to do, a millisecond late, and the loop then waits for it.
SWITCH_S = 0.0005


class House:
    """The parts, built and wired from the settings. `start` opens the doors, `stop` closes them in order."""

    def __init__(self, settings: Settings, clock: Clock, extra: Any = None, storage_path: str | None = None) -> None:
        import secrets

        from adapters import health, imap
        from adapters.http import make_app, make_runner
        from adapters.wiring import Providers
        from engine import metrics
        from engine.clock import SteadyClock
        from engine.decide import Decider
        from engine.engine import Engine
        from engine.knowing import Knowing
        from engine.lanes import Lanes
        from engine.leases import Processes
        from engine.outbox import Outbox
        from engine.performing import Performing
        from engine.pulse import ConfirmingWatch, Counting, FailingWatch, SilenceWatch
        from engine.rates import rates
        from engine.reconciling import Reconciler
        from engine.retention import Retention
        from engine.settings import people, policies
        from engine.templates import TemplateWatch
        from engine.timers import Timers
        from engine.tokens import Tokens
        from engine.watching import ClockWatch, DiskWatch, RejectedWatch, Watchdog
        from storage.opening import open_store
        from storage.serving_lock import ServingLock

        self.settings = settings
        self.clock = clock
        self.process = secrets.token_hex(6)
        key = settings.storage.key()
        former = settings.storage.former_keys()
        tokens = Tokens(key, former)
        self.ended = asyncio.Event()
        path = storage_path or settings.storage.path
        self.lock = ServingLock(path) if path is not None else None
        self.store = open_store(path or settings.storage.url.reveal(), key, self._fatal, former)
        self.policies = policies(settings)
        decider = Decider(self.policies, Lanes(rates(self.policies)), self.process)
        self.engine = Engine(self.store, decider, clock, tokens)
        self.several = None
        if isinstance(self.store, Processes):
            from storage.several import Several

            redis = settings.storage.redis.reveal() if settings.storage.redis else None
            self.several = Several(self.engine, self.store, self.process, redis, key, self._fatal)
        bursts = {"bursts": self.several.bursts} if self.several else {}
        self.engine.knowing = Knowing(self.store, self.policies, **bursts)
        self.providers = Providers(settings, clock.now)
        channels = self.several.channels(self.providers.channels) if self.several else self.providers.channels
        self.performing = Performing(self.engine, channels, tokens, settings.public_url, self.process)
        self.performing.history = self.store
        self.performing.shops = self.providers.shops
        self.performing.media = self.providers.media
        self.outbox = Outbox(self.engine, self.performing, self.process)
        self.timers = Timers(self.engine)
        self.people = {shop.id: people(settings, shop.id) for shop in settings.shops}
        self.known_faults: dict[str, str] = {}
        self.bots: list[Any] = []
        self.polling: list[Any] = []  # of the bots: of several processes, one polls
        self.mailboxes = imap.readers(settings, self.engine)
        routes: list[web.RouteDef] = self.providers.routes(self.engine, key)
        lags = metrics.Lags(self.outbox.ages_s, self.timers.lag_s)
        routes += health.Health(self, metrics.registry(self.engine.counters, self.engine.waits, lags)).routes()
        routes += self._telegram()
        self.reconciler = Reconciler(self.engine, self.providers.sweepers(self.engine))
        self.retention = Retention(self.engine)
        steady = SteadyClock()
        self.timers.trusted = steady.steady
        near: list[Any] = [
            Counting(self.engine, self.process),
            RejectedWatch(self.engine),
            ClockWatch(self.engine, steady),
            FailingWatch(self.engine),
        ]
        self.watchdog = Watchdog(self.engine, [*near, DiskWatch(self.engine, path)] if path is not None else near)
        far: list[Any] = [SilenceWatch(self.engine), ConfirmingWatch(self.engine), *self.providers.watches()]
        far += [TemplateWatch(self.engine, p) for p in self.providers.templates()]
        self.far_watchdog = Watchdog(self.engine, [*far, *(bot.watch for bot in self.bots)])
        self.app = make_app(self.engine, [*routes, *(extra(self) if extra else ())])
        self.runner = make_runner(self.app)
        self.tasks: list[asyncio.Task[Any]] = []

    async def _moved(self, old: str, new: str) -> None:
        from engine.opening import group_moved

        await group_moved(self.engine, old, new)

    def _fatal(self, why: str) -> None:
        """The disk can no longer be trusted: end, and let the supervisor start us on what it really holds."""
        print(f"doorstep: {why}", file=sys.stderr)
        os._exit(70)

    def _telegram(self) -> list[web.RouteDef]:
        """One bot for each token, imported (slowly) only where a shop has a group."""
        blocks = {s.id: b for s in self.settings.shops if (b := self.settings.blocks(s).telegram) is not None}
        tokens = {block.token.reveal(): block for block in blocks.values()}
        if not tokens:
            return []
        from bot.service import TelegramService
        from bot.webhook import routes as webhook_routes

        desks: dict[str, Any] = {}
        for token, block in tokens.items():
            shops = frozenset(shop for shop, other in blocks.items() if other.token.reveal() == token)
            webhook = block.mode == "webhook"
            bot = TelegramService(
                token,
                block.base_url,
                self.engine,
                public_url=self.settings.public_url if webhook else "",
                secret=block.webhook_secret.reveal() if webhook and block.webhook_secret else "",
                shops=shops,
                on_migrated=self._moved,
            )
            self.bots.append(bot)
            if not webhook:
                self.polling.append(bot)
            desks |= dict.fromkeys(shops, bot.desk)
        self.performing.desks = desks
        return webhook_routes([hook for bot in self.bots if (hook := bot.hook()) is not None])

    # -- adapters.health.Probe

    async def counts(self) -> dict[str, int]:
        return await self.store.counts()

    def faults(self) -> dict[str, str]:
        late = {f"lane {name}": f"{int(s)} s behind" for name, s in self.outbox.backlog_s().items() if s > 60}
        troubles = {**self.watchdog.troubles, **self.far_watchdog.troubles}
        return {**self.known_faults, **late, **troubles}

    async def start(self, host: str, port: int, listening: socket.socket | None = None) -> None:
        """`listening`: a socket that is bound already, in place of host and port."""
        from aiohttp import web

        from adapters.replaying import replay
        from engine.opening import open_desks

        if self.lock is not None:
            self.lock.take()
        if self.several is not None:
            await self.several.start(on_lead=lambda: self._start_bots([*self.polling, *self.mailboxes]))
        await open_desks(self.engine, self.people)
        await self._doubt()
        if self.several is None:
            await self.outbox.recover()
        await replay(
            self.store,
            self.engine,
            self.providers.parsers(self.engine),
            {taker.route: taker.take for taker in [*(bot.intake for bot in self.bots), *self.mailboxes]},
        )
        self.tasks.append(asyncio.create_task(self._wake_up()))
        await self.runner.setup()
        if listening is None:
            await web.TCPSite(self.runner, host, port, backlog=512, reuse_address=True).start()
        else:
            await web.SockSite(self.runner, listening, backlog=512).start()
        self._start_bots([bot for bot in self.bots if self.several is None or bot not in self.polling])
        self._start_bots(self.mailboxes if self.several is None else [])
        self.tasks.append(asyncio.create_task(self._sweep()))
        # lexicon and catalogues are a million objects that live for ever: a collection that walks them stops the loop for 0.1 s,
        # and a service that has just said it is ready does not begin with one
        gc.freeze()
        gc.set_threshold(YOUNG_MOST)
        gc.enable()
        sys.setswitchinterval(SWITCH_S)

    async def _wake_up(self) -> None:
        """Timers run after the first sweep: whoever answered during an outage is not asked once more by a rung that is late."""
        with contextlib.suppress(TimeoutError):
            if self.several is None or self.several.leases.leads:
                await asyncio.wait_for(self.reconciler.sweep(), FIRST_SWEEP_S)
        self.timers.start()

    async def _doubt(self) -> None:
        """Data that came out of a backup: ask before sending, and say so once."""
        from engine.restored import ASK_FOR, Doubt
        from engine.watching import house_shops
        from storage.sqlite import SqliteStore

        restored = self.store.restored() if isinstance(self.store, SqliteStore) else None
        now = self.engine.now()
        if restored is None or now > restored.restored_at + ASK_FOR:
            return
        self.performing.doubt = Doubt(restored, now, lambda id_: self.store.load(conversation(id_)))
        doubtful = len(await self.store.in_flight())
        for shop in house_shops(self.engine):
            await self.engine.alarm(shop, "restored", str(restored.epoch), True, count=doubtful)

    def _start_bots(self, bots: list[Any]) -> None:
        for bot in bots:
            bot.start()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP.total_seconds())
            for look in (
                self.engine.look_at_desks,
                self.outbox.watch_backlog,
                self.outbox.glance,
                self.look_around,
            ):
                try:  # one that fails holds up no other, and not the next round
                    await look()
                except Exception:
                    log.exception("house.look_failed", extra={"look": look.__name__})

    async def look_around(self) -> None:
        """Sweeps and watches whose time has come. Of several processes the leading one asks the providers."""
        await self.watchdog.look()
        if self.several is None or self.several.leases.leads:
            await self.reconciler.look()
            await self.far_watchdog.look()
            self.retention.look()

    async def next_moment(self) -> datetime | None:
        moments = [m for m in (await self.store.next_due(), self.outbox.next_moment()) if m is not None]
        return min(moments, default=None)

    def busy(self) -> int:
        return self.outbox.busy() + self.timers.busy

    async def stop(self) -> None:
        """No new request, finish what runs, then close."""
        await self.runner.cleanup()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.retention.stop()
        await self.timers.stop()
        await self.outbox.stop()
        for bot in [*self.bots, *self.mailboxes]:
            await bot.close()
        if self.several is not None:
            await self.several.stop()
        await self.providers.close()
        await self.store.close()
        if self.lock is not None:
            self.lock.release()


async def run(house: House, host: str, port: int, listening: socket.socket | None = None) -> None:
    """Until Ctrl-C, or until `house.ended` is set."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, house.ended.set)
    await house.start(host, port, listening)
    machine_code = f"; {compiled.in_words()}" if compiled.in_use() else ""
    click.echo(f"Doorstep listens on http://{host}:{port}{machine_code}", err=True)
    await house.ended.wait()
    click.echo("Stopping: finishing what is under way …", err=True)
    await house.stop()
