"""One message put on the wire to Telegram, once: the message as it stands there, or what became of it."""

from __future__ import annotations

from collections.abc import Awaitable

from aiogram.exceptions import TelegramAPIError, TelegramMigrateToChat
from aiogram.methods import SendMessage, SendPhoto
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters

from bot.calls import TelegramCalls, outcome_of
from bot.groups import Groups
from flows.effects import Outcome, TryAgain

#: Until a message goes to the new id of a group that has moved.
MOVED_AGAIN_S = 1.0
#: A link in a customer's words is not opened for everybody in the group.
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Sending:
    """One per bot."""

    def __init__(self, calls: TelegramCalls, groups: Groups) -> None:
        self._calls = calls
        self._groups = groups

    async def send(
        self,
        chat: str,
        html: str,
        keyboard: InlineKeyboardMarkup | None,
        reply_to: int = 0,
        thread: int = 0,
        quiet: bool = False,
    ) -> Message | Outcome:
        """The message as Telegram took it, or what became of it. A moved group is followed once."""
        try:
            return await self._calls.ask(_message(chat, html, keyboard, reply_to, thread, quiet))
        except TelegramMigrateToChat as moved:
            await self._groups.migrated(chat, str(moved.migrate_to_chat_id))
        except TelegramAPIError as error:
            return outcome_of(error)
        return await self.sent(_message(self._groups.current(chat), html, keyboard, 0))

    async def followed(self, chat: str, shown: Awaitable[Outcome]) -> Outcome:
        """What came of it; where Telegram says that the group has moved: the next try goes to its new place."""
        try:
            return await shown
        except TelegramMigrateToChat as moved:
            await self._groups.migrated(chat, str(moved.migrate_to_chat_id))
            return TryAgain(MOVED_AGAIN_S, "moved")

    async def sent(self, message: SendMessage | SendPhoto) -> Message | Outcome:
        """As `send`, of a message that is composed already."""
        try:
            return await self._calls.ask(message)
        except TelegramAPIError as error:
            return outcome_of(error)


def _message(
    chat: str, html: str, keyboard: InlineKeyboardMarkup | None, reply_to: int, thread: int = 0, quiet: bool = False
) -> SendMessage:
    reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True) if reply_to else None
    return SendMessage(
        chat_id=int(chat),
        message_thread_id=thread or None,
        disable_notification=quiet or None,
        text=html,
        parse_mode="HTML",
        reply_markup=keyboard,
        reply_parameters=reply,
        link_preview_options=NO_PREVIEW,
    )
