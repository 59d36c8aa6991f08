"""python-telegram-bot, an independent client, against the pretend Bot API."""

import ast
import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from telegram import (
    BotCommand,
    BotCommandScopeChat,
    ForceReply,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
    MessageHandler,
    filters,
)

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.telegram_limits import Limits
from sandbox.world import World

TOKEN = "4242:sandbox-token"
GO = InlineKeyboardMarkup([[InlineKeyboardButton("Confirm", callback_data="v1:ok")]])
Context = ContextTypes.DEFAULT_TYPE


@pytest.fixture
def tg() -> PretendTelegram:
    return PretendTelegram(World(datetime(2026, 11, 21, 12, tzinfo=UTC)), TOKEN)


@pytest.fixture
def staff(tg: PretendTelegram) -> Room:
    return tg.group("Staff", tg.user(111, "Olga", started=True), tg.user(222, "Ana"), forum=True)


@pytest.fixture
async def base_url(tg: PretendTelegram) -> AsyncIterator[str]:
    async with serve(tg.app()) as url:
        yield url


def bot_at(base_url: str, token: str = TOKEN) -> ExtBot[None]:
    return ExtBot(token, base_url=f"{base_url}/bot", base_file_url=f"{base_url}/file/bot")


@pytest.fixture
async def bot(base_url: str) -> AsyncIterator[ExtBot[None]]:
    async with bot_at(base_url) as bot:
        yield bot


async def test_a_card_is_sent_edited_and_deleted(bot: ExtBot[None], tg: PretendTelegram, staff: Room) -> None:
    """Sending, editing, replying and deleting are seen by the people as this client meant them."""
    card = await bot.send_message(staff.id, "<b>Order</b> 1001", parse_mode="HTML", reply_markup=GO)
    assert card.text_html == "<b>Order</b> 1001"
    await bot.edit_message_text("Order 1001", staff.id, card.message_id, reply_markup=GO)
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_text("Order 1001", staff.id, card.message_id, reply_markup=GO)
    await bot.edit_message_reply_markup(staff.id, card.message_id)
    reply = await bot.send_message(
        staff.id, "why?", reply_parameters=ReplyParameters(card.message_id), reply_markup=ForceReply()
    )
    assert reply.reply_to_message is not None
    assert await bot.delete_message(staff.id, card.message_id)
    assert [m.text for m in tg.shows(staff)] == ["why?"]


async def test_an_application_polls_answers_and_toasts(base_url: str, tg: PretendTelegram, staff: Room) -> None:
    """The framework's own poller, command filter and callback handler work unchanged."""
    heard: list[str] = []

    async def on_next(update: Update, _: Context) -> None:
        heard.append("/next")
        assert update.message is not None
        await update.message.reply_text("card", reply_markup=GO)

    async def on_text(update: Update, _: Context) -> None:
        assert update.message is not None
        heard.append(str(update.message.text))

    async def on_press(update: Update, _: Context) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("done by Ana")

    application: Application[Any, Any, Any, Any, Any, Any] = (
        Application.builder().token(TOKEN).base_url(f"{base_url}/bot").job_queue(None).build()
    )
    application.add_handler(CommandHandler("next", on_next))
    application.add_handler(MessageHandler(filters.TEXT & filters.Chat(staff.id), on_text))
    application.add_handler(CallbackQueryHandler(on_press, pattern="^v1:ok$"))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(timeout=2)
        await tg.says(222, staff, "she asked for Monday")
        await tg.says(222, staff, "/next")
        async with asyncio.timeout(10):
            while not tg.world.ledger:  # noqa: ASYNC110 (the other side is a process of its own)
                await asyncio.sleep(0.005)
        assert await tg.presses(222, tg.shows(staff)[-1], "Confirm") == "done by Ana"
        await application.updater.stop()
        await application.stop()
    assert heard == ["she asked for Monday", "/next"]


async def test_refusals_become_this_clients_own_errors(
    bot: ExtBot[None], base_url: str, tg: PretendTelegram, staff: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RetryAfter, ChatMigrated, Forbidden, BadRequest, Conflict and InvalidToken are raised with their parameters."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # the client's way of saying that it knows of the coming type
    tg.limits = Limits(per_group_minute=1)
    await bot.send_message(staff.id, "one")
    with pytest.raises(RetryAfter) as slow:
        await bot.send_message(staff.id, "two")
    assert slow.value.retry_after == timedelta(seconds=60)
    small = tg.group("Small", tg.user(111, "Olga"), kind="group")
    new = await tg.migrates(small)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(small.id, "x")
    assert moved.value.new_chat_id == new.id
    with pytest.raises(Forbidden, match="initiate conversation"):
        await bot.send_message(222, "x")
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query("77")
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await bot.send_message(
            111, "x", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Go", callback_data="é" * 33)]])
        )
    await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="abc", max_connections=3)
    with pytest.raises(Conflict):
        await bot.get_updates()
    assert (await bot.get_webhook_info()).max_connections == 3
    assert await bot.delete_webhook()
    with pytest.raises(InvalidToken):
        await bot_at(base_url, "1:wrong").initialize()


