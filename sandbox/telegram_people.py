"""What people do in the pretend Telegram: write, press, join, forward, block, delete."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from sandbox.telegram_chats import TOPIC_COLOURS, Person, Post, Room, Shown, as_shown
from sandbox.telegram_html import parse_text
from sandbox.telegram_messages import origin_of, react
from sandbox.telegram_params import Json
from sandbox.telegram_rooms import delete_topic, open_topic
from sandbox.telegram_state import Press, TelegramState

Chat = Room | int
Who = Person | int
Said = Post | Shown | int


class TelegramPeople:
    """Acts of people. Those on something that they cannot see raise LookupError, as their apps would not offer it."""

    #: How long one who pressed waits for the answer, real seconds.
    press_wait_s = 5.0

    def __init__(self, state: TelegramState) -> None:
        self.state = state

    # -- setting the stage

    def user(
        self, id: int, name: str, username: str | None = None, *, language: str | None = None, started: bool = False
    ) -> Person:
        """The person with this id, made known when new. `started`: has written to the bot before, so it may write first."""
        person = self.state.people.setdefault(id, Person(id, name, username, language))
        person.started = person.started or started
        return person

    def group(
        self,
        title: str,
        *members: Person,
        kind: str = "supergroup",
        forum: bool = False,
        bot: str = "administrator",
        chat_id: int | None = None,
    ) -> Room:
        """A chat that exists since before the bot listened; the first member owns it. `bot`: its status there.

        kind: "group" or "supergroup" (a forum is a supergroup).
        """
        room_id = chat_id if chat_id is not None else self.state.new_room_id(kind)
        room = Room(room_id, kind, title, is_forum=forum, members={self.state.me.id: bot})
        for n, person in enumerate(members):
            room.members[person.id] = "member" if n else "creator"
        self.state.rooms[room.id] = room
        return room

    def private(self, user: Who) -> Room:
        return self.state.private(self._person(user))

    def topic(self, chat: Chat, name: str) -> int:
        """A forum topic opened by the owner of the chat; its message_thread_id."""
        room = self._room(chat)
        owner = next(self.state.people[id] for id, status in room.members.items() if status == "creator")
        post = open_topic(self.state, room, owner, name, TOPIC_COLOURS[0])
        self.state.heard(post)
        return post.id

    # -- writing

    async def says(
        self,
        user: Who,
        chat: Chat | None,
        text: str = "",
        reply_to: Said | None = None,
        *,
        thread: int | None = None,
        anonymous: bool = False,
        media: Json | None = None,
    ) -> Post:
        """`user` writes in `chat` (None: in private to the bot). `anonymous`: an administrator in the group's name.

        media: the message's attachment as in the Bot API, such as {"location": {…}}; a file's bytes go through `keeps`.
        """
        person, room = self._in(user, chat)
        replied = self._post(room, reply_to) if reply_to is not None else None
        if thread is None and replied is not None:
            thread = replied.thread
        if thread is not None and (thread not in room.topics or room.topics[thread].closed):
            raise LookupError(f"no open topic {thread} in {room.title}")
        shown, entities, html = parse_text(text, None)
        sender, sender_chat = self.state.shown_sender(person, room, anonymous=anonymous)
        if room.kind == "private" and person.blocked:
            self.state.turned(room, self.state.me, "member", person)
        if room.kind == "private":
            person.started, person.blocked = True, False
        post = self.state.add(
            room, sender, text=shown, entities=entities, html=html, reply_to=replied, thread=thread,
            sender_chat=sender_chat, media=media or {},
        )  # fmt: skip
        self.state.heard(post)
        return post

    async def starts(self, user: Who, payload: str = "") -> Post:
        """The Start button: from now on the bot may write to this person."""
        return await self.says(user, None, f"/start {payload}".strip())

    def keeps(self, name: str, mime: str, content: bytes) -> Json:
        """A file of a person's, for `media`: {"document": tg.keeps(…)}."""
        return self.state.keep(name, mime, content).shown()

    async def edits(self, user: Who, chat: Chat, message: Said, text: str) -> Post:
        person, room = self._in(user, chat)
        post = self._post(room, message)
        if post.sender is not person:
            raise LookupError("people edit their own messages only")
        post.text, post.entities, post.html = parse_text(text, None)
        post.edits, post.edited_at = post.edits + 1, self.state.world.now()
        self.state.heard(post, "edited_message")
        return post

    async def forwards(self, user: Who, message: Post, chat: Chat | None) -> Post:
        """The message in another chat, without its keyboard."""
        person, room = self._in(user, chat)
        fields: dict[str, Any] = {
            "text": message.text,
            "entities": message.entities,
            "html": message.html,
            "media": message.media,
        }
        post = self.state.add(room, person, origin=origin_of(message), **fields)
        self.state.heard(post)
        return post

    async def deletes(self, user: Who, chat: Chat, message: Said) -> None:
        """Takes a message away; bots are not told."""
        _, room = self._in(user, chat)
        del room.posts[self._post(room, message).id]

    async def reacts(self, user: Who, chat: Chat, message: Said, emoji: str) -> None:
        person, room = self._in(user, chat)
        post = self._post(room, message)
        old = post.reactions.get(person.id, [])
        react(post, person, [{"type": "emoji", "emoji": emoji}] if emoji else [])
        change: Json = {
            "chat": room.shown(),
            "message_id": post.id,
            "user": person.shown(),
            "date": self.state.timestamp(),
        }
        if room.kind == "private" or room.is_admin(self.state.me):
            self.state.updates.push(
                "message_reaction", change | {"old_reaction": old, "new_reaction": post.reactions[person.id]}, room.id
            )

    # -- pressing

    async def presses(
        self, user: Who, message: Said, button: str, chat: Chat | None = None, *, wait_s: float | None = None
    ) -> str | None:
        """Presses the button with this text (or data) and waits up to `wait_s` real seconds for the bot's answer.

        The toast's text; None when the answer had none or did not come. A bare message id needs `chat`.
        Raises LookupError when the message shows no such button.
        """
        return (await self.press(user, message, button, chat, wait_s=wait_s)).toast

    async def presses_raw(
        self, user: Who, message_id: int, chat: Chat, data: str, *, wait_s: float | None = None
    ) -> str | None:
        """A press made by a program: any data, whether or not a button has it.

        Source: https://core.telegram.org/method/messages.getBotCallbackAnswer
        """
        return (await self.press_raw(user, message_id, chat, data, wait_s=wait_s)).toast

    async def press(
        self, user: Who, message: Said, button: str, chat: Chat | None = None, *, wait_s: float | None = None
    ) -> Press:
        """As `presses`, with all that is known of the press: whether it was answered, toast or alert."""
        person, post = self._sees(user, message, chat)
        rows = (post.markup or {}).get("inline_keyboard", [])
        found = [
            b for row in rows for b in row if button in {b["text"], b.get("callback_data")} and "callback_data" in b
        ]
        if not found:
            raise LookupError(
                f"message {post.id} shows no button {button!r}: {[b['text'] for row in rows for b in row]}"
            )
        return await self._answered(self.state.press(person, post, found[0]["callback_data"]), wait_s)

    async def press_raw(
        self, user: Who, message_id: int, chat: Chat, data: str, *, wait_s: float | None = None
    ) -> Press:
        person, post = self._sees(user, message_id, chat)
        return await self._answered(self.state.press(person, post, data), wait_s)

    async def _answered(self, press: Press, wait_s: float | None) -> Press:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(press.answered.wait(), self.press_wait_s if wait_s is None else wait_s)
        return press

    # -- coming and going

    async def joins(self, user: Who, chat: Chat, *, by: Who | None = None) -> None:
        person, room = self._person(user), self._room(chat)
        adder = self._person(by) if by is not None else person
        self.state.turned(room, person, "member", adder)
        self.state.heard(self.state.add(room, adder, service={"new_chat_members": [person.shown()]}))

    async def leaves(self, user: Who, chat: Chat, *, by: Who | None = None) -> None:
        """Leaves, or is removed for good by an administrator."""
        person, room = self._in(user, chat)
        remover = self._person(by) if by is not None else person
        self.state.turned(room, person, "left" if by is None else "kicked", remover)
        self.state.heard(self.state.add(room, remover, service={"left_chat_member": person.shown()}))

    async def promotes(self, user: Who, chat: Chat, status: str = "administrator") -> None:
        person, room = self._in(user, chat)
        self.state.turned(room, person, status, self._owner(room))

    async def adds_bot(self, user: Who, chat: Chat, status: str = "member") -> None:
        person, room = self._in(user, chat)
        self.state.turned(room, self.state.me, status, person)
        self.state.heard(self.state.add(room, person, service={"new_chat_members": [self.state.me.shown()]}))

    async def removes_bot(self, user: Who, chat: Chat) -> None:
        """From now on every call on this chat is 403."""
        person, room = self._in(user, chat)
        self.state.turned(room, self.state.me, "kicked", person)

    async def blocks(self, user: Who) -> None:
        person = self._person(user)
        person.blocked = True
        self.state.turned(self.state.private(person), self.state.me, "kicked", person)

    async def migrates(self, chat: Chat) -> Room:
        """The basic group becomes a supergroup under a new id; the old id answers with migrate_to_chat_id."""
        old = self._room(chat)
        if old.kind != "group" or old.migrated_to is not None:
            raise LookupError(f"{old.title} is no basic group")
        new = Room(self.state.new_room_id("supergroup"), "supergroup", old.title, members=dict(old.members))
        self.state.rooms[new.id] = new
        owner = self._owner(old)
        self.state.heard(self.state.add(old, owner, service={"migrate_to_chat_id": new.id}))
        old.migrated_to = new.id
        self.state.heard(self.state.add(new, owner, service={"migrate_from_chat_id": old.id}))
        return new

    async def deletes_topic(self, chat: Chat, thread: int) -> None:
        delete_topic(self._room(chat), thread)

    # -- looking

    def shows(self, chat: Chat) -> list[Shown]:
        """The messages of the chat as its people see them now, oldest first."""
        return [as_shown(post) for post in self._room(chat).posts.values()]

    def _owner(self, room: Room) -> Person:
        return next(
            (self.state.people[id] for id, status in room.members.items() if status == "creator"), self.state.me
        )

    def _person(self, user: Who) -> Person:
        if isinstance(user, Person):
            return user
        if user not in self.state.people:
            raise LookupError(f"nobody has the id {user}")
        return self.state.people[user]

    def _room(self, chat: Chat) -> Room:
        if isinstance(chat, Room):
            return chat
        if chat in self.state.rooms:
            return self.state.rooms[chat]
        if chat in self.state.people:
            return self.state.private(self.state.people[chat])
        raise LookupError(f"no chat {chat}")

    def _in(self, user: Who, chat: Chat | None) -> tuple[Person, Room]:
        person = self._person(user)
        room = self.state.private(person) if chat is None else self._room(chat)
        if not room.holds(person):
            raise LookupError(f"{person.name} is not in {room.title}")
        return person, room

    def _post(self, room: Room, message: Said) -> Post:
        message_id = (
            message if isinstance(message, int) else message.id if isinstance(message, Post) else message.message_id
        )
        if message_id not in room.posts:
            raise LookupError(f"no message {message_id} in {room.title}")
        return room.posts[message_id]

    def _sees(self, user: Who, message: Said, chat: Chat | None) -> tuple[Person, Post]:
        if chat is None:
            if isinstance(message, int):
                raise LookupError("a bare message id needs its chat")
            chat = message.room if isinstance(message, Post) else message.chat_id
        person, room = self._in(user, chat)
        return person, self._post(room, message)
