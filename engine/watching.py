"""The watchdog: every few minutes it looks at what can fail in silence, and the owner hears of each trouble once, with its mend.

A trouble that lasts is told once, and again only after it was well in between; one that could be put right at once is told, and
not again within some hours (flows/desk_step.py). What the owner has heard stands in the desk's document, so a restart repeats nothing.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from engine.clock import SteadyClock
from engine.engine import Engine
from engine.ports import StoreUnavailable, Trouble, Unanswered, Watch
from flows import pointers
from flows.desk_events import AlarmOver

log = logging.getLogger("doorstep.watching")

#: Between two looks, business time.
EVERY = timedelta(minutes=4)
#: Less free space than this is low: at a thousand orders a day it lasts for months, and a log may fill it in a night.
DISK_LEAST_MB = 500
#: More refused webhooks in a minute than this are no accident.
REJECTED_A_MINUTE = 20


class Watchdog:
    """One per process; of several processes the leading one looks at the providers."""

    def __init__(self, engine: Engine, watches: Sequence[Watch]) -> None:
        self._engine = engine
        self._watches = watches
        self._next: datetime | None = None
        self.troubles: dict[str, str] = {}  # name of a watch -> what it found last, for /readyz?verbose

    async def look(self) -> None:
        """Look, if it is time."""
        now = self._engine.now()
        if self._next is None or now >= self._next:
            self._next = now + EVERY
            await self.look_now()

    async def look_now(self) -> None:
        """A watch that fails holds up no other."""
        for watch in self._watches:
            try:
                await self._one(watch)
            except Unanswered as error:
                log.warning("watch.unanswered", extra={"watch": watch.name, "why": str(error)})
            except StoreUnavailable:
                log.warning("watch.store_unavailable", extra={"watch": watch.name})
            except Exception:
                log.exception("watch.failed", extra={"watch": watch.name})

    async def _one(self, watch: Watch) -> None:
        found = await watch.look()
        self.troubles.pop(watch.name, None)
        lasting: set[tuple[str, str]] = set()
        for trouble in found:
            about = f"{watch.name}/{trouble.about}"
            self.troubles[watch.name] = trouble.kind
            log.warning("watch.trouble", extra={"watch": watch.name, "kind": trouble.kind, "shop": trouble.shop})
            lasting.add((trouble.shop, f"{trouble.kind}:{about}"))
            await self._engine.alarm(trouble.shop, trouble.kind, about, not trouble.mended, **trouble.values)
        for shop in watch.shops:
            for key in (await self._engine.desk(shop)).alerts:
                kind, _, about = key.partition(":")
                if about.startswith(f"{watch.name}/") and (shop, key) not in lasting and kind not in MENDED:
                    await self._over(shop, key)

    async def _over(self, shop: str, key: str) -> None:
        now = self._engine.now()
        await self._engine.handle(
            AlarmOver(event_id=f"over:{key}:{now.isoformat()}", to=(pointers.desk(shop),), at=now, key=key)
        )


#: Kinds of trouble that are mended or past as soon as they are seen: not over for good, their hours of rest run on.
MENDED = frozenset({"hook_mended", "telegram_hook", "hooks_rejected", "clock_jumped"})


def house_shops(engine: Engine) -> tuple[str, ...]:
    """One shop for each staff group: who hears of what concerns the whole house."""
    first: dict[str, str] = {}
    for shop, policy in engine.policies.items():
        first.setdefault(policy.staff_chat, shop)
    return tuple(first.values())


class _OfTheHouse:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def shops(self) -> tuple[str, ...]:
        return house_shops(self._engine)

    def _all(self, kind: str, mended: bool = False, **values: str | int) -> tuple[Trouble, ...]:
        return tuple(Trouble(kind=kind, shop=shop, values=values, mended=mended) for shop in self.shops)


class DiskWatch(_OfTheHouse):
    """Is there room for the database?"""

    name = "disk"

    def __init__(self, engine: Engine, path: str, free_mb: Callable[[str], int] | None = None) -> None:
        super().__init__(engine)
        self._folder = str(Path(path).resolve().parent)
        self._free_mb = free_mb or (lambda folder: shutil.disk_usage(folder).free // 1_000_000)

    async def look(self) -> tuple[Trouble, ...]:
        free = self._free_mb(self._folder)
        return self._all("disk_low", free_mb=free) if free < DISK_LEAST_MB else ()


class RejectedWatch(_OfTheHouse):
    """Does somebody forge webhooks, or has a secret changed?"""

    name = "rejected"

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._before: dict[str, int] = {}
        self._at = engine.now()

    async def look(self) -> tuple[Trouble, ...]:
        now = self._engine.now()
        minutes = max((now - self._at).total_seconds() / 60, 1.0)
        counted = {
            dict(labels)["route"]: int(n)
            for (name, labels), n in self._engine.counters.items()
            if name == "hook_rejected"
        }  # fmt: skip
        more = {route: n - self._before.get(route, 0) for route, n in counted.items()}
        self._before, self._at = counted, now
        found: list[Trouble] = []
        for route, count in more.items():
            if count / minutes > REJECTED_A_MINUTE:
                found += [
                    Trouble(kind="hooks_rejected", shop=shop, about=route, mended=True,
                            values={"route": route, "count": count})
                    for shop in self.shops
                ]  # fmt: skip
        return tuple(found)


class ClockWatch(_OfTheHouse):
    """Did the machine's clock jump? Timers wait until it has been steady again for a while (engine/clock.py)."""

    name = "clock"

    def __init__(self, engine: Engine, clock: SteadyClock) -> None:
        super().__init__(engine)
        self._clock = clock

    async def look(self) -> tuple[Trouble, ...]:
        jumped = self._clock.jumped()
        return self._all("clock_jumped", mended=True, minutes=round(jumped.total_seconds() / 60)) if jumped else ()
