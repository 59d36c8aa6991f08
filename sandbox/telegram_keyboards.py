"""Keyboards under a message: what Telegram takes as reply_markup and what it refuses.

Source: https://core.telegram.org/bots/api#inlinekeyboardmarkup, read November 2026.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.telegram_params import Json, Params, bad_request

#: callback_data in BYTES of UTF-8. Source: https://core.telegram.org/bots/api#inlinekeyboardbutton
CALLBACK_DATA_BYTES = 64
#: Buttons that Telegram takes in one inline keyboard, as its clients and bot authors report it (no official figure).
MAX_BUTTONS = 100
#: What an inline button may do; exactly one of these.
ACTIONS = (
    "url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip


def read_markup(params: Params, *, inline_only: bool = False) -> Json | None:
    """The markup of a call, checked; None when there is none. Raises Refused 400."""
    markup: Json | None = params.structure("reply_markup", dict)
    if not markup:
        return None
    if "inline_keyboard" in markup:
        return _inline(markup["inline_keyboard"])
    if inline_only:
        raise bad_request("inline keyboard expected")
    if "keyboard" in markup:
        return _reply_keyboard(markup)
    if markup.get("force_reply") is True or markup.get("remove_keyboard") is True:
        return markup
    raise bad_request("can't parse reply keyboard markup JSON object")


def _inline(rows: Any) -> Json | None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" must be of type Array')
    clean = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in clean) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": clean} if clean else None


def _button(button: Any) -> Json:
    wrong = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(wrong + "InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad_request(wrong + 'Can\'t find field "text"')
    if not button["text"].strip():
        raise bad_request(wrong + "Button text must be non-empty")
    actions = [action for action in ACTIONS if button.get(action) is not None]
    if not actions:
        raise bad_request(wrong + "Text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= CALLBACK_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    url = button.get("url")
    if url is not None and not re.match(r"(https?://|tg://|tel:|mailto:)\S+$", str(url)):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return {"text": button["text"], actions[0]: button[actions[0]]}


def _reply_keyboard(markup: Json) -> Json:
    rows = markup["keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "keyboard" must be of type Array')
    for button in (button for row in rows for button in row):
        text = button if isinstance(button, str) else button.get("text") if isinstance(button, dict) else None
        if not isinstance(text, str) or not text:
            raise bad_request("can't parse keyboard button: Button text must be non-empty")
    return markup


def same_markup(one: Json | None, other: Json | None) -> bool:
    return bool((one or {}).get("inline_keyboard", []) == (other or {}).get("inline_keyboard", []))
