"""Gives birth to lives of the real service: House on a settings file, in a process of its own, on the SQLite file on disk.

Imports come once, then each life is a fork: it begins in a tenth of a second, and SIGKILL ends it as it ends any process. Commands,
a JSON line each, come on standard input: {"settings": text, "env": {...}, "pace": {...}, "port": n, "bug": name}; the answer
is the life's process id.

The bugs stand here and nowhere in the product. They show that the judge bites:

    ack_before_commit        the caller hears of success before the disk does
    sending_not_committed    the wire is used although `sending` was never stored
    blind_resend             what was `sending` at a crash is simply sent again
    die:<point>:<n>          no bug: SIGKILL at the n-th passing of one of POINTS; joined to a bug with +
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import logging
import os
import pkgutil
import signal
import sys
import traceback
from typing import Any

import msgspec

from commands.house import House
from engine.ports import Handled
from flows.decision import Decision
from flows.effects import Open
from storage import sqlite
from tests.faults.fast_clock import FastClock, Pace

#: How long a commit of the broken build comes after its acknowledgement: what a busy disk's fsync takes.
COMMIT_AFTER_S = 0.05


class Birth(msgspec.Struct):
    settings: str
    env: dict[str, str]
    pace: Pace
    port: int
    bug: str = ""


#: Where a life can be made to end: before and after each commit and each thing on the wire, and before an answer leaves.
POINTS: dict[str, tuple[str, str]] = {
    "commit": ("storage.sqlite.SqliteStore", "_commit"),
    "wire": ("adapters.exchange.Exchange", "send"),
    "mail": ("adapters.smtp.SmtpChannel", "_deliver"),
    "answer": ("adapters.http", "_answered"),
}


def plant(bug: str) -> None:
    """Break this process's copy of the service."""
    if "+" in bug:
        for one in bug.split("+"):
            plant(one)
        return
    if bug.startswith("die:"):
        _, point, nth = bug.split(":")
        _die_at(point, int(nth))
        return
    match bug:
        case "":
            return
        case "ack_before_commit":
            _ack_before_commit()
        case "sending_not_committed":
            _sending_not_committed()
        case "blind_resend":
            _blind_resend()
        case _:
            raise ValueError(bug)


def _die_at(point: str, nth: int) -> None:
    name, _, when = point.partition(".")
    where, method = POINTS[name]
    home = pkgutil.resolve_name(where)
    real, passed = getattr(home, method), itertools.count(1)

    async def mortal(*given: Any, **named: Any) -> Any:
        fatal = next(passed) == nth
        if fatal and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = await real(*given, **named)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(home, method, mortal)


def _ack_before_commit() -> None:
    commit = sqlite.SqliteStore._commit

    async def early(self: Any, batch: Any) -> None:
        for unit in batch:
            if not unit.future.done() and unit.result is not None:
                unit.future.set_result(unit.result)
        await asyncio.sleep(COMMIT_AFTER_S)
        await commit(self, batch)

    sqlite.SqliteStore._commit = early  # type: ignore[method-assign]


def _still_planned(open_: Open) -> Open:
    return msgspec.structs.replace(open_, status="planned", by="", since=None) if open_.status == "sending" else open_


def _sending_not_committed() -> None:
    transact = sqlite.SqliteStore.transact

    async def forgetful(self: Any, event: Any, decide: Any, now: Any) -> Handled:
        decided: list[Decision] = []

        def forgetting(*given: Any) -> Decision:
            decided.append(decide(*given))
            document = decided[-1].document
            kept = msgspec.structs.replace(document, open=tuple(map(_still_planned, document.open)))
            return msgspec.structs.replace(decided[-1], document=kept)

        handled = await transact(self, event, forgetting, now)
        return handled if handled.decision is None else Handled(decision=decided[-1])

    sqlite.SqliteStore.transact = forgetful  # type: ignore[method-assign]


def _blind_resend() -> None:
    from flows import settling

    def again(turn: Any, open_: Open, reason: str) -> None:
        turn.settle(open_.id, _still_planned(open_))

    settling._unknown = again


def _others_wait_as_ever(factor: float) -> None:
    """Processes share timers by business time, which is the machine's wherever people live. On a clock that runs a thousand times as fast
    every timer would be late for everybody before its own process could look, and each would be everybody's."""
    from storage import mongo_reading, several

    mongo_reading.OTHERS_AFTER_MS = round(mongo_reading.OTHERS_AFTER_MS * factor)
    several.SOON *= factor


async def live(birth: Birth) -> None:
    from engine.settings import build
    from engine.settings.document import parse

    _others_wait_as_ever(birth.pace.factor)
    house = House(build(parse(birth.settings), birth.env), FastClock(birth.pace))
    await house.start("127.0.0.1", birth.port)
    await asyncio.Event().wait()


def warm() -> None:
    """Every module of the house: nothing is left to be imported by a life. The bot only where it is asked for: it takes seconds."""
    for name in ("flows", "engine", "adapters", "storage", *sys.argv[1:]):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(module.name)


def main() -> None:
    warm()
    logging.disable(logging.CRITICAL)  # of hundreds of deaths each would be told
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                birth = msgspec.json.decode(line, type=Birth)
                plant(birth.bug)
                asyncio.run(live(birth))
            except BaseException:  # noqa: BLE001 -- a life never goes on as a nursery
                traceback.print_exc()
            finally:
                os._exit(1)
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
