"""The pretend Bot API asked over plain HTTP: what it takes, what it refuses and in which words."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.serving import serve
from sandbox.telegram import PretendTelegram
from sandbox.telegram_limits import Limits
from sandbox.world import Fault, World

TOKEN = "4242:sandbox-token"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GO = {"inline_keyboard": [[{"text": "Go", "callback_data": "v1:go"}, {"text": "Shop", "url": "https://shop.example"}]]}


class Bench:
    """A pretend Telegram, an owner, a clerk, their group, and a plain HTTP client of the bot."""

    def __init__(self, tg: PretendTelegram, base_url: str, http: aiohttp.ClientSession) -> None:
        self.tg, self.base_url, self.http = tg, base_url, http
        self.world = tg.world
        self.olga = tg.user(111, "Olga Ruiz", "olga", started=True)
        self.ana = tg.user(222, "Ana")
        self.staff = tg.group("Staff", self.olga, self.ana)

    async def raw(self, method: str, **params: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.base_url}/bot{TOKEN}/{method}", json=params) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == (200 if body["ok"] else body["error_code"])
            return body

    async def ok(self, method: str, **params: Any) -> Any:
        body = await self.raw(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        body = await self.raw(method, **params)
        assert not body["ok"], body
        return str(body["description"])

    async def send(self, **params: Any) -> Any:
        return await self.ok("sendMessage", **({"chat_id": self.staff.id, "text": "Order 1001"} | params))

    async def updates(self, **params: Any) -> list[dict[str, Any]]:
        got: list[dict[str, Any]] = await self.ok("getUpdates", **params)
        return got


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    tg = PretendTelegram(World(NOON), TOKEN)
    async with serve(tg.app()) as base_url, aiohttp.ClientSession() as http:
        yield Bench(tg, base_url, http)


# -- sending


async def test_a_sent_message_is_in_the_ledger_and_on_the_screen(bench: Bench) -> None:
    """What was sent is what the group sees and what the ledger holds, once."""
    sent = await bench.send(text="<b>Order</b> 1001", parse_mode="HTML", reply_markup=GO)
    [shown] = bench.tg.shows(bench.staff)
    assert (shown.text, shown.html, shown.edits) == ("Order 1001", "<b>Order</b> 1001", 0)
    assert shown.buttons == ((("Go", "v1:go"), ("Shop", "https://shop.example")),)
    [got] = bench.world.ledger
    assert (got.provider, got.channel, got.to, got.text) == ("telegram", "telegram", str(bench.staff.id), "Order 1001")
    assert got.provider_id == f"{bench.staff.id}/{sent['message_id']}"
    assert got.extra["html"] == "<b>Order</b> 1001"
    assert got.extra["buttons"][0][0] == {"text": "Go", "data": "v1:go", "url": None}


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": " \n "}, "Bad Request: message text is empty"),
        ({"chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"chat_id": -999}, "Bad Request: chat not found"),
        ({"chat_id": "@nobody"}, "Bad Request: chat not found"),
        ({"chat_id": 222}, "Forbidden: bot can't initiate conversation with a user"),
        (
            {"text": "<b>x", "parse_mode": "HTML"},
            "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        ({"reply_parameters": {"message_id": 99}}, "Bad Request: message to be replied not found"),
        ({"message_thread_id": 5}, "Bad Request: message thread not found"),
        (
            {"reply_markup": {"inline_keyboard": [[{"text": "Go", "callback_data": "é" * 33}]]}},
            "Bad Request: BUTTON_DATA_INVALID",
        ),
    ],
)
async def test_what_cannot_be_sent_is_refused_and_reaches_nobody(
    bench: Bench, params: dict[str, Any], why: str
) -> None:
    """A refused send leaves nothing in the ledger and is worded as Telegram words it."""
    assert await bench.refused("sendMessage", **({"chat_id": bench.staff.id, "text": "x"} | params)) == why
    assert bench.world.ledger == []


async def test_4096_characters_are_counted_after_the_markup(bench: Bench) -> None:
    """Tags do not count towards the 4096."""
    await bench.send(text=f"<b>{'x' * 4096}</b>", parse_mode="HTML")
    assert len(bench.world.ledger[0].text) == 4096


async def test_a_bot_may_write_to_a_person_once_they_have_started_it(bench: Bench) -> None:
    """/start opens the private chat; blocking shuts it with 403."""
    await bench.tg.starts(bench.ana, "code7")
    await bench.send(chat_id=222)
    [update] = await bench.updates()
    assert update["message"]["text"] == "/start code7"
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    await bench.tg.blocks(bench.ana)
    assert await bench.refused("sendMessage", chat_id=222, text="x") == "Forbidden: bot was blocked by the user"
    await bench.tg.starts(bench.ana)
    await bench.send(chat_id=222)
    changes = [u["my_chat_member"]["new_chat_member"]["status"] for u in await bench.updates() if "my_chat_member" in u]
    assert changes == ["kicked", "member"]


async def test_form_and_query_calls_mean_the_same_as_json(bench: Bench) -> None:
    """Parameters are taken from a form and from the query string, structures as JSON text."""
    url = f"{bench.base_url}/bot{TOKEN}/SENDMESSAGE"
    form = {"text": "form", "reply_markup": '{"force_reply": true}'}
    async with bench.http.post(url, params={"chat_id": str(bench.staff.id)}, data=form) as answer:
        assert (await answer.json())["ok"]
    assert bench.world.ledger[0].text == "form"
    assert bench.world.ledger[0].extra["force_reply"] is True


async def test_a_wrong_token_and_an_unknown_method_are_refused(bench: Bench) -> None:
    """401 without the bot's token, 404 for a method that does not exist."""
    async with bench.http.get(f"{bench.base_url}/bot1:other/getMe") as answer:
        assert answer.status == 401
    assert await bench.refused("sendNothing") == "Not Found: method not found"


