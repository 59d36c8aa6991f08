"""A copy of a SQLite store while it is served, and such a copy put in its place again.

The copy is one consistent moment of the file (VACUUM INTO: one read transaction, which holds up no writer, and no free pages: what was
erased before is not in it). It is checked before it gets its name, so a file with that name is a good backup. It says when it was made.

A copy that is restored gets a new epoch: it knows that messages may have been sent since, and asks before it sends (engine/restored.py).
Weak spot: who copies the file by hand instead gets no epoch, and no protection.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import apsw
import msgspec

from engine.epoch import Restored
from engine.ports import NewerDocument, OurFault, StoreUnavailable
from storage import sqlite_schema as sql
from storage.sealing import Sealer
from storage.serving_lock import ServingLock
from storage.sqlite_keys import adopt

#: The encryption_key and the older ones that may still have wrapped something.
Keys = Sequence[bytes]
#: The first version of the tables that has marks; files of any later one are brought up to date when they are opened.
OLDEST = 3


class NoBackup(OurFault):
    """The file is no good backup of this installation."""


class NewerData(OurFault):
    """What would be replaced holds changes that the backup does not."""


class Made(msgspec.Struct, frozen=True):
    """A copy: when it was made, and what is in it."""

    at: datetime
    orders: int
    megabytes: float


def back_up(source: str, keys: Keys, target: str, now: datetime) -> Made:
    """Copy `source`, which may be served meanwhile, to `target`, mode 0600. Raises NoBackup: the copy did not pass its check and
    is gone; StoreUnavailable: `source` is not there or `target` cannot be written."""
    if not Path(source).exists():
        raise StoreUnavailable(f"there is no {source} to back up")
    part = Path(f"{target}.part")
    part.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # before a byte is in it
        with contextlib.closing(apsw.Connection(source)) as db:
            db.set_busy_timeout(8000)
            db.execute("VACUUM INTO ?", (str(part),))
        with contextlib.closing(apsw.Connection(str(part))) as copy:
            _know(copy, keys, part)
            copy.execute(sql.MARK, ("backup", now.isoformat()))
            made = _look(copy, part, now)
        _sync(part)
        part.replace(target)
        _sync(Path(target).resolve().parent)
    except (OSError, apsw.Error) as error:
        part.unlink(missing_ok=True)
        raise StoreUnavailable(f"the backup could not be written: {error}") from error
    except OurFault:
        part.unlink(missing_ok=True)
        raise
    return made


def examine(backup: str, keys: Keys) -> Made:
    """What a backup holds. Raises NoBackup, NewerDocument; WrongKey for another installation's."""
    path = Path(backup)
    if not path.is_file():
        raise NoBackup(f"there is no file {backup}")
    try:
        with contextlib.closing(apsw.Connection(backup, flags=apsw.SQLITE_OPEN_READONLY)) as db:
            _know(db, keys, path)
            row = db.execute(sql.MARKED, ("backup",)).fetchone()
            if row is None:
                raise NoBackup(f"{backup} is a database, but no backup: make one with run.py backup FILE")
            return _look(db, path, datetime.fromisoformat(row[0]))
    except apsw.Error as error:
        raise NoBackup(f"{backup} is no backup of Doorstep, or it is damaged: {error}") from error


