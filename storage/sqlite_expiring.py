"""Letting go of what has been kept long enough, in the SQLite file. See engine.retention.Expiring."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from engine import history_record as record
from storage import codec
from storage import sqlite_schema as sql
from storage.history_counts import closed_of, count_in
from storage.sqlite_file import Errand
from storage.sqlite_history import SqliteHistory

#: Rows of the history erased in one transaction.
PAGE = 200


class SqliteExpiring(SqliteHistory):
    """A part of SqliteStore."""

    async def resting(self, after: str, limit: int) -> list[str]:
        return [id_ for (id_,) in self._reader.execute(sql.RESTING, (after, limit))]

    async def trim_journal(self, conversation: str, before: datetime) -> int:
        dropped = 0

        def run() -> None:
            nonlocal dropped
            dropped = 0
            blocks: list[Any] = self._db.execute(sql.JOURNAL_BLOCKS, (conversation,)).fetchall()
            for lines, key, n, first in blocks:
                notes = codec.read_notes(self._sealer.open(key, lines))
                if notes and notes[-1].at >= before:
                    return
                self._db.execute(sql.DROP_BLOCK, (n, first))
                dropped += 1

        await self.errand(Errand(run))
        return dropped

    async def expire_history(self, shop: str, before_day: int) -> int:
        gone, done = 0, PAGE

        def run() -> None:
            nonlocal done
            done = self._expire(shop, before_day)

        while done == PAGE:
            await self.errand(Errand(run))
            gone += done
        return gone

    def _expire(self, shop: str, before_day: int) -> int:
        n, wrapped = self._shop(shop)
        tally: Counter[tuple[str, int]] = Counter()
        rows: list[Any] = self._db.execute(sql.HISTORY_OLD, (n, before_day, PAGE)).fetchall()
        for row, sealed in rows:
            payload = self._sealer.open(wrapped, sealed)
            self._drop_keys(shop, row, set(record.keys_of(payload)))
            self._db.execute(sql.HISTORY_ERASE, (row,))
            count_in(tally, closed_of(payload), -1)
        self._db.executemany(sql.HISTORY_COUNT, [(n, *key, orders) for key, orders in tally.items() if orders])
        return len(rows)