async def test_topics_members_commands_and_files(bot: ExtBot[None], tg: PretendTelegram, staff: Room) -> None:
    """Topics, members, the command menu, photos and documents parse into this client's types."""
    topic = await bot.create_forum_topic(staff.id, "Complaints")
    sent = await bot.send_message(staff.id, "angry", message_thread_id=topic.message_thread_id)
    assert sent.is_topic_message
    assert await bot.edit_forum_topic(staff.id, topic.message_thread_id, name="Solved")
    assert await bot.close_forum_topic(staff.id, topic.message_thread_id)
    assert (await bot.get_chat_member(staff.id, 111)).status == "creator"
    assert [m.user.id for m in await bot.get_chat_administrators(staff.id)] == [111]
    assert (await bot.get_chat(staff.id)).title == "Staff"
    commands = [BotCommand("next", "The next card")]
    assert await bot.set_my_commands(commands)
    assert list(await bot.get_my_commands()) == commands
    photo = await bot.send_photo(staff.id, b"png", caption="door", filename="door.png")
    file = await bot.get_file(photo.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == b"png"
    document = await bot.send_document(staff.id, b"pdf", filename="bill.pdf")
    assert document.document is not None
    assert document.document.file_name == "bill.pdf"
    place = await bot.send_location(staff.id, 40.4, -3.7)
    assert place.location is not None
    assert (await bot.copy_message(staff.id, staff.id, photo.message_id)).message_id > photo.message_id
    assert (await bot.forward_message(staff.id, staff.id, photo.message_id)).forward_origin is not None
    assert await bot.pin_chat_message(staff.id, photo.message_id)
    assert await bot.set_message_reaction(staff.id, photo.message_id, "👍")
    assert await bot.send_chat_action(staff.id, "typing")
    assert await bot.leave_chat(staff.id)


def methods_of_the_bot() -> set[str]:
    """The Bot API methods that the room `bot` names, spelled as on the wire."""
    found: set[str] = set()
    for source in (Path(__file__).parents[2] / "bot").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "aiogram.methods":
                found |= {alias.name[0].lower() + alias.name[1:] for alias in node.names}
    return found - {"telegramMethod"}


async def test_the_second_client_sees_the_same_chat_for_every_method_of_the_bot(
    bot: ExtBot[None], tg: PretendTelegram, staff: Room
) -> None:
    """Whatever the service asks of Telegram, this client asks too, and reads back what the people see."""
    await bot.get_updates(allowed_updates=["message", "callback_query", "chat_member"])
    card = await bot.send_message(staff.id, "Order 7", reply_markup=GO)
    await bot.edit_message_text("Order 7, taken", staff.id, card.message_id, reply_markup=GO)
    under = ReplyParameters(card.message_id, allow_sending_without_reply=True)
    asked = await bot.send_message(
        staff.id, "Which number?", reply_parameters=under,
        reply_markup=ForceReply(selective=True, input_field_placeholder="+34"),
    )  # fmt: skip
    voice = await bot.send_voice(staff.id, b"OggS", caption="Voice note", reply_parameters=under, reply_markup=GO)
    photo = await bot.send_photo(
        staff.id, b"jpeg", caption="Picture", reply_parameters=under, disable_notification=True
    )
    file = await bot.send_document(staff.id, b"%PDF", filename="bill.pdf", reply_parameters=under)
    await bot.edit_message_reply_markup(staff.id, card.message_id)
    assert voice.voice is not None
    assert voice.voice.mime_type == "audio/ogg"
    topic = await bot.create_forum_topic(staff.id, "Complaints")
    told = await bot.send_message(staff.id, "see the card", message_thread_id=topic.message_thread_id)
    read = [(m.message_id, m.text, m.reply_to, m.thread, m.media) for m in tg.shows(staff) if m.text]
    assert read == [
        (card.message_id, "Order 7, taken", None, None, ()),
        (asked.message_id, "Which number?", card.message_id, None, ()),
        (voice.message_id, "Voice note", card.message_id, None, ("voice",)),
        (photo.message_id, "Picture", card.message_id, None, ("photo",)),
        (told.message_id, "see the card", None, topic.message_thread_id, ()),
    ]
    assert file.reply_to_message is not None
    assert file.reply_to_message.message_id == card.message_id
    press = await tg.press(222, voice.message_id, "Confirm", staff, wait_s=0)
    assert await bot.answer_callback_query(press.id, "Done.")
    assert press.toast == "Done."
    command = [BotCommand("next", "The next card")]
    assert await bot.set_my_commands(command, BotCommandScopeChat(staff.id), language_code="es")
    assert list(await bot.get_my_commands(BotCommandScopeChat(staff.id), language_code="es")) == command
    assert (await bot.get_chat(staff.id)).is_forum
    assert (await bot.get_me()).username == "doorstep_bot"
    await tg.promotes(222, staff)
    assert [u.chat_member.new_chat_member.status for u in await bot.get_updates() if u.chat_member] == ["administrator"]
    await bot.send_chat_action(staff.id, "typing")
    await bot.delete_forum_topic(staff.id, topic.message_thread_id)
    await bot.set_webhook("http://127.0.0.1:9/hook", secret_token="abc")
    assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"
    await bot.delete_webhook()
    await bot.leave_chat(staff.id)
    assert methods_of_the_bot() - {name for name, _, answer in tg.calls if answer["ok"]} == set()
