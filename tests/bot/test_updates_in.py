"""Updates come in by polling or webhook, and are acknowledged only after the commit."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web

from adapters.replaying import replay
from bot.desk import TelegramDesk
from bot.intake import Intake
from bot.service import TelegramService
from bot.webhook import LIMIT_BYTES, hook_of, routes
from engine.ports import Kept, OurFault, Store
from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.world import Fault, World
from tests.bot.conftest import TOKEN, cards, replies, take_all
from tests.bot.house import House, policy

SECRET = "hook-secret"


async def until(true: Callable[[], bool], what: str = "") -> None:
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(what or "it never became true")


async def test_polling_confirms_only_what_was_committed(
    house: House, url: str, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """A process that dies before the commit has confirmed nothing: the press comes again to the next one."""
    await house.place()
    [card] = cards(tg, group)
    house.down = 10_000
    dying = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    dying.start()
    press = asyncio.ensure_future(tg.press(222, card, "✅ Confirm"))
    await until(lambda: house.down < 9_998, "the update was not tried again")
    await dying.close()
    assert [u["callback_query"]["data"] for u in tg.pending_updates()] == [card.buttons[0][0][1]]
    assert house.order_now().state == "flagged"
    house.down = 0
    living = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    living.start()
    assert (await press).toast == "Done."
    await living.close()
    assert house.order_now().state == "confirmed"
    assert tg.pending_updates() == []


async def test_a_store_that_is_back_takes_the_same_update(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """While nothing can be written the update waits; then it counts once."""
    await house.place()
    house.down = 3
    assert await tg.presses(222, cards(tg, group)[0], "✅ Confirm") == "Done."
    assert len(house.staff_events) == 1
    assert house.kept == []


async def test_a_poisoned_update_is_kept_and_passed_over(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """A step that fails, or a shape that nobody foresaw, holds up nothing; the body can be replayed after a fix."""
    await house.place()
    [card] = cards(tg, group)
    house.broken = 1
    await tg.press(222, card, "✅ Confirm", wait_s=0)
    tg.state.updates.push("message", {"nothing": "as it should be"}, group.id)
    assert (await tg.presses(222, card, "🙋 Take") or "").startswith("It is yours.")
    assert [(route, why) for route, _, why in house.kept] == [
        ("telegram:4242", "RuntimeError"), ("telegram:4242", "ValidationError"),
    ]  # fmt: skip
    assert "secret words" not in caplog.text
    await bot.intake.take(house.kept[0][1])
    assert house.order_now().state == "confirmed"


async def test_the_same_update_twice_decides_once(
    house: House, desk: TelegramDesk, tg: PretendTelegram, group: Room
) -> None:
    """The update's id is the event's."""
    await house.place()
    await tg.press(222, cards(tg, group)[0], "📵 No answer", wait_s=0)
    [update] = tg.pending_updates()
    intake = Intake(desk)
    for _ in range(3):
        await intake.take(json.dumps(update).encode())
    assert len(house.order_now().calls) == 1
    assert [e.event_id for e in house.staff_events] == [f"telegram:{update['update_id']}"]


async def test_updates_of_one_chat_keep_their_order_when_one_has_to_wait(
    bot: TelegramService, house: House, tg: PretendTelegram, group: Room
) -> None:
    """Take, then confirm: the second does not overtake a first that meets a busy store."""
    await house.place()
    [card] = cards(tg, group)
    house.down = 2
    await asyncio.gather(tg.press(222, card, "🙋 Take"), tg.press(222, card, "✅ Confirm"))
    assert [getattr(e, "verb", "") for e in house.staff_events] == ["take", "confirm"]


async def test_ids_that_start_anew_are_not_mistaken_for_old_ones(
    bot: TelegramService, house: House, world: World, tg: PretendTelegram, group: Room
) -> None:
    """After a quiet week Telegram goes on with any other number; a lower one that comes between two polls is not lost."""
    await house.place()
    [card] = cards(tg, group)
    assert (await tg.presses(222, card, "🙋 Take") or "").startswith("It is yours.")

    def polls() -> int:
        return sum(call[0] == "getUpdates" for call in tg.calls)

    before = polls()
    await until(lambda: polls() >= before + 2, "no quiet poll came")
    outage = Fault("status", match="getUpdates", status=502, times=100_000)
    world.break_it("telegram", outage)
    await until(lambda: outage.times < 100_000, "the poll under way did not end")
    tg.state.updates.skip_ids(-5000)
    press = asyncio.ensure_future(tg.press(222, card, "✅ Confirm"))
    await until(lambda: len(tg.pending_updates()) == 1)
    world.mend("telegram")
    assert (await press).toast == "Done."


async def test_telegram_being_away_at_start_is_waited_out(
    house: House, url: str, world: World, tg: PretendTelegram, group: Room
) -> None:
    """No start is refused: the bot goes on trying, and nothing that waited is dropped."""
    world.break_it("telegram", Fault("status", status=502, times=12))
    await tg.says(222, group, "/help")
    service = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    service.start()
    await until(lambda: any(m.from_bot for m in tg.shows(group)))
    await until(lambda: sum(scope.startswith("default/") for scope in tg.state.commands) == 7)
    await service.close()
    told = [call for call in tg.calls if call[0] == "deleteWebhook"]
    assert told
    assert all(str(call[1].get("drop_pending_updates")).lower() == "false" for call in told)


async def test_a_webhook_left_behind_is_taken_down_for_polling(
    house: House, url: str, tg: PretendTelegram, group: Room
) -> None:
    """Somebody sets a webhook while the bot polls: it comes back by itself, without losing what waited."""
    service = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    service.start()
    await until(lambda: any(call[0] == "getUpdates" for call in tg.calls) or tg.state.updates.polled.is_set())
    tg.webhook.set_up("http://127.0.0.1:9/none", "s", 40, certificate=False)
    await tg.says(222, group, "/help")
    await until(lambda: tg.webhook.url == "", "the webhook still stands")
    await tg.says(222, group, "/id")
    await until(lambda: len(replies(tg, group)) == 2, "what came meanwhile was lost")
    await service.close()


async def test_a_group_that_moved_while_the_service_was_down_is_found_at_start(
    world: World, url: str, tg: PretendTelegram
) -> None:
    """The settings still name the old id; presses from the new group count all the same."""
    old = tg.group("Staff", tg.user(222, "Ana"), kind="group")
    new = await tg.migrates(old)
    tg.state.updates.clear()
    house = House(world, policy("demo", old.id))
    service = TelegramService(TOKEN, url, house, poll_s=1, again_s=0.02)
    house.port = service.desk
    service.start()
    await until(lambda: service.desk.groups.current(str(old.id)) == str(new.id))
    await house.place()
    assert await tg.presses(222, cards(tg, new)[0], "✅ Confirm") == "Done."
    await service.close()


# -- webhook


@asynccontextmanager
async def hooked(house: House, url: str) -> AsyncIterator[TelegramService]:
    """The whole bot in webhook mode, on a port that is known only once it is open."""
    made: list[TelegramService] = []

    async def hook(request: web.Request) -> web.StreamResponse:
        [route] = made[0].routes()
        return cast(web.StreamResponse, await cast(Any, route.handler)(request))

    app = web.Application()
    app.router.add_post("/hooks/telegram", hook)
    async with serve(app) as public_url:
        service = TelegramService(TOKEN, url, house, public_url=public_url, secret=SECRET, again_s=0.02)
        made.append(service)
        house.port = service.desk
        service.start()
        yield service
        await service.close()


async def test_webhook_mode_acknowledges_after_the_commit(
    house: House, url: str, world: World, tg: PretendTelegram, group: Room
) -> None:
    """Telegram hears 503 while the store cannot write and delivers again; what is poisoned is kept and counts as taken."""
    async with hooked(house, url):
        await until(lambda: tg.webhook.url.endswith("/hooks/telegram"), "no webhook was set")
        await house.place()
        [card] = cards(tg, group)
        house.down = 1
        press = asyncio.ensure_future(tg.press(222, card, "✅ Confirm"))
        await until(lambda: house.counters["hook_unavailable"] == 1)
        await until(lambda: tg.next_retry_at() is not None, "a 503 must be delivered again")
        world.advance(timedelta(seconds=2))
        assert (await press).toast == "Done."
        assert len(house.staff_events) == 1
        house.broken = 1
        await tg.says(222, group, "// note", reply_to=card)
        await until(lambda: len(house.kept) == 1)
        await until(lambda: tg.pending_updates() == [], "a kept update must count as taken")


@pytest.fixture
def app(desk: TelegramDesk) -> web.Application:
    made = web.Application()
    made.add_routes(routes([hook_of(desk, Intake(desk), SECRET)]))
    return made


@pytest.mark.parametrize(
    ("headers", "size", "status"),
    [
        ({}, 2, 403),
        ({"X-Telegram-Bot-Api-Secret-Token": "hook-secre"}, 2, 403),
        ({"X-Telegram-Bot-Api-Secret-Token": "sécret"}, 2, 403),
        ({"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "text/plain"}, 2, 415),
        ({"X-Telegram-Bot-Api-Secret-Token": SECRET}, LIMIT_BYTES + 1, 413),
        ({"X-Telegram-Bot-Api-Secret-Token": SECRET}, 2, 200),
    ],
)
async def test_the_route_lets_in_telegram_only(
    headers: dict[str, str], size: int, status: int, app: web.Application, house: House
) -> None:
    """Wrong secret 403, other content type 415, too big 413; a body with the secret that cannot be read is kept and taken."""
    async with serve(app) as base, aiohttp.ClientSession() as session:
        sent = {"Content-Type": "application/json"} | headers
        async with session.post(f"{base}/hooks/telegram", data=io.BytesIO(b"[" * size), headers=sent) as answer:
            assert answer.status == status
    assert len(house.kept) == (status == 200)
    assert house.staff_events == []


async def test_two_bots_share_the_path_by_their_secrets(
    house: House, desk: TelegramDesk, url: str, tg: PretendTelegram, group: Room
) -> None:
    """Each update goes to the bot whose secret it carries; one secret for two bots is refused at the start."""
    await house.place()
    other = TelegramDesk(TOKEN, url, House(house.world, policy("second", 0)))
    hooks = [hook_of(other, Intake(other), "second-secret"), hook_of(desk, Intake(desk), SECRET)]
    made = web.Application()
    made.add_routes(routes(hooks))
    await tg.press(222, cards(tg, group)[0], "✅ Confirm", wait_s=0)
    body = json.dumps(tg.pending_updates()[-1]).encode()
    async with serve(made) as base, aiohttp.ClientSession() as session:
        for secret, state in (("second-secret", "flagged"), (SECRET, "confirmed")):
            sent = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
            async with session.post(f"{base}/hooks/telegram", data=body, headers=sent) as answer:
                assert answer.status == 200
            assert house.order_now().state == state
    await other.close()
    with pytest.raises(OurFault):
        routes([hook_of(desk, Intake(desk), SECRET), hook_of(other, Intake(other), SECRET)])


async def test_what_was_kept_goes_back_to_the_bot_that_got_it(
    house: House, desk: TelegramDesk, url: str, tg: PretendTelegram, group: Room
) -> None:
    """Of two bots only the one whose update it was can find the group and answer; a bot that is gone leaves it kept."""
    await house.place()
    other = TelegramDesk("777:other-token", url, House(house.world, policy("second", 0)))
    mine, theirs = Intake(desk), Intake(other)
    house.broken = 1
    await tg.press(222, cards(tg, group)[0], "✅ Confirm", wait_s=0)
    await mine.take(json.dumps(tg.pending_updates()[-1]).encode())
    [(route, body, _)] = house.kept
    kept = {"1": Kept("1", route, house.now(), "", body, {}), "2": Kept("2", "telegram:1", house.now(), "", body, {})}

    class KeptOnly:
        async def kept(self, limit: int = 100) -> list[Kept]:
            return list(kept.values())

        async def drop_kept(self, ids: list[str]) -> None:
            for one in ids:
                del kept[one]

    takers = {intake.route: intake.take for intake in (theirs, mine)}
    assert await replay(cast(Store, KeptOnly()), house, {}, takers) == (0, 1)
    assert house.order_now().state == "confirmed"
    assert list(kept) == ["2"]
    await other.close()


def test_a_webhook_without_a_secret_is_refused(house: House) -> None:
    """Without it anybody could press staff's buttons."""

    async def build() -> None:
        TelegramService(TOKEN, "http://127.0.0.1:9", house, public_url="https://shop.example.com")

    with pytest.raises(OurFault):
        asyncio.run(build())


async def test_a_chunked_body_is_bounded_too(app: web.Application, house: House) -> None:
    """A body that does not tell its length is cut off at the same limit."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LIMIT_BYTES // 65536 + 2):
            yield b"x" * 65536

    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET, "Content-Type": "application/json"}
    async with (
        serve(app) as base,
        aiohttp.ClientSession() as session,
        session.post(f"{base}/hooks/telegram", data=endless(), headers=headers) as answer,
    ):
        assert answer.status == 413
    assert house.kept == []


async def test_a_toast_too_late_disturbs_nobody(
    house: House, desk: TelegramDesk, world: World, tg: PretendTelegram, group: Room
) -> None:
    """The decision counts even where the answer to the press cannot be shown any more."""
    await house.place()
    await tg.press(222, cards(tg, group)[0], "✅ Confirm", wait_s=0)
    world.break_it("telegram", Fault("status", match="answerCallbackQuery", status=400))
    await take_all(tg, desk)
    assert house.order_now().state == "confirmed"
