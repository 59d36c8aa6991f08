"""One serving process per SQLite file: two would both take what the other has on the wire for a crash. Other commands may run beside it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.ports import StoreUnavailable


class ServingLock:
    """Held from `take` until `release` or the process' end, whichever way that comes (the kernel lets go)."""

    def __init__(self, database: str) -> None:
        self._path = Path(f"{database}.serving")
        self._file: int | None = None

    def take(self) -> None:
        """Raises StoreUnavailable when another process serves this file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(file)
            raise StoreUnavailable(
                f"another process serves {self._path.with_suffix('')}: stop it first, or give this one a storage.url of its own"
            ) from error
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
