"""Erasing a person from the SQLite file: a new key, a blank document, and no line of the old journal.

The old key goes with the row it stood in, and with what that row left behind wherever it had stood as it grew (secure_delete, always on),
so what else the file may still hold cannot be read. Weak spots: a backup made before holds the old row with its key; and so may free
space that a version before schema 4 left, until it is written over or the file is restored from a new backup.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import apsw

from flows.conversation import Conversation
from flows.forgetting import Forgotten
from storage import codec
from storage import sqlite_schema as sql
from storage.sqlite_file import Errand
from storage.sqlite_reading import SqliteReading
from storage.sqlite_rows import spare


class SqliteForgetting(SqliteReading):
    """See engine.people_data.Forgetting. A part of SqliteStore."""

    async def forget(self, conversation: str, left: Callable[[Conversation], Forgotten | None]) -> bool:
        """Overwrite the conversation with what `left` makes of it as it is now; False where that is None, or nobody is known."""
        done = False

        def run() -> None:
            nonlocal done
            done = self._forget(conversation, left)

        await self.errand(Errand(run))
        with contextlib.suppress(apsw.Error):  # so that the log does not keep it; a reader in the way lets it wait
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        return done

    def _forget(self, conversation: str, left: Callable[[Conversation], Forgotten | None]) -> bool:
        row = self._db.execute(sql.BY_ID, (conversation,)).fetchone()
        if row is None:
            return False
        n, _, key, version, sealed = row
        was = codec.read(self._sealer.open(key, sealed))
        forgotten = left(was) if isinstance(was, Conversation) else None
        if forgotten is None:
            return False
        fresh = self._sealer.new_key()
        doc = self._sealer.seal(fresh, codec.dump(forgotten.conversation))
        try:
            self._db.execute(sql.FORGET, (fresh, doc, spare(doc), version + 1, n))
            self._db.execute(sql.FORGET_JOURNAL, (n,))
            keep = {self._hash(pointer) for pointer in forgotten.pointers}
            gone = [key for (key,) in self._db.execute(sql.POINTERS_OF, (n,)) if key not in keep]
            self._db.executemany(sql.UNPOINT, [(key,) for key in gone])
        finally:
            self._rows.forget()
        return True
