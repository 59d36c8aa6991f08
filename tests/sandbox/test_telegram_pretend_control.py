"""The control endpoints of the pretend Telegram, as another process uses them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.world import World

TOKEN = "4242:sandbox-token"


class Desk:
    def __init__(self, base_url: str, http: aiohttp.ClientSession) -> None:
        self._base_url, self._http = base_url, http

    async def get(self, path: str) -> Any:
        async with self._http.get(f"{self._base_url}{path}") as answer:
            return await answer.json()

    async def post(self, path: str, status: int = 200, **body: Any) -> Any:
        async with self._http.post(f"{self._base_url}{path}", json=body) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json()

    async def break_it(self, **fault: Any) -> None:
        async with self._http.post(f"{self._base_url}/_control/faults", json=fault) as answer:
            assert answer.status == 201, await answer.text()

    async def bot(self, method: str, **params: Any) -> Any:
        return (await self.post(f"/bot{TOKEN}/{method}", **params))["result"]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    tg = PretendTelegram(World(datetime(2026, 11, 21, 12, tzinfo=UTC)), TOKEN)
    async with serve(tg.app()) as base_url, aiohttp.ClientSession() as http:
        yield Desk(base_url, http)


@pytest.fixture
async def staff(desk: Desk) -> int:
    """The group of Olga and Ana."""
    await desk.post("/_control/user", id=111, name="Olga", started=True)
    await desk.post("/_control/user", id=222, name="Ana")
    group = await desk.post("/_control/group", title="Staff", members=[111, 222], forum=True)
    return int(group["id"])


async def test_another_process_can_talk_press_and_look(desk: Desk, staff: int) -> None:
    """say and press reach the bot; chats show the messages with buttons; the press returns the toast."""
    await desk.post("/_control/say", user=222, chat=staff, text="/next")
    card = await desk.bot(
        "sendMessage",
        chat_id=staff,
        text="Card",
        reply_markup={"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]},
    )
    press = asyncio.create_task(
        desk.post("/_control/press", user=222, chat=staff, message_id=card["message_id"], button="Go")
    )
    said, pressed = await desk.bot("getUpdates"), []
    while not pressed:
        pressed = await desk.bot("getUpdates", offset=said[-1]["update_id"] + 1, timeout=5)
    await desk.bot(
        "answerCallbackQuery", callback_query_id=pressed[0]["callback_query"]["id"], text="Yours", show_alert=True
    )
    assert await press == {"answered": True, "toast": "Yours", "alert": True}
    chat = await desk.get(f"/_control/chats/{staff}")
    assert [(m["sender"], m["text"], m["buttons"]) for m in chat["messages"]] == [
        ("Ana", "/next", []),
        ("Doorstep", "Card", [[["Go", "g"]]]),
    ]
    assert [line["text"] for line in await desk.get("/_control/ledger")] == ["Card"]


async def test_another_process_moves_people_and_chats(desk: Desk, staff: int) -> None:
    """Joining, leaving, topics, blocking, migrating and removing the bot are seen in users, chats and updates."""
    await desk.post("/_control/user", id=333, name="Eva")
    await desk.post("/_control/join", user=333, chat=staff)
    await desk.post("/_control/leave", user=333, chat=staff, by=111)
    await desk.post("/_control/promote", user=222, chat=staff)
    thread = (await desk.post("/_control/topic", chat=staff, name="Talk"))["message_thread_id"]
    await desk.post("/_control/say", user=111, chat=staff, text="in topic", thread=thread)
    await desk.post("/_control/start", user=333, payload="code")
    await desk.post("/_control/block", user=333)
    small = (await desk.post("/_control/group", title="Small", members=[111], kind="group"))["id"]
    moved = (await desk.post("/_control/migrate", chat=small))["chat_id"]
    other = (await desk.post("/_control/group", title="Other", members=[111], bot="left"))["id"]
    await desk.post("/_control/add_bot", user=111, chat=other)
    await desk.post("/_control/remove_bot", user=111, chat=other)
    chats = {chat["id"]: chat for chat in await desk.get("/_control/chats")}
    assert {m["id"]: m["status"] for m in chats[staff]["members"]} == {
        4242: "administrator",
        111: "creator",
        222: "administrator",
        333: "kicked",
    }
    assert chats[staff]["topics"] == [{"id": thread, "name": "Talk", "closed": False}]
    assert chats[small]["migrated_to"] == moved
    assert [(u["id"], u["blocked"]) for u in await desk.get("/_control/users") if u["started"]] == [
        (111, False),
        (333, True),
    ]
    pending = (await desk.get("/_control/updates"))["pending"]
    assert [u["my_chat_member"]["new_chat_member"]["status"] for u in pending if "my_chat_member" in u] == [
        "kicked",
        "member",
        "kicked",
    ]


async def test_limits_and_faults_can_be_switched(desk: Desk, staff: int) -> None:
    """`strict` brings 429, other limits take its place, and a fault hits once."""
    assert (await desk.post("/_control/limits", strict=True))["per_group_minute"] == 20
    await desk.bot("sendMessage", chat_id=staff, text="one")
    await desk.post(f"/bot{TOKEN}/sendMessage", status=429, chat_id=staff, text="two")
    await desk.post("/_control/limits", per_group_minute=5)
    await desk.bot("sendMessage", chat_id=staff, text="two")
    await desk.break_it(kind="status", match="sendMessage", status=503)
    await desk.post(f"/bot{TOKEN}/sendMessage", status=503, chat_id=staff, text="three")
    await desk.bot("sendMessage", chat_id=staff, text="three")


async def test_what_cannot_be_done_is_said(desk: Desk, staff: int) -> None:
    """A missing field is 400, an unknown person, chat or button 404, each with a reason."""
    assert await desk.post("/_control/say", status=400, user=111) == {"error": "the body needs text"}
    assert (
        "nobody has the id 999"
        in (await desk.post("/_control/say", status=404, user=999, chat=staff, text="x"))["error"]
    )
    assert (
        "no message 5"
        in (await desk.post("/_control/press", status=404, user=111, chat=staff, message_id=5, button="Go"))["error"]
    )
    await desk.post("/_control/user", status=400, id="x", name="X")
    await desk.post("/_control/limits", status=400, per_week=1)
    assert await desk.get("/_control/chats/77") == {"error": "no such chat"}
