"""Bot API methods about chats, members, topics, the bot itself and its files."""

from __future__ import annotations

import re

from sandbox.telegram_chats import TOPIC_COLOURS, Person, Post, Room, Topic
from sandbox.telegram_params import Json, Params, Refused, bad_request
from sandbox.telegram_state import Method, TelegramState

MAX_TOPIC_NAME = 128
CHAT_ACTIONS = frozenset({
    "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker",
    "find_location", "record_video_note", "upload_video_note",
})  # fmt: skip


def get_me(state: TelegramState, _: Params) -> Json:
    may = {
        "can_join_groups": True, "can_read_all_group_messages": not state.privacy, "supports_inline_queries": False,
        "supports_guest_queries": False, "can_connect_to_business": False, "has_main_web_app": False, "has_topics_enabled": False,
        "allows_users_to_create_topics": False, "can_manage_bots": False, "supports_join_request_queries": False,
    }  # fmt: skip
    return state.me.shown() | may


def get_chat(state: TelegramState, params: Params) -> Json:
    return state.visited(params).full()


def _person(state: TelegramState, params: Params) -> Person:
    person = state.people.get(params.needed("user_id"))
    if person is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    return person


def get_chat_member(state: TelegramState, params: Params) -> Json:
    return state.visited(params).member(_person(state, params))


def get_chat_administrators(state: TelegramState, params: Params) -> list[Json]:
    room = state.visited(params)
    if room.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    admins = [state.people[id] for id in room.members if room.is_admin(state.people[id])]
    with_bots = params.flag("return_bots")
    return [room.member(person) for person in admins if with_bots or not person.is_bot]


def get_chat_member_count(state: TelegramState, params: Params) -> int:
    room = state.visited(params)
    return sum(room.holds(state.people[id]) for id in room.members)


