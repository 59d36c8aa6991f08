"""FILE.rejects.csv: the rows that could not be kept, with line and reason, ready to be mended and imported again."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from engine.history_rows import Rejected

#: A longer cell is cut; its length is told.
MOST_CELL = 1000
#: What a spreadsheet would take for a formula. Source: owasp.org/www-community/attacks/CSV_Injection, read 2026-11.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rejects_path(path: Path) -> Path:
    """The promise of docs and --help: FILE.csv gives FILE.rejects.csv beside it."""
    return path.with_name(f"{path.stem if path.suffix.lower() == '.csv' else path.name}.rejects.csv")


def safe(cell: str) -> str:
    """The cell as a spreadsheet shows it and never runs it. Read again by us, it is what it was."""
    text = cell if len(cell) <= MOST_CELL else f"{cell[:MOST_CELL]} … ({len(cell):,} characters)"
    return f"'{text}" if text.startswith(_FORMULA) else text


class Rejects:
    """The file of refused rows, made when the first one comes. Only its owner may read it: it holds what customers typed."""

    def __init__(self, path: Path, header: Sequence[str], keep_bytes: int) -> None:
        self.path = path
        self.header = header
        self.size = keep_bytes
        self.file: io.BufferedWriter | None = None

    def __enter__(self) -> Rejects:
        if self.size and self.path.exists():
            os.truncate(self.path, min(self.size, self.path.stat().st_size))
        else:
            self.size = 0
            self.path.unlink(missing_ok=True)  # of an earlier import, whose rows were mended or not
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file is not None:
            self.file.close()

    def add(self, rejected: Sequence[Rejected]) -> int:
        """Write them down. The size of the file in bytes, which a resumed import cuts it back to."""
        if not rejected:
            return self.size
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if self.file is None:
            self.file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
        if not self.size:
            text.write("\ufeff")  # so that spreadsheets take it for the UTF-8 that it is
            writer.writerow(["line", "why", *map(safe, self.header)])
        for row in rejected:
            writer.writerow([row.line, safe(row.reason), *map(safe, row.cells)])
        raw = text.getvalue().encode("utf-8", errors="replace")
        self.file.write(raw)
        self.file.flush()
        self.size += len(raw)
        return self.size
