"""Bench lines that need no HTTP: due timers stepped and committed, and answers committed, each against raw SQLite group commit."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from datetime import timedelta
from pathlib import Path

import apsw

from bench import served
from storage.sqlite import BATCH, CALM_S


def raw_group_commit(directory: str, count: int, size: int = 1400) -> tuple[float, float]:
    """(rows updated a second, CPU microseconds of one) by bare apsw, BATCH to a transaction, WAL and synchronous=FULL, one index:
    the ceiling here."""
    db = apsw.Connection(str(Path(directory) / "raw.db"))
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 0"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, doc BLOB, due INTEGER)")
    db.execute("CREATE INDEX t_due ON t (due)")
    blob = os.urandom(size)
    with db:
        db.executemany("INSERT INTO t (n, doc, due) VALUES (?, ?, ?)", ((n, blob, n) for n in range(count)))
    begin, cpu = time.perf_counter(), time.process_time()
    for start in range(0, count, BATCH):
        db.execute("BEGIN IMMEDIATE")
        for n in range(start, min(start + BATCH, count)):
            db.execute("SELECT doc FROM t WHERE n = ?", (n,)).fetchone()
            db.execute("UPDATE t SET doc = ?, due = ? WHERE n = ?", (blob, n + count, n))
        db.execute("COMMIT")
    spent, cpu = time.perf_counter() - begin, time.process_time() - cpu
    db.close()
    return count / spent, cpu / count * 1e6


async def timers(directory: str, count: int) -> tuple[float, float, int]:
    """(timers a second, CPU microseconds of one, commits): every order's rung is due at once, and its next rung is taken."""
    service = served.house(18890, directory, "http://127.0.0.1:9", 0.001)
    await served.seed(service, count)
    gc.freeze()  # as House.start does
    ahead = service.clock.now() + timedelta(hours=5)
    if ahead.hour >= 19 or ahead.hour < 8:  # a waking hour, so that every timer moves an order on
        ahead = ahead.replace(hour=10) + timedelta(days=1)
    service.clock.skip_to(ahead)
    await asyncio.sleep(CALM_S)  # as at most hours: nobody has written just now, and timers get the large batches
    commits = service.store.commits
    begin, cpu = time.perf_counter(), time.process_time()
    done = await service.timers.run_due()
    spent, cpu = time.perf_counter() - begin, time.process_time() - cpu
    assert done >= count, (done, count)
    return done / spent, cpu / done * 1e6, service.store.commits - commits


async def commits(directory: str, count: int) -> tuple[float, float, int]:
    """(answers a second, CPU microseconds of one, commits): YES to an open question, decided and committed, without HTTP."""
    from flows import pointers
    from flows.events import CustomerWrote

    service = served.house(18890, directory, "http://127.0.0.1:9", 0.001)
    await served.seed(service, count)
    gc.freeze()  # as House.start does
    now = service.clock.now()
    events = [
        CustomerWrote(
            event_id=f"bench:{n}",
            to=(pointers.phone("demo", served.phone(n)),),
            at=now,
            opens=True,
            channel="sms",
            address=served.phone(n),
            sender=served.SENDER,
            text="1",
            provider_id=f"SM{n}",
        )
        for n in range(count)
    ]
    before = service.store.commits
    begin, cpu = time.perf_counter(), time.process_time()
    for start in range(0, count, BATCH):
        await asyncio.gather(*(service.engine.handle(e) for e in events[start : start + BATCH]))
    spent, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return count / spent, cpu / count * 1e6, service.store.commits - before
