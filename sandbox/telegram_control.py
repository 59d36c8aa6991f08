"""`/_control/…` of the pretend Telegram: another process, or the sandbox's page, sees the chats and acts as their people.

docs/sandbox-telegram.md is the reference. Ledger, clock and faults are those of every pretend provider (sandbox.control).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.telegram_chats import Room, Shown
from sandbox.telegram_limits import Limits
from sandbox.telegram_params import Json, Refused
from sandbox.telegram_people import TelegramPeople
from sandbox.telegram_webhook import Webhook


def add_telegram_control(app: web.Application, people: TelegramPeople, webhook: Webhook) -> None:
    """Adds the routes. Call it before `add_control`, whose `/_control/{act}` takes every other name."""
    desk = _Desk(people, webhook)
    app.router.add_get("/_control/chats", desk.chats)
    app.router.add_get("/_control/chats/{chat}", desk.chat)
    app.router.add_get("/_control/users", desk.users)
    app.router.add_get("/_control/updates", desk.updates)
    for name, act in desk.acts().items():
        app.router.add_post(f"/_control/{name}", _guarded(act))


def shown_json(message: Shown) -> Json:
    return dataclasses.asdict(message) | {"at": message.at.isoformat()}


Act = Callable[[Json], Awaitable[Json]]


class _Missing(Exception):
    """A field of the body that an act needs."""


def _guarded(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    """One act from a JSON body. A missing or wrong field is 400, something that people cannot see or do is 404."""

    async def handle(request: web.Request) -> web.Response:
        try:
            asked = json.loads(await request.read() or b"{}")
            if not isinstance(asked, dict):
                raise TypeError("the body is no JSON object")
            return web.json_response(await act(asked))
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except _Missing as error:
            return web.json_response({"error": f"the body needs {error}"}, status=400)
        except (TypeError, ValueError, Refused) as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


def _need(asked: Json, name: str) -> Any:
    if name not in asked:
        raise _Missing(name)
    return asked[name]


class _Desk:
    """What the endpoints do; ids are Telegram's."""

    def __init__(self, people: TelegramPeople, webhook: Webhook) -> None:
        self._people = people
        self._webhook = webhook

    def acts(self) -> dict[str, Act]:
        return {
            "user": self.user, "group": self.group, "topic": self.topic, "say": self.say, "press": self.press, "start": self.start,
            "join": self.join, "leave": self.leave, "block": self.block, "promote": self.promote, "add_bot": self.add_bot,
            "remove_bot": self.remove_bot, "migrate": self.migrate, "limits": self.limits,
        }  # fmt: skip

    # -- looking

    async def chats(self, _: web.Request) -> web.Response:
        """Every chat with its people, topics and messages as shown now."""
        return web.json_response([self._room(room) for room in self._people.state.rooms.values()])

    async def chat(self, request: web.Request) -> web.Response:
        try:
            room = self._people.state.rooms[int(request.match_info["chat"])]
        except (KeyError, ValueError):
            return web.json_response({"error": "no such chat"}, status=404)
        return web.json_response(self._room(room))

    async def users(self, _: web.Request) -> web.Response:
        people = self._people.state.people.values()
        return web.json_response([p.shown() | {"started": p.started, "blocked": p.blocked} for p in people])

    async def updates(self, _: web.Request) -> web.Response:
        """What the bot has not taken yet, and when a refused delivery is repeated."""
        retry_at = self._webhook.next_retry_at()
        pending = [update.shown() for update in self._people.state.updates.pending()]
        told = {
            "webhook": self._webhook.info(),
            "pending": pending,
            "next_retry_at": retry_at.isoformat() if retry_at else None,
        }
        return web.json_response(told)

    def _room(self, room: Room) -> Json:
        names = self._people.state.people
        return room.shown() | {
            "migrated_to": room.migrated_to,
            "members": [{"id": id, "name": names[id].name, "status": status} for id, status in room.members.items()],
            "topics": [{"id": t.id, "name": t.name, "closed": t.closed} for t in room.topics.values()],
            "messages": [shown_json(message) for message in self._people.shows(room)],
        }

    # -- setting the stage

    async def user(self, asked: Json) -> Json:
        person = self._people.user(
            int(_need(asked, "id")), str(_need(asked, "name")), asked.get("username"), language=asked.get("language"),
            started=asked.get("started") is True,
        )  # fmt: skip
        return person.shown()

    async def group(self, asked: Json) -> Json:
        known = self._people.state.people
        members = [known[int(id)] for id in asked.get("members", [])]
        room = self._people.group(
            str(_need(asked, "title")), *members, kind=asked.get("kind", "supergroup"), forum=asked.get("forum") is True,
            bot=asked.get("bot", "administrator"), chat_id=asked.get("id"),
        )  # fmt: skip
        return self._room(room)

    async def topic(self, asked: Json) -> Json:
        return {"message_thread_id": self._people.topic(int(_need(asked, "chat")), str(_need(asked, "name")))}

    async def limits(self, asked: Json) -> Json:
        """`strict` true or false, or the fields of Limits one by one."""
        strict = asked.pop("strict", None)
        limits = Limits.strict() if strict else Limits(**asked)
        self._people.state.pacing.limits = limits
        return dataclasses.asdict(limits)

    # -- acting

    async def say(self, asked: Json) -> Json:
        post = await self._people.says(
            int(_need(asked, "user")), asked.get("chat"), str(_need(asked, "text")), asked.get("reply_to"),
            thread=asked.get("thread"), anonymous=asked.get("anonymous") is True,
        )  # fmt: skip
        return {"message_id": post.id, "chat_id": post.room.id}

    async def press(self, asked: Json) -> Json:
        """`button` (its text or data) as people press, or `data` as a program forges."""
        user, message, chat = int(_need(asked, "user")), int(_need(asked, "message_id")), int(_need(asked, "chat"))
        wait_s = asked.get("wait_s")
        if "data" in asked:
            press = await self._people.press_raw(user, message, chat, str(asked["data"]), wait_s=wait_s)
        else:
            press = await self._people.press(user, message, str(_need(asked, "button")), chat, wait_s=wait_s)
        return {"answered": press.answered.is_set(), "toast": press.toast, "alert": press.alert}

    async def start(self, asked: Json) -> Json:
        post = await self._people.starts(int(_need(asked, "user")), str(asked.get("payload", "")))
        return {"message_id": post.id, "chat_id": post.room.id}

    async def join(self, asked: Json) -> Json:
        await self._people.joins(int(_need(asked, "user")), int(_need(asked, "chat")), by=asked.get("by"))
        return {"done": True}

    async def leave(self, asked: Json) -> Json:
        await self._people.leaves(int(_need(asked, "user")), int(_need(asked, "chat")), by=asked.get("by"))
        return {"done": True}

    async def block(self, asked: Json) -> Json:
        await self._people.blocks(int(_need(asked, "user")))
        return {"done": True}

    async def promote(self, asked: Json) -> Json:
        await self._people.promotes(
            int(_need(asked, "user")), int(_need(asked, "chat")), asked.get("status", "administrator")
        )
        return {"done": True}

    async def add_bot(self, asked: Json) -> Json:
        await self._people.adds_bot(int(_need(asked, "user")), int(_need(asked, "chat")), asked.get("status", "member"))
        return {"done": True}

    async def remove_bot(self, asked: Json) -> Json:
        await self._people.removes_bot(int(_need(asked, "user")), int(_need(asked, "chat")))
        return {"done": True}

    async def migrate(self, asked: Json) -> Json:
        return {"chat_id": (await self._people.migrates(int(_need(asked, "chat")))).id}
