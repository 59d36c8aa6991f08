"""/new: an order pasted from a call or a chat. First what was understood, then one press that creates it.

Nothing is kept between the two: the preview is a reply to the pasted lines, and the press reads them again; a mark over what was
shown makes sure that what is created is what was shown, although the lines may have been edited meanwhile.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from aiogram.methods import AnswerCallbackQuery, EditMessageText, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from bot.acts import NO, Act, button
from bot.asking import Ask
from bot.composing import plain_html
from bot.desk import TelegramDesk
from bot.words import Words
from engine.ports import Handled
from flows import pasting, pointers
from flows.address_text import one_line
from flows.desk import Person
from flows.events import OrderTold
from flows.orders import OrderFields
from flows.pasting import Pasted
from flows.pointers import Pointer
from flows.policy import Policy

#: Where the order came from, as its card and journal say.
SOURCE = "telegram"
CREATE = "new"


class Ordering:
    """Orders that staff bring."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._front = desk.front

    def preview(self, ask: Ask) -> SendMessage:
        words, policy = ask.asker.words, ask.asker.policies[0]
        if not ask.rest:
            return ask.say("new.how")
        got = pasting.read(ask.rest, policy)
        lines = [words.say("new"), *_lines(got, words)]
        if got.missing:
            lines += ["", *(words.say(f"new.missing_{name}") for name in got.missing)]
            return ask.answer(plain_html(*lines))
        rows = [
            [button(words.say("button.create"), CREATE, policy.shop, _mark(got))],
            [button(words.say("button.not_sure"), NO, policy.shop)],
        ]
        return ask.answer(plain_html(*lines), InlineKeyboardMarkup(inline_keyboard=rows))

    async def create(
        self, query: CallbackQuery, act: Act, policy: Policy, person: Person, words: Words
    ) -> list[TelegramMethod[Any]]:
        """The press on Create. A second press, or one on lines that were edited, creates nothing."""
        shown = query.message
        pasted = shown.reply_to_message if isinstance(shown, Message) else None
        first, *rest = (pasted.text or "" if pasted is not None else "").split(maxsplit=1) or [""]
        got = pasting.read(rest[0] if rest else "", policy)
        if (
            not isinstance(shown, Message)
            or pasted is None
            or not first.lower().startswith("/new")
            or _mark(got) != act.value
        ):
            return [_toast(query, words.say("toast.stale"))]
        letter = "P" if pasted.chat.type == "private" else "T"  # each counts its messages for itself
        order_id = f"{letter}{pasted.date:%y%m%d}-{pasted.message_id}"
        handled = await self._told(order_id, got, policy, person, shown)
        key = "new.done" if handled.notice in ("accepted", "same", "done") else "new.refused"
        text = words.say(key, {"order": order_id, "name": person.name})
        edit = EditMessageText(
            chat_id=shown.chat.id, message_id=shown.message_id, text=plain_html(text), parse_mode="HTML"
        )
        return [_toast(query, words.say("toast.done" if key == "new.done" else "toast.stale")), edit]

    async def _told(self, order_id: str, got: Pasted, policy: Policy, person: Person, shown: Message) -> Handled:
        now = self._front.now()
        assert got.total is not None
        fields = OrderFields(
            id=order_id,
            total=got.total,
            placed_at=now,
            name=got.name,
            phone=got.phone or None,
            phone_raw=got.raw_phone,
            phone_mobile=got.mobile,
            email=got.email or None,
            address=got.address,
            items=got.items,
            note=got.note,
            courier_note="",
            consent_whatsapp=policy.consent_whatsapp,
        )
        to: list[Pointer] = [pointers.order(policy.shop, order_id)]
        if got.phone:
            to.append(pointers.phone(policy.shop, got.phone))
        elif got.email:
            to.append(Pointer("email", got.email, policy.shop))
        event_id = f"telegram:new:{shown.chat.id}:{order_id}"
        told = OrderTold(
            event_id=event_id,
            to=tuple(to),
            at=now,
            opens=True,
            fields=fields,
            mode="new",
            source=SOURCE,
            by=person.name,
        )
        return await self._front.handle(told)


def _lines(got: Pasted, words: Words) -> list[str]:
    """What was understood, with the whole number: a slip has to be seen."""
    items = "; ".join(f"{i.quantity} x {i.title}" for i in got.items)
    said: list[tuple[str, Any]] = [
        ("name", got.name), ("phone", got.phone), ("email", got.email), ("address", one_line(got.address)), ("items", items),
        ("total", got.total), ("note", got.note),
    ]  # fmt: skip
    return [words.say(f"new.{key}", {"value": value}) for key, value in said if value]


def _mark(got: Pasted) -> str:
    return hashlib.sha256(msgspec.json.encode(got)).hexdigest()[:12]


def _toast(query: CallbackQuery, text: str) -> AnswerCallbackQuery:
    return AnswerCallbackQuery(callback_query_id=query.id, text=text or None)