def ban_chat_member(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    person = _person(state, params)
    _needs_admin(state, room, "restrict/unrestrict chat member")
    if room.members.get(person.id) == "creator":
        raise bad_request("can't remove chat owner")
    state.turned(room, person, "kicked", state.me)
    return True


def leave_chat(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    if room.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    state.turned(room, state.me, "left", state.me)
    return True


def pin_chat_message(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    post = state.post_of(room, params.integer("message_id"), "message to pin not found")
    _needs_admin(state, room, "manage pinned messages in the chat")
    room.pinned = [id for id in room.pinned if id != post.id] + [post.id]
    return True


def unpin_chat_message(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    _needs_admin(state, room, "manage pinned messages in the chat")
    wanted = params.integer("message_id") or (room.pinned[-1] if room.pinned else 0)
    if wanted not in room.pinned:
        raise bad_request("message to unpin not found")
    room.pinned.remove(wanted)
    return True


def send_chat_action(state: TelegramState, params: Params) -> bool:
    room = state.writable(params)
    state.thread(room, params.integer("message_thread_id"), None)
    if params.text("action") not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    return True


def _needs_admin(state: TelegramState, room: Room, what: str) -> None:
    if room.kind != "private" and not room.is_admin(state.me):
        raise bad_request(f"not enough rights to {what}")


def _forum(state: TelegramState, params: Params) -> Room:
    room = state.visited(params)
    if not room.is_forum:
        raise bad_request("the chat is not a forum")
    if not room.is_admin(state.me):
        raise bad_request("not enough rights to create a topic")
    return room


def open_topic(state: TelegramState, room: Room, by: Person, name: str, colour: int, icon: str | None = None) -> Post:
    """The service message that opens the topic; its id is the topic's."""
    created: Json = {"name": name, "icon_color": colour} | ({"icon_custom_emoji_id": icon} if icon else {})
    post = state.add(room, by, service={"forum_topic_created": created})
    post.thread = post.id
    room.topics[post.id] = Topic(post.id, name, colour, icon)
    return post


def _topic_name(params: Params) -> str:
    name = (params.text("name") or "").strip()
    if not 1 <= len(name) <= MAX_TOPIC_NAME:
        raise bad_request("topic name must be non-empty" if not name else "TOPIC_TITLE_TOO_LONG")
    return name


def create_forum_topic(state: TelegramState, params: Params) -> Json:
    room = _forum(state, params)
    colour = params.integer("icon_color") or TOPIC_COLOURS[0]
    if colour not in TOPIC_COLOURS:
        raise bad_request("wrong icon color specified")
    icon = params.text("icon_custom_emoji_id")
    post = open_topic(state, room, state.me, _topic_name(params), colour, icon)
    created: Json = post.service["forum_topic_created"]
    return {"message_thread_id": post.id} | created


def edit_forum_topic(state: TelegramState, params: Params) -> bool:
    room = _forum(state, params)
    topic = state.topic(room, params.needed("message_thread_id"))
    name = _topic_name(params) if params.text("name") is not None else topic.name
    icon = params.text("icon_custom_emoji_id") or topic.icon
    if (name, icon) == (topic.name, topic.icon):
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.name, topic.icon = name, icon
    state.add(room, state.me, service={"forum_topic_edited": {"name": name}}, thread=topic.id)
    return True


def _turn_topic(state: TelegramState, params: Params, *, closed: bool) -> bool:
    room = _forum(state, params)
    topic = state.topic(room, params.needed("message_thread_id"))
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    state.add(room, state.me, service={"forum_topic_closed" if closed else "forum_topic_reopened": {}}, thread=topic.id)
    return True


def close_forum_topic(state: TelegramState, params: Params) -> bool:
    return _turn_topic(state, params, closed=True)


def reopen_forum_topic(state: TelegramState, params: Params) -> bool:
    return _turn_topic(state, params, closed=False)


def delete_topic(room: Room, thread_id: int) -> None:
    del room.topics[thread_id]
    room.posts = {id: post for id, post in room.posts.items() if post.thread != thread_id}
    room.pinned = [id for id in room.pinned if id in room.posts]


def delete_forum_topic(state: TelegramState, params: Params) -> bool:
    room = _forum(state, params)
    delete_topic(room, state.topic(room, params.needed("message_thread_id")).id)
    return True


def _scope(params: Params) -> str:
    scope: Json = params.structure("scope", dict) or {"type": "default"}
    return "/".join([*(str(scope[key]) for key in sorted(scope)), params.text("language_code") or ""])


def set_my_commands(state: TelegramState, params: Params) -> bool:
    commands: list[Json] = params.structure("commands", list) or []
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not re.fullmatch(r"/?[a-z0-9_]{1,32}", str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    state.commands[_scope(params)] = [
        {"command": str(c["command"]).removeprefix("/"), "description": c["description"]} for c in commands
    ]
    return True


def get_my_commands(state: TelegramState, params: Params) -> list[Json]:
    return state.commands.get(_scope(params), [])


def delete_my_commands(state: TelegramState, params: Params) -> bool:
    state.commands.pop(_scope(params), None)
    return True


def _set_profile(key: str) -> Method:
    def set_it(state: TelegramState, params: Params) -> bool:
        state.profile[key] = params.text(key) or ""
        return True

    return set_it


def _get_profile(key: str) -> Method:
    return lambda state, _: {key: state.profile.get(key, state.me.name if key == "name" else "")}


def get_file(state: TelegramState, params: Params) -> Json:
    stored = state.files.get(params.text("file_id") or "")
    if stored is None:
        raise bad_request("invalid file_id")
    return stored.shown() | {"file_path": f"files/{stored.id}"}


def file_content(state: TelegramState, path: str) -> bytes:
    """The bytes behind a file_path. Raises Refused 404."""
    stored = state.files.get(path.removeprefix("files/"))
    if stored is None:
        raise Refused(404, "Not Found")
    return stored.content


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "banChatMember": ban_chat_member,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "sendChatAction": send_chat_action,
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _set_profile("name"),
    "getMyName": _get_profile("name"),
    "setMyDescription": _set_profile("description"),
    "getMyDescription": _get_profile("description"),
    "setMyShortDescription": _set_profile("short_description"),
    "getMyShortDescription": _get_profile("short_description"),
    "getFile": get_file,
}
