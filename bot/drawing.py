"""The owner's numbers as a picture, in the owner's language; drawn in a thread, and where it cannot be drawn there is the text."""

from __future__ import annotations

import asyncio
import logging

from bot.texts import RIGHT_TO_LEFT
from bot.words import Words
from flows.numbers import Report

log = logging.getLogger("doorstep.telegram")


async def drawn(report: Report, words: Words) -> bytes | None:
    """PNG of the report; None: it could not be drawn, which is logged."""
    try:
        return await asyncio.to_thread(_draw, report, words)
    except Exception as error:  # noqa: BLE001 - a library of fonts and pixels: whatever goes wrong in it, the figures are told
        log.warning("telegram.not_drawn", extra={"error": type(error).__name__})
        return None


def _draw(report: Report, words: Words) -> bytes:
    from engine import charts  # with matplotlib behind it: a second, and only for who draws

    if not charts.drawable(words.say("numbers.confirmed_via") + words.say("numbers.answered_at")):
        words = Words("en")  # no font of this machine has these letters
    return charts.overview(report, words.say, right_to_left=words.language in RIGHT_TO_LEFT)