# -- editing and deleting


async def test_an_edit_changes_what_is_shown_and_is_recorded(bench: Bench) -> None:
    """An edit is one more ledger line, marked; the chat still shows one message."""
    sent = await bench.send(reply_markup=GO)
    edited = await bench.ok(
        "editMessageText", chat_id=bench.staff.id, message_id=sent["message_id"], text="Order 1001: done"
    )
    assert "reply_markup" not in edited
    [shown] = bench.tg.shows(bench.staff)
    assert (shown.text, shown.buttons, shown.edits) == ("Order 1001: done", (), 1)
    assert [line.extra.get("edit", False) for line in bench.world.ledger] == [False, True]


async def test_an_edit_that_changes_nothing_is_refused(bench: Bench) -> None:
    """The same text with the same keyboard is 400 'message is not modified'; another keyboard is a change."""
    sent = await bench.send(reply_markup=GO)
    same = {"chat_id": bench.staff.id, "message_id": sent["message_id"]}
    assert "message is not modified" in await bench.refused(
        "editMessageText", text="Order 1001", reply_markup=GO, **same
    )
    assert "message is not modified" in await bench.refused("editMessageReplyMarkup", reply_markup=GO, **same)
    await bench.ok("editMessageReplyMarkup", **same)
    assert bench.tg.shows(bench.staff)[0].buttons == ()


async def test_only_the_bots_own_and_existing_messages_can_be_edited(bench: Bench) -> None:
    """Unknown ids are 'not found', other people's messages 'can't be edited'."""
    theirs = await bench.tg.says(bench.ana, bench.staff, "hello")
    edit = {"chat_id": bench.staff.id, "text": "y"}
    assert await bench.refused("editMessageText", message_id=99, **edit) == "Bad Request: message to edit not found"
    assert (
        await bench.refused("editMessageText", message_id=theirs.id, **edit) == "Bad Request: message can't be edited"
    )


async def test_a_message_can_be_deleted_for_48_hours(bench: Bench) -> None:
    """Younger ones disappear, older ones and unknown ones are refused."""
    first, second = await bench.send(), await bench.send()
    assert await bench.ok("deleteMessage", chat_id=bench.staff.id, message_id=first["message_id"]) is True
    assert [m.message_id for m in bench.tg.shows(bench.staff)] == [second["message_id"]]
    bench.world.advance(timedelta(hours=49))
    gone = {"chat_id": bench.staff.id}
    assert (
        await bench.refused("deleteMessage", message_id=first["message_id"], **gone)
        == "Bad Request: message to delete not found"
    )
    assert "can't be deleted" in await bench.refused("deleteMessage", message_id=second["message_id"], **gone)


