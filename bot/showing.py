"""A customer's file in the group: a voice note to be played, a picture to be looked at, anything else as a document."""

from __future__ import annotations

import mimetypes
from typing import Any

from aiogram.exceptions import TelegramAPIError
from aiogram.methods import SendDocument, SendPhoto, SendVoice
from aiogram.types import BufferedInputFile, Message, ReplyParameters

from bot import places
from bot.calls import TelegramCalls, code_of, outcome_of
from bot.composing import plain_html
from bot.places import Place
from bot.words import Words
from engine.ports import Media
from flows.attachments import family
from flows.effects import Outcome, ShowMedia

#: What Telegram plays as a voice note. Source: https://core.telegram.org/bots/api#sendvoice, read 2026-11
VOICES = frozenset({"audio/ogg", "audio/opus", "audio/mpeg", "audio/mp3", "audio/mp4", "audio/x-m4a", "audio/m4a"})
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
#: Source: https://core.telegram.org/bots/api#sendphoto, read 2026-11
PICTURE_MOST = 10 * 1024 * 1024
#: An upload of 16 MB over a shop's line.
UPLOAD_TIMEOUT_S = 60.0


async def show(
    calls: TelegramCalls, effect: ShowMedia, media: Media, chat: str, reply_to: int, place: Place | None, words: Words
) -> Message | Outcome:
    """The message as Telegram took it. What it does not take as a voice or a picture goes as a document, once."""
    kind = (media.kind if media.kind != "application/octet-stream" else effect.kind).partition(";")[0].strip().lower()
    head: dict[str, Any] = {
        "chat_id": int(chat),
        "caption": plain_html(words.say("media.shown", {"file": family(kind), "order": effect.order_id})),
        "parse_mode": "HTML",
        "disable_notification": True,
        "reply_markup": places.reply_keyboard(effect.order_id, place, words),
        "reply_parameters": ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
        if reply_to
        else None,
    }
    file = BufferedInputFile(media.content, filename=_name(kind))
    document = SendDocument(document=file, **head)
    first: SendVoice | SendPhoto | SendDocument = document
    if kind in VOICES:
        first = SendVoice(voice=file, **head)
    elif kind in PICTURES and len(media.content) <= PICTURE_MOST:
        first = SendPhoto(photo=file, **head)
    try:
        return await calls.ask(first, UPLOAD_TIMEOUT_S)
    except TelegramAPIError as error:
        if first is document or code_of(error) not in ("bad_request", "refused"):
            return outcome_of(error)
    try:
        return await calls.ask(document, UPLOAD_TIMEOUT_S)
    except TelegramAPIError as error:
        return outcome_of(error)


def _name(kind: str) -> str:
    """A file name with an ending by which a phone knows what opens it."""
    ending = {"audio/ogg": ".ogg", "image/webp": ".webp"}.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    return f"customer{ending}"
