"""What the pretend Telegram knows, and the rules about who may write where that every method asks."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.telegram_chats import ANONYMOUS_ADMIN, Person, Post, Room, Topic
from sandbox.telegram_html import found_entities
from sandbox.telegram_limits import Limits, Pacing
from sandbox.telegram_params import Json, Params, bad_request, forbidden
from sandbox.telegram_updates import PRESS_LIFE, Updates
from sandbox.world import World

#: A supergroup's chat id is this minus its own number. Source: https://core.telegram.org/api/bots/ids
SUPERGROUP_BASE = -1_000_000_000_000
#: Calls kept for looking at afterwards.
CALLS_KEPT = 10_000


@dataclasses.dataclass(slots=True)
class Press:
    """One press on an inline button, until the bot answers it or its 150 seconds are over."""

    id: str
    person: Person
    post: Post
    data: str
    at: datetime
    answered: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    toast: str | None = None
    alert: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """A file that the Bot API can give back."""

    id: str
    name: str
    mime: str
    content: bytes

    def shown(self) -> Json:
        return {"file_id": self.id, "file_unique_id": f"u{self.id}", "file_size": len(self.content)}


class TelegramState:
    """One bot and everything around it."""

    def __init__(self, world: World, me: Person, limits: Limits) -> None:
        self.world = world
        self.me = me
        self.updates = Updates(world)
        self.pacing = Pacing(limits)
        self.people: dict[int, Person] = {me.id: me}
        self.rooms: dict[int, Room] = {}
        self.presses: dict[str, Press] = {}
        self.files: dict[str, Stored] = {}
        self.commands: dict[str, list[Json]] = {}  # scope and language -> commands
        self.profile: dict[str, str] = {}  # name, description, short_description
        self.privacy = True  # the bot sees only what is meant for it, unless it is an administrator
        self.calls: deque[tuple[str, Json, Json]] = deque(maxlen=CALLS_KEPT)  # method, parameters, answer
        self._ids = itertools.count(1)  # messages of private chats and basic groups
        self._serial = itertools.count(1)

    # -- chats

    def room(self, chat_id: int) -> Room:
        """The chat, whoever may write there. Raises Refused 400."""
        person = self.people.get(chat_id)
        if person is not None and person.started:
            return self.private(person)
        room = self.rooms.get(chat_id)
        if room is None:
            raise bad_request("chat not found")
        return room

    def private(self, person: Person) -> Room:
        """The private chat of the bot and `person`, opened when first looked at."""
        room = self.rooms.get(person.id)
        if room is None:
            members = {person.id: "member", self.me.id: "member"}
            room = self.rooms[person.id] = Room(person.id, "private", person.name, person=person, members=members)
        return room

    def new_room_id(self, kind: str) -> int:
        number = 4_000_000 + next(self._serial)
        return SUPERGROUP_BASE - number if kind == "supergroup" else -number

    def visited(self, params: Params, name: str = "chat_id") -> Room:
        """The chat of a call that only looks. Raises Refused."""
        asked = params.values.get(name)
        if asked is None or asked == "":
            raise bad_request(f"{name} is empty")
        if isinstance(asked, str) and asked.startswith("@"):
            raise bad_request("chat not found")
        room = self.room(params.needed(name))
        if room.migrated_to is not None:
            raise bad_request("group chat was upgraded to a supergroup chat", migrate_to_chat_id=room.migrated_to)
        status = room.members.get(self.me.id)
        if room.kind == "private":
            return room
        if status == "kicked":
            raise forbidden(f"bot was kicked from the {_spoken(room)}")
        if not room.holds(self.me):
            raise forbidden(f"bot is not a member of the {_spoken(room)}")
        return room

    def writable(self, params: Params) -> Room:
        """The chat of a call that writes. Raises Refused."""
        asked = str(params.values.get("chat_id"))
        person = self.people.get(int(asked)) if asked.isdigit() else None
        if person is not None and person is not self.me and not person.started:
            raise forbidden("bot can't initiate conversation with a user")
        room = self.visited(params)
        if room.person is not None and room.person.blocked:
            raise forbidden("bot was blocked by the user")
        return room

    def thread(self, room: Room, thread_id: int | None, replied: Post | None) -> int | None:
        """The topic that a message of the bot lands in; None is General, or no forum. Raises Refused 400."""
        if thread_id is None:
            return replied.thread if replied is not None else None
        topic = self.topic(room, thread_id)
        if topic.closed and not room.is_admin(self.me):
            raise bad_request("TOPIC_CLOSED")
        return topic.id

    def topic(self, room: Room, thread_id: int) -> Topic:
        if thread_id not in room.topics:
            raise bad_request("message thread not found")
        return room.topics[thread_id]

    def post_of(self, room: Room, message_id: int | None, missing: str) -> Post:
        """The message, or Refused 400 with the words for this method."""
        post = room.posts.get(message_id or 0)
        if post is None:
            raise bad_request(missing)
        return post

    # -- messages

    def add(self, room: Room, sender: Person, **fields: Any) -> Post:
        """A new message at the end of the chat."""
        room.last_id = room.last_id + 1 if room.kind == "supergroup" else next(self._ids)
        post = Post(room.last_id, room, sender, self.world.now(), **fields)
        room.posts[post.id] = post
        return post

    def heard(self, post: Post, kind: str = "message") -> None:
        """Tell the bot of a person's or a service message, where it may see it."""
        if self._visible(post):
            self.updates.push(kind, post.shown(), post.room.id)

    def _visible(self, post: Post) -> bool:
        room = post.room
        if not room.holds(self.me) and not post.service:
            return False
        if room.kind == "private" or not self.privacy or room.is_admin(self.me) or post.service:
            return True
        to_me = post.reply_to is not None and post.reply_to.sender is self.me
        commanded = any(e["type"] == "bot_command" and e["offset"] == 0 for e in found_entities(post.text))
        return to_me or commanded or f"@{self.me.username}" in post.text

    def reached(self, post: Post, **extra: Any) -> None:
        """Enter into the world's ledger what the people in the chat now see from the bot."""
        rows = (post.markup or {}).get("inline_keyboard", [])
        buttons = [
            [{"text": b["text"], "data": b.get("callback_data"), "url": b.get("url")} for b in row] for row in rows
        ]
        self.world.receive(
            "telegram", "telegram", self.me.username or str(self.me.id), str(post.room.id), post.text, f"{post.room.id}/{post.id}",
            html=post.html, buttons=buttons, thread=post.thread, reply_to=post.reply_to.id if post.reply_to else None,
            media=list(post.media), **extra,
        )  # fmt: skip

    # -- presses and files

    def press(self, person: Person, post: Post, data: str) -> Press:
        """A press arrives: the update goes to the bot, the answer is waited for by the one who pressed."""
        press = Press(str(7_000_000_000_000_000 + next(self._serial)), person, post, data, self.world.now())
        self.presses[press.id] = press
        query: Json = {
            "id": press.id,
            "from": person.shown(),
            "chat_instance": str(-abs(post.room.id) * 31),
            "data": data,
        }
        self.updates.push("callback_query", query | {"message": post.shown()}, post.room.id)
        return press

    def open_press(self, press_id: str | None) -> Press:
        press = self.presses.get(press_id or "")
        if press is None or self.world.now() - press.at >= PRESS_LIFE:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return press

    def keep(self, name: str, mime: str, content: bytes) -> Stored:
        stored = Stored(f"AgACAgQ{next(self._serial):09d}", name, mime, content)
        self.files[stored.id] = stored
        return stored

    # -- membership

    def turned(self, room: Room, person: Person, status: str, by: Person) -> None:
        """Change somebody's place in a chat and tell the bot: of itself always, of others where it is an administrator."""
        change: Json = {
            "chat": room.shown(),
            "from": by.shown(),
            "date": self.timestamp(),
            "old_chat_member": room.member(person),
        }
        was_admin = room.is_admin(self.me)
        room.members[person.id] = status
        change["new_chat_member"] = room.member(person)
        if person is self.me:
            self.updates.push("my_chat_member", change, room.id)
        elif was_admin:
            self.updates.push("chat_member", change, room.id)

    def timestamp(self) -> int:
        return int(self.world.now().timestamp())

    def shown_sender(self, person: Person, room: Room, *, anonymous: bool) -> tuple[Person, Room | None]:
        return (ANONYMOUS_ADMIN, room) if anonymous else (person, None)


Method = Callable[[TelegramState, Params], Any]
#: Age after which a bot may no longer delete. Source: https://core.telegram.org/bots/api#deletemessage
DELETE_WITHIN = timedelta(hours=48)


def _spoken(room: Room) -> str:
    return f"{room.kind} chat"
