"""The log: JSON lines, one per handled event and one per outcome. Never message text, full phones, tokens or provider URLs."""

from __future__ import annotations

import io
import logging
import sys
import time
from itertools import islice

from engine.log_lines import line

#: What a record is born with; the facts given as `extra` stand behind it, and behind those what other formatters leave.
_BORN_WITH = len(vars(logging.makeLogRecord({})))
_LEFT = frozenset({"message", "asctime"})
#: Lines are written to the stream in blocks; a warning flushes at once, the rest at latest with the next block.
BUFFER_BYTES = 64 * 1024


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, what, and the facts given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        return self.line(record).decode().rstrip("\n")

    def line(self, record: logging.LogRecord) -> bytes:
        """The same as it is written."""
        facts = dict(islice(vars(record).items(), _BORN_WITH, None))
        for name in _LEFT & facts.keys():
            del facts[name]
        if record.exc_info:
            facts["trace"] = self.formatException(record.exc_info)
        return line(record.created, record.levelname.lower(), record.name, record.getMessage(), facts)


_JSON_LINES = JsonLines()


class BufferedHandler(logging.StreamHandler[io.BufferedIOBase]):  # type: ignore[type-var]
    """Flushes on warnings, else by the block: a flush per line costs a fifth of a unit's time. Writes bytes, as the encoder makes them:
    a text stream costs as much again as the line. Always JsonLines, whatever formatter is set."""

    def tell(self, log: str, what: str, facts: dict[str, object]) -> None:
        """A line at level info that was never a record. Takes no lock: only the loop's thread tells, and a write is one call."""
        try:
            self.stream.write(line(time.time(), "info", log, what, facts))
        except Exception:  # noqa: BLE001 -- as in emit
            self.handleError(logging.makeLogRecord({"name": log, "msg": what}))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.stream.write(_JSON_LINES.line(record))
            if record.levelno >= logging.WARNING:
                self.flush()
        except Exception:  # noqa: BLE001 -- logging must never break what it tells of
            self.handleError(record)


def tell(log: logging.Logger, what: str, facts: dict[str, object]) -> None:
    """`log.info(what, extra=facts)`, for what is told of every event: where nobody but our own handler listens, without the record
    and its walk through filters and handlers, which cost more than the line."""
    if not log.isEnabledFor(logging.INFO):
        return
    listening = logging.root.handlers
    if len(listening) == 1 and isinstance(ours := listening[0], BufferedHandler) and not log.handlers:
        ours.tell(log.name, what, facts)
    else:
        log.info(what, extra=facts)


def set_up(level: str = "INFO") -> None:
    """Log to standard error. The libraries' own chatter (URLs, bodies) stays off."""
    # nobody reads the caller, thread and process of a line, and finding them costs more than the line
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = BufferedHandler(io.BufferedWriter(io.FileIO(sys.stderr.fileno(), "wb", closefd=False), BUFFER_BYTES))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiogram", "aiohttp", "httpx", "httpcore", "asyncio", "twilio", "mail.log", "aiosmtplib"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
