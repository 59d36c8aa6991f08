"""Every method and every kind of update of the pretend Bot API against the machine-readable Bot API."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.serving import serve
from sandbox.telegram import METHODS, PretendTelegram
from sandbox.telegram_chats import Room
from sandbox.telegram_spec import BotApiSpec
from sandbox.world import World

TOKEN = "4242:sandbox-token"
DESCRIPTION = Path(__file__).parents[3] / "shared/data/specs/telegram_bot_api_10.1.json"
GO = {"inline_keyboard": [[{"text": "Go", "callback_data": "v1:go"}]]}
ABOUT_UPDATES = {"getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo"}
ALL_KINDS = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member", "message_reaction"]


class Tour:
    """Calls methods one by one; the pretend Telegram keeps what was asked and answered."""

    def __init__(self, tg: PretendTelegram, base_url: str, http: aiohttp.ClientSession) -> None:
        self.tg, self._base_url, self._http = tg, base_url, http
        self.olga, self.ana = tg.user(111, "Olga Ruiz", "olga", language="es", started=True), tg.user(222, "Ana")
        self.forum: Room = tg.group("Staff", self.olga, self.ana, forum=True)
        self.at = {"chat_id": self.forum.id}

    async def call(self, method: str, **params: Any) -> Any:
        async with self._http.post(f"{self._base_url}/bot{TOKEN}/{method}", json=params) as answer:
            return (await answer.json()).get("result")

    async def upload(self, method: str, field: str) -> Any:
        form = aiohttp.FormData({"chat_id": str(self.forum.id), "caption": "<b>c</b>", "parse_mode": "HTML"})
        form.add_field(field, b"bytes", filename="name.bin")
        async with self._http.post(f"{self._base_url}/bot{TOKEN}/{method}", data=form) as answer:
            return (await answer.json())["result"]

    async def messages(self) -> None:
        reply = {
            "message_id": (
                await self.call("sendMessage", **self.at, text="/next <b>1</b>", parse_mode="HTML", reply_markup=GO)
            )["message_id"]
        }
        card = reply | self.at
        await self.call(
            "sendMessage", **self.at, text="2 https://a.example", reply_parameters=reply, protect_content=True
        )
        await self.call("editMessageText", **card, text="Order", reply_markup=GO)
        await self.call("editMessageText", **card, text="Order", reply_markup=GO)  # refused: not modified
        await self.call("editMessageReplyMarkup", **card)
        photo = await self.upload("sendPhoto", "photo")
        for method, field in (("sendDocument", "document"), ("sendVoice", "voice")):
            await self.upload(method, field)
        await self.call("sendLocation", **self.at, latitude=40.4, longitude=-3.7)
        await self.call("editMessageCaption", **self.at, message_id=photo["message_id"], caption="other")
        await self.call("getFile", file_id=photo["photo"][0]["file_id"])
        source = {"from_chat_id": self.forum.id, "message_id": photo["message_id"]}
        await self.call("forwardMessage", **self.at, **source)
        copied = await self.call("copyMessage", **self.at, **source)
        await self.call("setMessageReaction", **card, reaction=[{"type": "emoji", "emoji": "👍"}])
        await self.call("pinChatMessage", **card)
        await self.call("getChat", **self.at)
        await self.call("unpinChatMessage", **card)
        await self.call("deleteMessage", **self.at, message_id=copied["message_id"])
        await self.call("deleteMessages", **self.at, message_ids=[copied["message_id"], photo["message_id"]])
        await self.call("sendChatAction", **self.at, action="typing")

    async def rooms(self) -> None:
        await self.call("getMe")
        for chat_id in (self.forum.id, self.olga.id):
            await self.call("getChat", chat_id=chat_id)
        for person in (self.olga, self.ana, self.tg.me, self.tg.user(333, "Eva")):
            await self.call("getChatMember", **self.at, user_id=person.id)
        await self.call("getChatAdministrators", **self.at, return_bots=True)
        await self.call("getChatMemberCount", **self.at)
        topic = await self.call("createForumTopic", **self.at, name="Talk")
        in_topic = self.at | {"message_thread_id": topic["message_thread_id"]}
        await self.call("sendMessage", **in_topic, text="in the topic")
        await self.call("editForumTopic", **in_topic, name="Chat")
        for method in ("closeForumTopic", "reopenForumTopic", "deleteForumTopic"):
            await self.call(method, **in_topic)
        await self.call(
            "setMyCommands", commands=[{"command": "next", "description": "Next"}], scope={"type": "chat", **self.at}
        )
        await self.call("getMyCommands", scope={"type": "chat", **self.at})
        await self.call("deleteMyCommands")
        for what in ("Name", "Description", "ShortDescription"):
            await self.call(
                f"setMy{what}", **{{"ShortDescription": "short_description"}.get(what, what.lower()): "Doorstep"}
            )
            await self.call(f"getMy{what}")

    async def people(self) -> None:
        """One update of every kind, then the calls that end things."""
        tg = self.tg
        await self.call("getUpdates", allowed_updates=ALL_KINDS)
        card = await self.call("sendMessage", **self.at, text="card", reply_markup=GO)
        press = await tg.press(self.ana, card["message_id"], "Go", self.forum, wait_s=0)
        await self.call("answerCallbackQuery", callback_query_id=press.id, text="ok", show_alert=True)
        said = await tg.says(self.ana, self.forum, "call her", reply_to=card["message_id"])
        await tg.edits(self.ana, self.forum, said, "call him")
        await tg.forwards(self.ana, said, None)
        await tg.says(self.olga, self.forum, "/stats", anonymous=True)
        await tg.says(
            self.olga, None, media={"document": tg.keeps("a.txt", "text/plain", b"a") | {"file_name": "a.txt"}}
        )
        await tg.reacts(self.ana, self.forum, card["message_id"], "👎")
        eva = tg.user(333, "Eva")
        await tg.joins(eva, self.forum)
        await tg.leaves(eva, self.forum, by=self.olga)
        await tg.promotes(self.ana, self.forum)
        tg.topic(self.forum, "By people")
        await tg.migrates(tg.group("Small", self.olga, kind="group"))
        await tg.blocks(self.ana)
        other = tg.group("Other", self.olga, bot="left")
        await tg.adds_bot(self.olga, other, "administrator")
        await tg.removes_bot(self.olga, other)
        await self.call("getUpdates")
        await self.call("banChatMember", **self.at, user_id=self.ana.id)
        await self.call("sendMessage", chat_id=other.id, text="x")  # refused: kicked
        await self.call("leaveChat", **self.at)
        await self.call("setWebhook", url="http://127.0.0.1:9/hook", max_connections=7)
        await self.call("getUpdates")  # refused: webhook
        await self.call("getWebhookInfo")
        await self.call("deleteWebhook")


@pytest.fixture
async def tour() -> AsyncIterator[Tour]:
    tg = PretendTelegram(World(datetime(2026, 11, 21, 12, tzinfo=UTC)), TOKEN)
    async with serve(tg.app()) as base_url, aiohttp.ClientSession() as http:
        yield Tour(tg, base_url, http)


@pytest.mark.skipif(not DESCRIPTION.exists(), reason="telegram_bot_api_10.1.json is not here")
async def test_every_method_and_update_conforms_to_the_bot_api(tour: Tour) -> None:
    """Parameters, results, refusals and updates of a tour through every method have the documented names and types."""
    spec = BotApiSpec(DESCRIPTION)
    await tour.messages()
    await tour.rooms()
    await tour.people()
    faults = [
        fault for method, params, answer in tour.tg.calls for fault in spec.faults_of_call(method, params, answer)
    ]
    assert faults == []
    went_well = {method for method, _, answer in tour.tg.calls if answer["ok"]}
    assert went_well == set(METHODS) | ABOUT_UPDATES
    kinds = {kind for m, _, a in tour.tg.calls if m == "getUpdates" and a["ok"] for u in a["result"] for kind in u}
    assert kinds == {"update_id", *ALL_KINDS}


def test_the_check_finds_what_does_not_conform(tmp_path: Path) -> None:
    """A made-up parameter, a missing one, a wrong type, a missing and an unknown field are each named."""
    user = {
        "fields": [
            {"name": "id", "types": ["Integer"], "required": True},
            {"name": "names", "types": ["Array of String"], "required": False},
        ]
    }
    method = {"returns": ["User", "Boolean"], "fields": [{"name": "a", "types": ["Integer"], "required": True}]}
    description = tmp_path / "spec.json"
    description.write_text(
        json.dumps({"methods": {"get": method}, "types": {"User": user, "Any": {"subtypes": ["User"]}}})
    )
    spec = BotApiSpec(description)
    assert spec.faults_of_call("get", {"a": 1}, {"ok": True, "result": {"id": 1, "names": ["x"]}}) == []
    assert spec.faults_of_call("get", {"b": 1}, {"ok": True, "result": True}) == [
        "get: no parameter b",
        "get: went well without a",
    ]
    assert spec.faults_of_value({"id": "1", "x": 2}, ["Any"], "v") == [
        "v: User has no field x",
        "v.id: '1' is no Integer",
    ]
    assert spec.faults_of_value({"names": [True]}, ["User"], "v") == [
        "v: User lacks id",
        "v.names[0]: True is no String",
    ]
    assert spec.faults_of_call("get", {}, {"ok": False}) == [
        "get: refusal without error_code",
        "get: refusal without description",
    ]
    assert spec.faults_of_call("put", {}, {"ok": True, "result": 1}) == ["put: no such method"]
