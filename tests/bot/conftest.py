"""One staff group in the pretend Telegram, and the bot against it over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest

from bot.desk import TelegramDesk
from bot.intake import Intake
from bot.service import TelegramService
from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room, Shown
from sandbox.world import World
from tests.bot.house import House, policy

TOKEN = "4242:sandbox-token-of-the-bot"


@pytest.fixture
def world() -> World:
    return World(datetime(2026, 11, 21, 12, tzinfo=UTC))


@pytest.fixture
def tg(world: World) -> PretendTelegram:
    pretend = PretendTelegram(world, TOKEN)
    pretend.press_wait_s = 3.0
    return pretend


@pytest.fixture
def group(tg: PretendTelegram) -> Room:
    """Olga (owner, has started the bot), Ana and Ben (staff), and Mallory, who is in the group but not in the table."""
    people = [tg.user(111, "Olga", started=True), tg.user(222, "Ana"), tg.user(333, "Ben"), tg.user(666, "Mallory")]
    return tg.group("Staff", *people)


@pytest.fixture
def house(world: World, group: Room) -> House:
    return House(world, policy("demo", group.id))


@pytest.fixture
async def url(tg: PretendTelegram) -> AsyncIterator[str]:
    async with serve(tg.app()) as base_url:
        yield base_url


@pytest.fixture
async def desk(house: House, url: str) -> AsyncIterator[TelegramDesk]:
    made = TelegramDesk(TOKEN, url, house)
    house.port = made
    yield made
    await made.close()


@pytest.fixture
async def bot(house: House, url: str) -> AsyncIterator[TelegramService]:
    """The whole bot, polling."""
    service = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    house.port = service.desk
    service.start()
    yield service
    await service.close()


@pytest.fixture
async def restarted(house: House, url: str) -> AsyncIterator[Callable[[], TelegramDesk]]:
    """Makes a desk that remembers nothing of the one before."""
    async with AsyncExitStack() as stack:

        def make() -> TelegramDesk:
            made = TelegramDesk(TOKEN, url, house)
            stack.push_async_callback(made.close)
            house.port = made
            return made

        yield make


def cards(tg: PretendTelegram, group: Room) -> list[Shown]:
    """The bot's messages that reply to nothing."""
    return [m for m in tg.shows(group) if m.from_bot and m.reply_to is None]


def replies(tg: PretendTelegram, group: Room) -> list[Shown]:
    return [m for m in tg.shows(group) if m.from_bot and m.reply_to is not None]


async def take_all(tg: PretendTelegram, desk: TelegramDesk) -> None:
    """Give every waiting update to a fresh intake, as one poll would."""
    intake = Intake(desk)
    for update in tg.state.updates.pending():
        await intake.take(json.dumps(update.shown()).encode())
        tg.state.updates.done(update)
    await desk.calls.settled()