# -- pressing


async def test_a_press_reaches_the_bot_and_the_toast_reaches_the_person(bench: Bench) -> None:
    """The person sees what answerCallbackQuery said; the update carries the presser and the message."""
    sent = await bench.send(reply_markup=GO)
    press = asyncio.create_task(bench.tg.presses(bench.ana, sent["message_id"], "Go", bench.staff))
    [update] = await bench.updates(timeout=5)
    query = update["callback_query"]
    assert (query["data"], query["from"]["id"], query["message"]["message_id"]) == ("v1:go", 222, sent["message_id"])
    await bench.ok("answerCallbackQuery", callback_query_id=query["id"], text="Taken by Ana")
    assert await press == "Taken by Ana"


async def test_a_button_that_is_not_shown_cannot_be_pressed_but_can_be_forged(bench: Bench) -> None:
    """Apps press what is shown; a program may send any data to any message it can see."""
    sent = await bench.send(reply_markup=GO)
    with pytest.raises(LookupError, match="no button"):
        await bench.tg.presses(bench.ana, sent["message_id"], "Stop", bench.staff)
    with pytest.raises(LookupError, match="is not in"):
        await bench.tg.presses_raw(bench.tg.user(333, "Stranger"), sent["message_id"], bench.staff, "v1:go")
    assert await bench.tg.presses_raw(bench.ana, sent["message_id"], bench.staff, "forged", wait_s=0) is None
    [update] = await bench.updates()
    assert update["callback_query"]["data"] == "forged"


async def test_a_press_can_be_answered_for_150_seconds(bench: Bench) -> None:
    """Later, or with an unknown id, the answer is 400 'query is too old'; an unfetched press is gone too."""
    sent = await bench.send(reply_markup=GO)
    await bench.tg.presses(bench.ana, sent["message_id"], "v1:go", bench.staff, wait_s=0)
    [update] = await bench.updates()
    bench.world.advance(timedelta(seconds=150))
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await bench.refused("answerCallbackQuery", callback_query_id=update["callback_query"]["id"]) == too_old
    assert await bench.refused("answerCallbackQuery", callback_query_id="1") == too_old
    assert await bench.updates() == []


# -- updates


async def test_an_offset_confirms_and_unconfirmed_updates_come_again(bench: Bench) -> None:
    """The same updates come until an offset above their id was asked for; a negative offset keeps the last."""
    for text in ("one", "two", "three"):
        await bench.tg.says(bench.olga, None, text)
    first = await bench.updates(limit=2)
    assert [u["message"]["text"] for u in first] == ["one", "two"]
    assert await bench.updates(limit=2) == first
    assert [u["message"]["text"] for u in await bench.updates(offset=first[0]["update_id"] + 1)] == ["two", "three"]
    assert [u["message"]["text"] for u in await bench.updates(offset=-1)] == ["three"]
    assert len(await bench.updates()) == 1


async def test_update_ids_may_jump(bench: Bench) -> None:
    """After a quiet week ids go on elsewhere, and what comes is still fetched and confirmed."""
    await bench.tg.says(bench.olga, None, "before")
    bench.tg.state.updates.skip_ids(-500)
    await bench.tg.says(bench.olga, None, "after")
    got = await bench.updates()
    assert [u["message"]["text"] for u in got] == ["before", "after"]
    assert got[1]["update_id"] == got[0]["update_id"] - 499
    assert await bench.updates(offset=got[0]["update_id"] + 1) == []


async def test_a_long_poll_ends_when_something_comes(bench: Bench) -> None:
    """A poll with a timeout returns at once with the update that comes meanwhile."""
    poll = asyncio.create_task(bench.updates(timeout=30))
    await bench.tg.state.updates.polled.wait()
    await bench.tg.says(bench.olga, None, "here")
    assert [u["message"]["text"] for u in await asyncio.wait_for(poll, 5)] == ["here"]


