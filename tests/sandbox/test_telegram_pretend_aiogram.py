"""aiogram, as the product uses it, against the pretend Bot API."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)
from aiogram.filters import Command
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReactionTypeEmoji,
    ReplyParameters,
)

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.telegram_limits import Limits
from sandbox.world import World

TOKEN = "4242:sandbox-token"
GO = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Confirm", callback_data="v1:ok")]])


@pytest.fixture
def tg() -> PretendTelegram:
    return PretendTelegram(World(datetime(2026, 11, 21, 12, tzinfo=UTC)), TOKEN)


@pytest.fixture
def staff(tg: PretendTelegram) -> Room:
    return tg.group("Staff", tg.user(111, "Olga", started=True), tg.user(222, "Ana"), forum=True)


@pytest.fixture
async def bot(tg: PretendTelegram) -> AsyncIterator[Bot]:
    async with serve(tg.app()) as base_url:
        session = AiohttpSession(api=TelegramAPIServer.from_base(base_url))
        async with Bot(TOKEN, session=session) as bot:
            yield bot


async def test_a_card_is_sent_edited_and_deleted(bot: Bot, tg: PretendTelegram, staff: Room) -> None:
    """sendMessage, editMessageText, editMessageReplyMarkup and deleteMessage do what the people then see."""
    card = await bot.send_message(staff.id, "<b>Order</b> 1001", parse_mode="HTML", reply_markup=GO)
    edited = await bot.edit_message_text("Order 1001", chat_id=staff.id, message_id=card.message_id, reply_markup=GO)
    assert isinstance(edited, Message)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_reply_markup(chat_id=staff.id, message_id=card.message_id, reply_markup=GO)
    await bot.edit_message_reply_markup(chat_id=staff.id, message_id=card.message_id)
    [shown] = tg.shows(staff)
    assert (shown.text, shown.buttons, shown.edits) == ("Order 1001", (), 2)
    reply = await bot.send_message(
        staff.id, "why?", reply_parameters=ReplyParameters(message_id=card.message_id), reply_markup=ForceReply()
    )
    assert reply.reply_to_message is not None
    assert reply.reply_to_message.message_id == card.message_id
    assert await bot.delete_message(staff.id, card.message_id)
    assert [m.text for m in tg.shows(staff)] == ["why?"]


async def test_polling_hands_messages_and_presses_to_handlers(bot: Bot, tg: PretendTelegram, staff: Room) -> None:
    """A dispatcher gets commands, replies and presses, and its toast comes back to the presser."""
    dispatcher = Dispatcher(disable_fsm=True)
    heard: list[str] = []

    @dispatcher.message(Command("next"))
    async def on_next(message: Message) -> None:
        heard.append("/next")
        await message.answer("card", reply_markup=GO)

    @dispatcher.callback_query()
    async def on_press(query: CallbackQuery) -> None:
        heard.append(str(query.data))
        await query.answer("done by Ana")

    polling = asyncio.create_task(
        dispatcher.start_polling(
            bot, handle_as_tasks=False, handle_signals=False, polling_timeout=5, close_bot_session=False
        )
    )
    await tg.state.updates.polled.wait()
    tg.press_wait_s = 10
    await tg.says(222, staff, "/next")
    async with asyncio.timeout(10):
        while not tg.world.ledger:  # noqa: ASYNC110 (the other side is a process of its own)
            await asyncio.sleep(0.005)
    assert await tg.presses(222, tg.shows(staff)[-1], "Confirm") == "done by Ana"
    await dispatcher.stop_polling()
    await polling
    assert heard == ["/next", "v1:ok"]


async def test_refusals_become_aiograms_own_errors(bot: Bot, tg: PretendTelegram, staff: Room) -> None:
    """429, migration, 403 and 400 are recognised with their parameters."""
    tg.limits = Limits(per_group_minute=1)
    await bot.send_message(staff.id, "one")
    with pytest.raises(TelegramRetryAfter) as slow:
        await bot.send_message(staff.id, "two")
    assert slow.value.retry_after == 60
    small = tg.group("Small", tg.user(111, "Olga"), kind="group")
    new = await tg.migrates(small)
    with pytest.raises(TelegramMigrateToChat) as moved:
        await bot.send_message(small.id, "x")
    assert moved.value.migrate_to_chat_id == new.id
    with pytest.raises(TelegramForbiddenError, match="can't initiate conversation"):
        await bot.send_message(222, "x")
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("77", text="late")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.get_chat(-1)


async def test_topics_members_and_commands(bot: Bot, tg: PretendTelegram, staff: Room) -> None:
    """Forum topics, members, administrators and the command menu answer with types that aiogram accepts."""
    topic = await bot.create_forum_topic(staff.id, "Complaints")
    sent = await bot.send_message(staff.id, "angry", message_thread_id=topic.message_thread_id)
    assert sent.message_thread_id == topic.message_thread_id
    assert await bot.edit_forum_topic(staff.id, topic.message_thread_id, name="Solved")
    assert await bot.close_forum_topic(staff.id, topic.message_thread_id)
    assert (await bot.get_chat_member(staff.id, 222)).status == "member"
    assert [m.user.id for m in await bot.get_chat_administrators(staff.id)] == [111]
    chat = await bot.get_chat(staff.id)
    assert (chat.title, chat.is_forum) == ("Staff", True)
    assert await bot.set_my_commands([BotCommand(command="next", description="The next card")])
    assert [(c.command, c.description) for c in await bot.get_my_commands()] == [("next", "The next card")]
    assert (await bot.get_me()).username == "doorstep_bot"


async def test_files_places_and_the_rest(bot: Bot, tg: PretendTelegram, staff: Room) -> None:
    """Photos, documents, voice, places, copies, forwards, pins, reactions and actions work with aiogram's forms."""
    photo = await bot.send_photo(staff.id, BufferedInputFile(b"png", "door.png"), caption="door")
    assert photo.photo is not None
    document = await bot.send_document(staff.id, BufferedInputFile(b"pdf", "bill.pdf"))
    assert document.document is not None
    assert document.document.file_name == "bill.pdf"
    await bot.send_voice(staff.id, BufferedInputFile(b"ogg", "a.ogg"))
    await bot.send_location(staff.id, 40.4, -3.7)
    again = await bot.send_photo(staff.id, photo.photo[-1].file_id)
    assert again.photo is not None
    content = await bot.download(document.document.file_id)
    assert content is not None
    assert content.read() == b"pdf"
    copied = await bot.copy_message(staff.id, staff.id, photo.message_id)
    assert (await bot.forward_message(staff.id, staff.id, copied.message_id)).forward_origin is not None
    assert await bot.pin_chat_message(staff.id, photo.message_id)
    assert await bot.set_message_reaction(staff.id, photo.message_id, [ReactionTypeEmoji(emoji="👍")])
    assert await bot.send_chat_action(staff.id, "typing")
    [first, *_] = tg.shows(staff)
    assert (first.pinned, first.reactions) == (True, ("👍",))
    assert await bot.leave_chat(staff.id)
    with pytest.raises(TelegramForbiddenError, match="not a member"):
        await bot.send_message(staff.id, "x")


async def test_webhook_settings_come_back(bot: Bot, tg: PretendTelegram) -> None:
    """setWebhook, getWebhookInfo and deleteWebhook agree with each other."""
    assert await bot.set_webhook(
        "http://127.0.0.1:9/hook", secret_token="abc", allowed_updates=["message", "callback_query"]
    )
    info = await bot.get_webhook_info()
    assert (info.url, info.allowed_updates, info.pending_update_count) == (
        "http://127.0.0.1:9/hook",
        ["message", "callback_query"],
        0,
    )
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).url == ""
