"""People, chats, topics and messages as Telegram keeps them, and the Bot API objects they are shown as.

Source: https://core.telegram.org/bots/api#available-types, read November 2026.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime

from sandbox.telegram_params import Json

#: The stand-in sender of anonymous administrators. Source: https://core.telegram.org/bots/api#message (`from` of sender_chat)
ANONYMOUS_ADMIN_ID = 1087968824
ADMIN_RIGHTS = (
    "can_manage_chat", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories", "can_pin_messages",
    "can_manage_topics",
)  # fmt: skip
#: Rights that aiogram's types of the API's next revision require, which its published description does not have yet.
COMING_RIGHTS = ("can_send_welcome_messages",)
#: Statuses of those who are in the chat.
PRESENT = frozenset({"creator", "administrator", "member"})
#: icon_color when none is asked for: the first of the six that Telegram allows.
TOPIC_COLOURS = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


@dataclasses.dataclass(eq=False, slots=True)
class Person:
    """Somebody with a Telegram account; the bot is one too."""

    id: int
    name: str
    username: str | None = None
    language: str | None = None
    is_bot: bool = False
    started: bool = False  # has ever written to the bot in private
    blocked: bool = False  # has blocked the bot

    def shown(self) -> Json:
        first, _, last = self.name.partition(" ")
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": first}
        for key, value in (("last_name", last), ("username", self.username), ("language_code", self.language)):
            if value:
                user[key] = value
        return user


ANONYMOUS_ADMIN = Person(ANONYMOUS_ADMIN_ID, "Group", "GroupAnonymousBot", is_bot=True)


@dataclasses.dataclass(eq=False, slots=True)
class Topic:
    """A forum topic; its id is the id of the service message that opened it."""

    id: int
    name: str
    colour: int
    icon: str | None = None
    closed: bool = False


@dataclasses.dataclass(eq=False, slots=True)
class Post:
    """One message in a chat, of whatever kind."""

    id: int
    room: Room
    sender: Person
    at: datetime
    text: str = ""  # or the caption
    entities: list[Json] = dataclasses.field(default_factory=list)
    html: str = ""
    markup: Json | None = None
    reply_to: Post | None = None
    thread: int | None = None
    sender_chat: Room | None = None
    media: Json = dataclasses.field(default_factory=dict)  # {"photo": […]}, {"document": {…}} …
    service: Json = dataclasses.field(default_factory=dict)  # {"new_chat_members": […]} …
    origin: Json | None = None  # of a forwarded one
    protected: bool = False
    edits: int = 0
    edited_at: datetime | None = None
    reactions: dict[int, list[Json]] = dataclasses.field(default_factory=dict)  # person -> ReactionType

    def shown(self, *, with_reply: bool = True) -> Json:
        """The Bot API Message. A reply holds the message replied to, but not that one's own."""
        message: Json = {
            "message_id": self.id,
            "from": self.sender.shown(),
            "chat": self.room.shown(),
            "date": int(self.at.timestamp()),
        }
        if self.sender_chat is not None:
            message["sender_chat"] = self.sender_chat.shown()
        if self.edited_at is not None:
            message["edit_date"] = int(self.edited_at.timestamp())
        if self.thread is not None:
            message |= {"message_thread_id": self.thread, "is_topic_message": True}
        replied = self.reply_to or self.room.posts.get(self.thread or 0)
        if with_reply and replied is not None and replied is not self:
            # in a topic a message that replies to nothing shows as a reply to the topic's opening message
            message["reply_to_message"] = replied.shown(with_reply=False)
        if self.origin is not None:
            message["forward_origin"] = self.origin
        if self.protected:
            message["has_protected_content"] = True
        if self.text:
            message["caption" if self.media else "text"] = self.text
            if self.entities:
                message["caption_entities" if self.media else "entities"] = self.entities
        if self.markup is not None and "inline_keyboard" in self.markup:
            message["reply_markup"] = self.markup
        return message | self.media | self.service


@dataclasses.dataclass(eq=False, slots=True)
class Room:
    """A chat: private, group or supergroup (a forum when it has topics)."""

    id: int
    kind: str  # private | group | supergroup
    title: str
    person: Person | None = None  # the other side of a private chat
    is_forum: bool = False
    members: dict[int, str] = dataclasses.field(default_factory=dict)  # person -> status
    topics: dict[int, Topic] = dataclasses.field(default_factory=dict)
    posts: dict[int, Post] = dataclasses.field(default_factory=dict)
    pinned: list[int] = dataclasses.field(default_factory=list)  # newest last
    migrated_to: int | None = None
    last_id: int = 0  # supergroups count their own messages

    def shown(self) -> Json:
        if self.person is not None:
            user = self.person.shown()
            names = {key: user[key] for key in ("first_name", "last_name", "username") if key in user}
            return {"id": self.id, "type": "private"} | names
        chat: Json = {"id": self.id, "type": self.kind, "title": self.title}
        return chat | ({"is_forum": True} if self.is_forum else {})

    def holds(self, person: Person) -> bool:
        return self.members.get(person.id) in PRESENT

    def is_admin(self, person: Person) -> bool:
        return self.members.get(person.id) in {"creator", "administrator"}

    def member(self, person: Person) -> Json:
        """The ChatMember of `person`."""
        status = self.members.get(person.id, "left")
        member: Json = {"status": status, "user": person.shown()}
        if status == "creator":
            member["is_anonymous"] = False
        elif status == "administrator":
            member |= {"can_be_edited": False, "is_anonymous": False} | dict.fromkeys(
                (*ADMIN_RIGHTS, *COMING_RIGHTS), True
            )
        elif status == "kicked":
            member["until_date"] = 0
        return member

    def full(self) -> Json:
        """The ChatFullInfo."""
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        info = self.shown() | {
            "accent_color_id": abs(self.id) % 7,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }
        if self.kind != "private":
            info["permissions"] = {"can_send_messages": True, "can_invite_users": True, "can_pin_messages": False}
        if self.pinned:
            info["pinned_message"] = self.posts[self.pinned[-1]].shown(with_reply=False)
        return info


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """A message as the people in the chat see it now."""

    message_id: int
    chat_id: int
    sender: str
    sender_id: int
    from_bot: bool
    at: datetime
    text: str
    html: str
    buttons: tuple[tuple[tuple[str, str], ...], ...]  # rows of (text, callback data or address)
    edits: int
    reply_to: int | None
    thread: int | None
    media: tuple[str, ...]
    service: tuple[str, ...]
    anonymous: bool
    forwarded: bool
    pinned: bool
    reactions: tuple[str, ...]


def as_shown(post: Post) -> Shown:
    rows = (post.markup or {}).get("inline_keyboard", [])
    return Shown(
        message_id=post.id,
        chat_id=post.room.id,
        sender=post.sender.name,
        sender_id=post.sender.id,
        from_bot=post.sender.is_bot and post.sender_chat is None,
        at=post.at,
        text=post.text,
        html=post.html,
        buttons=tuple(
            tuple((str(b["text"]), str(b.get("callback_data") or b.get("url") or "")) for b in row) for row in rows
        ),
        edits=post.edits,
        reply_to=post.reply_to.id if post.reply_to is not None else None,
        thread=post.thread,
        media=tuple(post.media),
        service=tuple(post.service),
        anonymous=post.sender_chat is not None,
        forwarded=post.origin is not None,
        pinned=post.id in post.room.pinned,
        reactions=tuple(str(r.get("emoji", "")) for given in post.reactions.values() for r in given),
    )