def restore(backup: str, keys: Keys, target: str, now: datetime, *, force: bool = False) -> tuple[Made, Path | None]:
    """Put the backup in the place of `target`, with a new epoch. What stood there is kept beside it; gives its new name.

    Raises StoreUnavailable while `target` is served, NewerData unless `force`, and what `examine` raises: then nothing was changed.
    """
    made = examine(backup, keys)
    place = Path(target)
    lock = ServingLock(target)
    lock.take()
    try:
        epoch = 0
        if place.exists():
            epoch, changed, writes = _state(target)
            later = changed is not None and changed > made.at
            if not force and (later or writes > _writes(backup)):
                upto = f" up to {changed:%Y-%m-%d %H:%M} UTC" if changed is not None and later else ""
                raise NewerData(
                    f"{target} has changes{upto} that the backup of {made.at:%Y-%m-%d %H:%M} UTC has not: "
                    "they would be lost. With --force it is replaced; the file that stands there is kept beside it"
                )
        part = Path(f"{target}.restoring")
        _copy(backup, part, keys, Restored(_epoch(backup) + epoch + 1, made.at, now))
        kept = _put_aside(place, now)
        part.replace(place)
        _sync(place.resolve().parent)
        return made, kept
    except OSError as error:
        raise StoreUnavailable(f"the backup could not be restored: {error}") from error
    finally:
        lock.release()


def _copy(backup: str, part: Path, keys: Keys, restored: Restored) -> None:
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out, Path(backup).open("rb") as read:
        while block := read.read(1 << 20):
            out.write(block)
    with contextlib.closing(apsw.Connection(str(part))) as db:
        _know(db, keys, part)
        db.execute(sql.UNMARK, ("backup",))
        db.execute(sql.MARK, ("restored", msgspec.json.encode(restored).decode()))
    _sync(part)


def _put_aside(place: Path, now: datetime) -> Path | None:
    """The database with its log, under another name; the log first, so that no other file ever meets it."""
    if not place.exists():
        return None
    kept = place.with_name(f"{place.name}.before-restore-{now:%Y%m%d-%H%M%S}")
    for ending in ("-wal", "-shm", ""):
        file = place.with_name(place.name + ending)
        if file.exists():
            file.replace(kept.with_name(kept.name + ending))
    return kept


def _know(db: apsw.Connection, keys: Keys, path: Path) -> None:
    """Raises NoBackup, NewerDocument, WrongKey."""
    (version,) = next(iter(db.execute("PRAGMA user_version")))
    if version > sql.SCHEMA_VERSION:
        raise NewerDocument(f"{path.name} was written by a newer Doorstep; upgrade this one")
    found = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
    if found != ["ok"]:
        raise NoBackup(f"{path.name} is damaged: {found[0]}")
    if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'installation'").fetchone() == (0,):
        raise NoBackup(f"{path.name} is no database of Doorstep")
    if version < OLDEST:
        raise NoBackup(f"{path.name} was made before there were backups")
    adopt(db, Sealer(keys[0], keys[1:]), write=False)


def _look(db: apsw.Connection, path: Path, at: datetime) -> Made:
    (orders,) = next(iter(db.execute("SELECT count(*) FROM shop_order")))
    return Made(at, orders, round(path.stat().st_size / 1e6, 1))


def _state(target: str) -> tuple[int, datetime | None, int]:
    """Epoch, last change that has a time, and how often conversations were written (a reminder that was sent changes no order) of the
    file that would be replaced. One that cannot be read has nothing to lose."""
    try:
        with contextlib.closing(apsw.Connection(target)) as db:
            (ms,) = next(iter(db.execute(sql.LAST_CHANGE)))
            changed = datetime.fromtimestamp(ms / 1000, UTC) if ms is not None else None
            return _epoch_in(db), changed, _writes_in(db)
    except apsw.Error:
        return 0, None, 0


def _epoch(backup: str) -> int:
    with contextlib.closing(apsw.Connection(backup, flags=apsw.SQLITE_OPEN_READONLY)) as db:
        return _epoch_in(db)


def _writes(backup: str) -> int:
    with contextlib.closing(apsw.Connection(backup, flags=apsw.SQLITE_OPEN_READONLY)) as db:
        return _writes_in(db)


def _writes_in(db: apsw.Connection) -> int:
    (writes,) = next(iter(db.execute(sql.WRITES)))
    return int(writes)


def _epoch_in(db: apsw.Connection) -> int:
    row = db.execute(sql.MARKED, ("restored",)).fetchone()
    return msgspec.json.decode(row[0], type=Restored).epoch if row else 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