async def test_a_second_poll_ends_the_first_with_409(bench: Bench) -> None:
    """Only one getUpdates at a time: the earlier one is told that another took over."""
    poll = asyncio.create_task(bench.refused("getUpdates", timeout=30))
    await bench.tg.state.updates.polled.wait()
    assert await bench.updates() == []
    assert (await asyncio.wait_for(poll, 5)).startswith("Conflict: terminated by other getUpdates request")


async def test_updates_live_24_hours(bench: Bench) -> None:
    """A message that nobody fetched is gone after a day."""
    await bench.tg.says(bench.olga, None, "early")
    bench.world.advance(timedelta(hours=23))
    await bench.tg.says(bench.olga, None, "late")
    bench.world.advance(timedelta(hours=1))
    assert [u["message"]["text"] for u in await bench.updates()] == ["late"]


async def test_membership_of_others_comes_only_when_asked_for(bench: Bench) -> None:
    """chat_member is not in Telegram's default allowed_updates; the service message always comes."""
    new = bench.tg.user(333, "Eva")
    await bench.tg.joins(new, bench.staff, by=bench.olga)
    assert [kind for u in await bench.updates(offset=-100) for kind in u if kind != "update_id"] == ["message"]
    await bench.updates(offset=10**12, allowed_updates=["message", "chat_member"])
    await bench.tg.leaves(new, bench.staff)
    changes = [u for u in await bench.updates() if "chat_member" in u]
    assert [
        (c["chat_member"]["old_chat_member"]["status"], c["chat_member"]["new_chat_member"]["status"]) for c in changes
    ] == [("member", "left")]


# -- chats


async def test_a_bot_with_privacy_hears_only_what_is_meant_for_it(bench: Bench) -> None:
    """Without administrator rights the bot gets commands and replies to itself; as administrator everything."""
    bench.staff.members[bench.tg.me.id] = "member"
    card = await bench.send()
    await bench.tg.says(bench.ana, bench.staff, "chatter")
    await bench.tg.says(bench.ana, bench.staff, "/next")
    await bench.tg.says(bench.ana, bench.staff, "call her", reply_to=card["message_id"])
    await bench.tg.promotes(bench.tg.me.id, bench.staff)
    await bench.tg.says(bench.ana, bench.staff, "more chatter")
    texts = [u["message"]["text"] for u in await bench.updates() if "message" in u]
    assert texts == ["/next", "call her", "more chatter"]


async def test_an_anonymous_admin_writes_as_the_group(bench: Bench) -> None:
    """The sender is GroupAnonymousBot and sender_chat the group: nobody's user id is told."""
    await bench.tg.says(bench.olga, bench.staff, "/stats", anonymous=True)
    [update] = await bench.updates()
    message = update["message"]
    assert (message["from"]["id"], message["sender_chat"]["id"]) == (1087968824, bench.staff.id)
    assert bench.tg.shows(bench.staff)[0].anonymous


async def test_a_forwarded_card_has_its_origin_and_no_buttons(bench: Bench) -> None:
    """A forward names the bot as origin and carries no keyboard."""
    card = await bench.send(reply_markup=GO)
    await bench.tg.forwards(bench.ana, bench.staff.posts[card["message_id"]], None)
    [update] = await bench.updates()
    assert update["message"]["forward_origin"]["sender_user"]["id"] == bench.tg.me.id
    assert "reply_markup" not in update["message"]


async def test_a_migrated_group_names_its_new_id(bench: Bench) -> None:
    """The old id answers 400 with migrate_to_chat_id; both chats show the service message."""
    group = bench.tg.group("Small", bench.olga, kind="group")
    new = await bench.tg.migrates(group)
    body = await bench.raw("sendMessage", chat_id=group.id, text="x")
    assert body["description"] == "Bad Request: group chat was upgraded to a supergroup chat"
    assert body["parameters"] == {"migrate_to_chat_id": new.id}
    moved = [u["message"] for u in await bench.updates()]
    assert [m.get("migrate_to_chat_id", m.get("migrate_from_chat_id")) for m in moved] == [new.id, group.id]
    await bench.send(chat_id=new.id)


