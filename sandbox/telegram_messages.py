"""Bot API methods that write, change and take away messages.

Refusals are worded as bots log them from the real server.
Left out: replies to messages of other chats (reply_parameters.chat_id), quotes, effects, business connections, albums.
"""

from __future__ import annotations

from typing import Any

from sandbox.telegram_chats import Person, Post, Room
from sandbox.telegram_html import parse_text, utf16_len
from sandbox.telegram_keyboards import read_markup, same_markup
from sandbox.telegram_params import Json, Params, Refused, bad_request
from sandbox.telegram_state import DELETE_WITHIN, Method, TelegramState

#: UTF-16 units after the markup is taken away. Source: https://core.telegram.org/bots/api#sendmessage, #sendphoto
MAX_TEXT = 4096
MAX_CAPTION = 1024
#: Source: https://core.telegram.org/bots/api#answercallbackquery
MAX_TOAST = 200
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content and "
    "reply markup of the message"
)


def _text(params: Params) -> tuple[str, list[Json], str]:
    text, entities, html = parse_text(
        params.text("text") or "", params.text("parse_mode"), params.structure("entities", list)
    )
    if not text:
        raise bad_request("message text is empty")
    if utf16_len(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return text, entities, html


def _caption(params: Params) -> tuple[str, list[Json], str]:
    given = params.structure("caption_entities", list)
    text, entities, html = parse_text(params.text("caption") or "", params.text("parse_mode"), given)
    if utf16_len(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities, html


def _replied(room: Room, params: Params) -> Post | None:
    asked: Json = params.structure("reply_parameters", dict) or {
        "message_id": params.integer("reply_to_message_id"),
        "allow_sending_without_reply": params.flag("allow_sending_without_reply"),
    }
    if asked.get("message_id") is None:
        return None
    elsewhere = str(asked.get("chat_id", room.id)) != str(room.id)
    replied = None if elsewhere else room.posts.get(int(asked["message_id"]))
    if replied is None and not asked.get("allow_sending_without_reply"):
        raise bad_request("message to be replied not found")
    return replied


def _pay(state: TelegramState, room: Room) -> None:
    wait_s = state.pacing.spend(room.id, room.kind != "private", state.world.now())
    if wait_s:
        raise Refused(429, f"Too Many Requests: retry after {wait_s}", retry_after=wait_s)


def _send(state: TelegramState, params: Params, text: str, entities: list[Json], html: str, **fields: Any) -> Post:
    """What all sending methods share, in the order in which Telegram checks."""
    room = state.writable(params)
    replied = _replied(room, params)
    thread = state.thread(room, params.integer("message_thread_id"), replied)
    markup = read_markup(params)
    _pay(state, room)
    post = state.add(
        room, state.me, text=text, entities=entities, html=html, markup=markup, reply_to=replied, thread=thread,
        protected=params.flag("protect_content"), **fields,
    )  # fmt: skip
    state.reached(post, force_reply=bool((markup or {}).get("force_reply")))
    return post


def send_message(state: TelegramState, params: Params) -> Json:
    return _send(state, params, *_text(params)).shown()


def _file(state: TelegramState, params: Params, field: str) -> Json:
    """The uploaded or already known file as the bare fields of a File. Raises Refused 400."""
    value = params.text(field) or ""
    upload = (
        params.uploads.get(value.removeprefix("attach://"))
        if value.startswith("attach://")
        else params.uploads.get(field)
    )
    if upload is not None:
        if not upload.content:
            raise bad_request("file must be non-empty")
        return state.keep(upload.name, upload.mime, upload.content).shown()
    if not value:
        raise bad_request(f"there is no {field} in the request")
    if value.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")  # the sandbox reaches nothing outside
    if value not in state.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return state.files[value].shown()


def send_photo(state: TelegramState, params: Params) -> Json:
    media = {"photo": [_file(state, params, "photo") | {"width": 320, "height": 240}]}
    return _send(state, params, *_caption(params), media=media).shown()


def send_document(state: TelegramState, params: Params) -> Json:
    file = _file(state, params, "document")
    stored = state.files[file["file_id"]]
    media = {"document": file | {"file_name": stored.name, "mime_type": stored.mime}}
    return _send(state, params, *_caption(params), media=media).shown()


def send_voice(state: TelegramState, params: Params) -> Json:
    voice = _file(state, params, "voice") | {"duration": params.integer("duration") or 0, "mime_type": "audio/ogg"}
    return _send(state, params, *_caption(params), media={"voice": voice}).shown()


def send_location(state: TelegramState, params: Params) -> Json:
    latitude, longitude = params.number("latitude"), params.number("longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        raise bad_request("location must be valid")
    return _send(state, params, "", [], "", media={"location": {"latitude": latitude, "longitude": longitude}}).shown()


def _editable(state: TelegramState, params: Params) -> Post:
    if params.text("inline_message_id"):
        raise bad_request("message to edit not found")
    room = state.writable(params)
    post = state.post_of(room, params.integer("message_id"), "message to edit not found")
    if post.sender is not state.me or post.origin is not None or post.service:
        raise bad_request("message can't be edited")
    return post


def _edit(state: TelegramState, post: Post, text: str, entities: list[Json], html: str, markup: Json | None) -> Json:
    if (text, entities) == (post.text, post.entities) and same_markup(markup, post.markup):
        raise bad_request(NOT_MODIFIED)
    _pay(state, post.room)
    post.text, post.entities, post.html, post.markup = text, entities, html, markup
    post.edits += 1
    post.edited_at = state.world.now()
    state.reached(post, edit=True)
    return post.shown()


def edit_message_text(state: TelegramState, params: Params) -> Json:
    text, entities, html = _text(params)
    markup = read_markup(params, inline_only=True)
    post = _editable(state, params)
    if post.media:
        raise bad_request("there is no text in the message to edit")
    return _edit(state, post, text, entities, html, markup)


def edit_message_caption(state: TelegramState, params: Params) -> Json:
    text, entities, html = _caption(params)
    markup = read_markup(params, inline_only=True)
    post = _editable(state, params)
    if not post.media:
        raise bad_request("there is no caption in the message to edit")
    return _edit(state, post, text, entities, html, markup)


def edit_message_reply_markup(state: TelegramState, params: Params) -> Json:
    markup = read_markup(params, inline_only=True)
    post = _editable(state, params)
    return _edit(state, post, post.text, post.entities, post.html, markup)


def delete_message(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    post = state.post_of(room, params.integer("message_id"), "message to delete not found")
    own = post.sender is state.me or room.kind == "private"
    if not own and not room.is_admin(state.me):
        raise bad_request("message can't be deleted")
    if state.world.now() - post.at > DELETE_WITHIN:
        raise bad_request("message can't be deleted for everyone")
    del room.posts[post.id]
    return True


def delete_messages(state: TelegramState, params: Params) -> bool:
    """Those that can be found and deleted; the others are passed over, as at Telegram."""
    room = state.visited(params)
    wanted = params.structure("message_ids", list) or []
    if not 1 <= len(wanted) <= 100:
        raise bad_request(
            "message identifiers are not specified" if not wanted else "too many message identifiers specified"
        )
    for message_id in wanted:
        if int(message_id) in room.posts:
            delete_message(state, Params({"chat_id": room.id, "message_id": message_id}))
    return True


def origin_of(post: Post) -> Json:
    """The MessageOrigin of a message that is forwarded."""
    date = int(post.at.timestamp())
    if post.origin is not None:
        return post.origin
    if post.sender_chat is not None:
        return {"type": "chat", "date": date, "sender_chat": post.sender_chat.shown()}
    return {"type": "user", "date": date, "sender_user": post.sender.shown()}


def _source(state: TelegramState, params: Params, missing: str) -> Post:
    room = state.visited(params, "from_chat_id")
    post = state.post_of(room, params.integer("message_id"), missing)
    if post.protected or post.service:
        raise bad_request("message can't be forwarded" if "forward" in missing else "message can't be copied")
    return post


def forward_message(state: TelegramState, params: Params) -> Json:
    source = _source(state, params, "message to forward not found")
    post = _send(state, params, source.text, source.entities, source.html, media=source.media, origin=origin_of(source))
    return post.shown()


def copy_message(state: TelegramState, params: Params) -> Json:
    source = _source(state, params, "message to copy not found")
    text, entities, html = source.text, source.entities, source.html
    if source.media and params.text("caption") is not None:
        text, entities, html = _caption(params)
    return {"message_id": _send(state, params, text, entities, html, media=source.media).id}


def answer_callback_query(state: TelegramState, params: Params) -> bool:
    """The first answer is what the person sees; a second is taken and shows nothing."""
    toast = params.text("text")
    if toast is not None and utf16_len(toast) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    press = state.open_press(params.text("callback_query_id"))
    if not press.answered.is_set():
        press.toast, press.alert = toast or None, params.flag("show_alert")
        press.answered.set()
    return True


def set_message_reaction(state: TelegramState, params: Params) -> bool:
    room = state.visited(params)
    post = state.post_of(room, params.integer("message_id"), "message to react not found")
    react(post, state.me, params.structure("reaction", list) or [])
    return True


def react(post: Post, person: Person, reactions: list[Json]) -> None:
    """Raises Refused 400 for what is no reaction; nobody but premium accounts has more than one."""
    if len(reactions) > 1 or any(
        r.get("type") not in {"emoji", "custom_emoji"} or not r.get("emoji") for r in reactions
    ):
        raise bad_request("REACTION_INVALID")
    post.reactions[person.id] = reactions


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendVoice": send_voice,
    "sendLocation": send_location,
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "forwardMessage": forward_message,
    "copyMessage": copy_message,
    "answerCallbackQuery": answer_callback_query,
    "setMessageReaction": set_message_reaction,
}
