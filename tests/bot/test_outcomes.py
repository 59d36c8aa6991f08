"""What becomes of one attempt, whatever Telegram does; judged by the chat."""

from __future__ import annotations

import logging

import pytest
from msgspec.structs import replace

from bot.desk import TelegramDesk
from flows.effects import Accepted, Card, Line, PingOwner, Refused, ShowCard, TellStaff, TryAgain, Unknown
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.telegram_limits import Limits
from sandbox.world import Fault, World
from tests.bot.conftest import TOKEN, cards
from tests.bot.house import House, policy

SECRET_WORDS = "my-secret-words"
CARD = Card(state="flagged", lines=(Line("order", {"order": "1001"}), Line("said", {"text": SECRET_WORDS})))


def show(chat: int = 0, message_id: int = 0) -> ShowCard:
    return ShowCard(seq=1, card=replace(CARD, chat=str(chat) if chat else "", message_id=message_id))


async def test_a_refused_pace_is_tried_again_when_telegram_says(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """429: nothing was posted, and the wait is Telegram's own."""
    tg.limits = Limits(per_group_minute=1)
    assert isinstance(await desk.perform(show(), "a", "demo"), Accepted)
    outcome = await desk.perform(show(), "b", "demo")
    assert outcome == TryAgain(60.0, "too_many")
    assert len(cards(tg, group)) == 1


@pytest.mark.parametrize("kind", ["cut", "accept_cut", "garbage", "accept_garbage", "empty", "accept_empty"])
async def test_no_usable_answer_is_unknown(
    kind: str, desk: TelegramDesk, world: World, tg: PretendTelegram, group: Room
) -> None:
    """The request left; whether it was taken cannot be known, and it is not repeated by this hand."""
    world.break_it("telegram", Fault(kind, match="sendMessage"))
    assert await desk.perform(show(), "a", "demo") == Unknown("no_answer")
    assert len(cards(tg, group)) == kind.startswith("accept_")


async def test_a_server_error_is_unknown(desk: TelegramDesk, world: World) -> None:
    """5xx may have been taken."""
    world.break_it("telegram", Fault("status", match="sendMessage", status=502))
    assert await desk.perform(show(), "a", "demo") == Unknown("server_error")


async def test_silence_is_unknown(
    desk: TelegramDesk, world: World, tg: PretendTelegram, group: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout after the request left."""
    desk.calls.bot.session.timeout = 0.2
    world.break_it("telegram", Fault("accept_timeout", match="sendMessage"))
    assert await desk.perform(show(), "a", "demo") == Unknown("no_answer")
    assert len(cards(tg, group)) == 1


async def test_a_server_that_cannot_be_reached_is_tried_again(house: House) -> None:
    """Refused connection: no byte left, so nothing can be there twice."""
    desk = TelegramDesk(TOKEN, "http://127.0.0.1:9", house)
    try:
        assert await desk.perform(show(), "a", "demo") == TryAgain(10.0, "not_connected")
    finally:
        await desk.close()


async def test_a_bot_that_was_thrown_out_is_told_so(desk: TelegramDesk, tg: PretendTelegram, group: Room) -> None:
    """403 and "chat not found" are final: the group is gone."""
    await tg.removes_bot(111, group)
    assert await desk.perform(show(), "a", "demo") == Refused("chat_gone")
    assert await desk.perform(show(-999), "a", "demo") == Refused("chat_gone")


async def test_a_wrong_token_is_waited_out(house: House, url: str) -> None:
    """The owner mends the token; cards wait for it instead of being lost."""
    desk = TelegramDesk("4242:another", url, house)
    try:
        assert await desk.perform(show(), "a", "demo") == TryAgain(300.0, "token_refused")
    finally:
        await desk.close()


async def test_a_group_that_becomes_a_supergroup_is_followed(world: World, tg: PretendTelegram, url: str) -> None:
    """The failed message is sent once more to the new id, the change is reported once, old cards are posted anew."""
    old = tg.group("Staff", tg.user(111, "Olga", started=True), kind="group")
    house = House(world, policy("demo", old.id))
    moves: list[tuple[str, str]] = []

    async def moved(was: str, now: str) -> None:
        moves.append((was, now))

    desk = TelegramDesk(TOKEN, url, house, on_migrated=moved)
    try:
        first = await desk.perform(show(), "a", "demo")
        assert isinstance(first, Accepted)
        number = int(first.provider_id.rpartition("/")[2])
        new = await tg.migrates(old)
        edited = await desk.perform(show(old.id, number), "b", "demo")
        tell = TellStaff(seq=1, key="late.no_news", values={"order": "1"}, chat=str(old.id), message_id=number)
        told = await desk.perform(tell, "c", "demo")
        assert isinstance(edited, Accepted)
        assert isinstance(told, Accepted)
        assert edited.provider_id.startswith(f"{new.id}/")
        said = [m for m in tg.shows(new) if m.from_bot and not m.service]
        assert [m.reply_to for m in said] == [None, None]  # the old group's message ids mean nothing here
        assert moves == [(str(old.id), str(new.id))]
        assert await desk.groups.room(new.id) is not None
    finally:
        await desk.close()


async def test_nothing_secret_is_logged_or_raised(
    desk: TelegramDesk, house: House, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the token nor what a customer wrote appears in any log line or outcome, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    outcomes = []
    for kind in ("cut", "garbage", "accept_cut"):
        world.break_it("telegram", Fault(kind, match="sendMessage"))
        outcomes.append(await desk.perform(show(), "a", "demo"))
    for status in (400, 401, 403, 404, 409, 420, 429, 500, 502):
        world.break_it("telegram", Fault("status", match="sendMessage", status=status))
        outcomes.append(await desk.perform(show(), "a", "demo"))
    lost = TelegramDesk(TOKEN, "http://127.0.0.1:9", house)
    outcomes.append(await lost.perform(PingOwner(key="owner.held"), "p", "demo"))
    await lost.close()
    said = caplog.text + repr(outcomes)
    assert len(outcomes) == 13
    assert TOKEN.partition(":")[2] not in said
    assert SECRET_WORDS not in said