async def test_a_removed_bot_gets_403(bench: Bench) -> None:
    """After removal every call on the chat is 403, and the bot was told once."""
    await bench.tg.removes_bot(bench.olga, bench.staff)
    assert (
        await bench.refused("sendMessage", chat_id=bench.staff.id, text="x")
        == "Forbidden: bot was kicked from the supergroup chat"
    )
    [update] = await bench.updates()
    assert update["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_a_deleted_topic_takes_no_messages(bench: Bench) -> None:
    """Messages land in their topic; after its deletion its id is 'message thread not found'."""
    forum = bench.tg.group("Forum", bench.olga, forum=True)
    topic = await bench.ok("createForumTopic", chat_id=forum.id, name="Complaints")
    thread = topic["message_thread_id"]
    sent = await bench.send(chat_id=forum.id, message_thread_id=thread)
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (thread, True)
    assert bench.world.ledger[0].extra["thread"] == thread
    await bench.tg.deletes_topic(forum, thread)
    again = {"chat_id": forum.id, "text": "x", "message_thread_id": thread}
    assert await bench.refused("sendMessage", **again) == "Bad Request: message thread not found"


async def test_a_message_in_a_topic_shows_as_a_reply_to_its_opening(bench: Bench) -> None:
    """As at Telegram, a plain message in a topic has reply_to_message with forum_topic_created."""
    forum = bench.tg.group("Forum", bench.olga, forum=True)
    thread = bench.tg.topic(forum, "Talk")
    await bench.tg.says(bench.olga, forum, "plain", thread=thread)
    last = (await bench.updates())[-1]["message"]
    assert last["reply_to_message"]["forum_topic_created"]["name"] == "Talk"
    assert bench.tg.shows(forum)[-1].reply_to is None


# -- limits and faults


async def test_too_many_messages_are_429_with_the_seconds_to_wait(bench: Bench) -> None:
    """The refused message reaches nobody; after retry_after on the world's clock it goes through."""
    bench.tg.limits = Limits(per_group_minute=2)
    await bench.send()
    await bench.send()
    body = await bench.raw("sendMessage", chat_id=bench.staff.id, text="third")
    assert body["description"] == "Too Many Requests: retry after 60"
    assert body["parameters"] == {"retry_after": 60}
    bench.world.advance(timedelta(seconds=60))
    await bench.send()
    assert len(bench.world.ledger) == 3


async def test_faults_hit_the_named_method_and_say_whether_it_was_accepted(bench: Bench) -> None:
    """'status' accepts nothing; 'accept_cut' delivers and answers nothing."""
    bench.world.break_it("telegram", Fault("status", match="sendMessage", status=502))
    assert await bench.refused("sendMessage", chat_id=bench.staff.id, text="x") == "Bad Gateway"
    assert bench.world.ledger == []
    bench.world.break_it("telegram", Fault("accept_cut", match=str(bench.staff.id)))
    with pytest.raises(aiohttp.ClientError):
        await bench.raw("sendMessage", chat_id=bench.staff.id, text="x")
    assert len(bench.world.ledger) == 1


# -- files


async def test_an_uploaded_file_can_be_fetched_again(bench: Bench) -> None:
    """A photo goes up as multipart with a caption, and comes back by getFile and its path, byte for byte."""
    form = aiohttp.FormData({"chat_id": str(bench.staff.id), "caption": "<i>door</i>", "parse_mode": "HTML"})
    form.add_field("photo", b"\x89PNG..", filename="door.png", content_type="image/png")
    async with bench.http.post(f"{bench.base_url}/bot{TOKEN}/sendPhoto", data=form) as answer:
        message = (await answer.json())["result"]
    assert message["caption"] == "door"
    file = await bench.ok("getFile", file_id=message["photo"][-1]["file_id"])
    async with bench.http.get(f"{bench.base_url}/file/bot{TOKEN}/{file['file_path']}") as answer:
        assert await answer.read() == b"\x89PNG.."
    assert bench.tg.shows(bench.staff)[0].media == ("photo",)
