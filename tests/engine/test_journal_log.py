"""What a line of the log shows, and what it never does."""

from __future__ import annotations

import io
import json
import logging

import pytest

from engine.journal_log import BufferedHandler, JsonLines, tell
from engine.log_lines import redact


def record(what: str, **facts: object) -> logging.LogRecord:
    return logging.getLogger("doorstep.test").makeRecord(
        "doorstep.test", logging.INFO, "", 0, what, (), None, extra=facts
    )


def test_a_line_holds_the_facts_and_nothing_of_the_machine() -> None:
    """A line is one JSON object: at, level, log, what, and the facts, even where another formatter saw the record before."""
    seen = record("event.handled", event="TimerDue", states={"1": "flagged"}, effects=2)
    seen.created = 1795305044.5079
    logging.Formatter("%(asctime)s %(message)s").format(seen)
    assert json.loads(JsonLines().format(seen)) == {
        "at": "2026-11-21T23:50:44.507Z",
        "level": "info",
        "log": "doorstep.test",
        "what": "event.handled",
        "event": "TimerDue",
        "states": {"1": "flagged"},
        "effects": 2,
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/getMe",
         "https://api.telegram.org/bot<token>/getMe"),
        ("a 123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PAL_-w b", "a <token> b"),
        ("GET /c/AAHdqTcvCH1vGWJxfSeofS", "GET /c/<token>"),
        ("to +34600000000", "to …0000"),
        ("twilio:SM0123456789abcdef0123456789abcdef:received", "twilio:SM0123456789abcdef0123456789abcdef:received"),
    ],
)  # fmt: skip
def test_secrets_are_redacted(text: str, shown: str) -> None:
    """Tokens, page addresses and phone numbers never reach the log; ids do."""
    assert redact(text) == shown


def test_a_line_told_without_a_record_is_the_same_line() -> None:
    """What is told of every event reads as it would from a record, whoever else listens or not."""
    written = io.BytesIO()
    ours = BufferedHandler(written)
    root, log = logging.getLogger(), logging.getLogger("doorstep.told")
    before, level = root.handlers[:], root.level
    facts: dict[str, object] = {"event": "TimerDue", "to": "+34600000000", "states": {"1": "flagged"}, "effects": 2}
    try:
        root.setLevel(logging.INFO)
        root.handlers[:] = [ours]
        tell(log, "event.handled", facts)
        root.handlers[:] = [ours, logging.NullHandler()]
        tell(log, "event.handled", facts)
        root.setLevel(logging.WARNING)
        tell(log, "event.handled", facts)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    alone, beside = (json.loads(line) for line in written.getvalue().splitlines())
    alone.pop("at"), beside.pop("at")
    assert alone == beside
    assert list(alone) == list(beside) == ["level", "log", "what", *facts]
    assert alone["to"] == "…0000"
