"""Buttons under an answer of the bot that ask "really?", or offer a choice: their data, and what a press does.

Data is "d:<what>:<shop>:<value>"; whether the one who pressed may, the desk's own step decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from aiogram.methods import AnswerCallbackQuery, EditMessageText, TelegramMethod
from aiogram.types import CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message
from msgspec import Struct

from bot.composing import plain_html, toast
from bot.desk import TelegramDesk
from bot.settings_menu import ASK, MENU, MINUTES_MOST, SettingsMenu, day_text
from bot.shop_codes import code_of, shop_of
from bot.words import Words
from engine.ports import Front
from flows import pointers
from flows.desk import Person
from flows.desk_events import DeskActed, NoticePressed, ShopSet
from flows.events import AnyEvent
from flows.policy import Policy
from flows.wishes import RIGHTS

PREFIX = "d"
NO = "no"
#: What the buttons under a notice do.
VERBS: dict[str, Literal["send", "cancel", "stop"]] = {"send": "send", "cancel": "cancel", "stop": "stop"}

Answers = list[TelegramMethod[Any]]


class Act(Struct, frozen=True):
    """What a button of this kind says."""

    what: str
    shop: str
    value: str = ""

    def data(self) -> str:
        return f"{PREFIX}:{self.what}:{code_of(self.shop)}:{self.value}"


def read(data: str, shops: Iterable[str]) -> Act | None:
    """`shops`: ours, one of which a short code stands for."""
    parts = data.split(":", 3)
    return Act(parts[1], shop_of(parts[2], shops), parts[3]) if len(parts) == 4 and parts[0] == PREFIX else None


def button(text: str, what: str, shop: str, value: str = "") -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=Act(what, shop, value).data())


def sure(words: Words, what: str, shop: str, value: str = "") -> InlineKeyboardMarkup:
    """Yes and no."""
    yes, no = words.say("button.sure"), words.say("button.not_sure")
    return InlineKeyboardMarkup(inline_keyboard=[[button(yes, what, shop, value), button(no, NO, shop)]])


class Acts:
    """What such a press does; for people of the shop only, whom the caller has looked up."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front
        self.menu = SettingsMenu(desk.front)

    async def pressed(
        self, update_id: int, query: CallbackQuery, act: Act, policy: Policy, person: Person, words: Words
    ) -> Answers:
        """The event, and the question replaced by what became of it."""
        if act.what == NO:
            return [_toast(query, ""), *self._closed(query, words.say("act.left"))]
        if act.what == "ask_remove":
            return await self._ask_remove(query, act, policy, words)
        if act.what in (MENU, ASK):
            return await self._settings(query, act, policy, person, words)
        event = self._event(update_id, act, policy, person)
        if event is None:
            return [_toast(query, words.say("toast.stale"))]
        notice = (await self._front.handle(event)).notice.partition(":")[0]
        if notice != "done":
            key = f"toast.{notice}" if words.has(f"toast.{notice}") else "toast.stale"
            return [_toast(query, words.say(key))]
        if act.what == "notice":
            return [_toast(query, words.say("toast.done"))]  # its message says the rest
        if act.what == "language":
            words = Words(act.value)
            rest = [p for p in self._desk.groups.policies() if p.shop != policy.shop]
            await speaks(self._front, f"telegram:{update_id}", person, act.value, rest)
        back = self._back(query, act, policy, person, words)
        return [
            _toast(query, words.say("toast.done")),
            *self._closed(query, self._done(act, policy, person, words), back),
        ]

    def _back(
        self, query: CallbackQuery, act: Act, policy: Policy, person: Person, words: Words
    ) -> InlineKeyboardMarkup | None:
        """In the owner's chat the way back to the menu."""
        private = query.message is not None and query.message.chat.type == "private"
        if not private or person.role != "owner" or act.what not in RIGHTS:
            return None
        return InlineKeyboardMarkup(inline_keyboard=[[button(words.say("button.settings"), MENU, policy.shop)]])

    def _event(self, update_id: int, act: Act, policy: Policy, person: Person) -> AnyEvent | None:
        head: dict[str, Any] = {
            "event_id": f"telegram:{update_id}",
            "to": (pointers.desk(policy.shop),),
            "at": self._front.now(),
            "by": person.telegram,
            "name": person.name,
        }
        match act.what:
            case "pause":
                channel, _, end = act.value.partition(".")
                return ShopSet(what="pause", value=channel, until=moment(end), **head)
            case "quiet" | "holiday" as what:
                return ShopSet(what=what, value=act.value, **head)
            case "away":
                until = moment(act.value)
                return ShopSet(what="away", until=until, **head) if until or act.value == "-" else None
            case "remove" if act.value.isascii() and act.value.isdigit():
                return DeskActed(what="remove", person=int(act.value), **head)
            case "notice":
                verb, _, n = act.value.partition(".")
                return (
                    NoticePressed(verb=VERBS[verb], n=int(n), **head)
                    if verb in VERBS and n.isascii() and n.isdigit()
                    else None
                )
            case "language":
                return DeskActed(what="language", value=act.value, **head)
        return None

    def _done(self, act: Act, policy: Policy, person: Person, words: Words) -> str:
        values: dict[str, Any] = {"by": person.name, "shop": policy.name, "name": person.name}
        if act.what == "pause":
            values["channel"] = act.value.partition(".")[0].removeprefix("-")
            return words.say("act.resumed" if act.value.startswith("-") else "act.paused", values)
        if act.what == "away":
            return words.say("act.back" if act.value == "-" else "act.away", values)
        if act.what == "quiet":
            fixed = act.value in ("off", "settings")
            return words.say(f"act.quiet_{act.value}" if fixed else "act.quiet", {**values, "hours": act.value})
        if act.what == "holiday":
            values["day"] = day_text(words, policy, act.value.removeprefix("-"))
            return words.say("act.open" if act.value.startswith("-") else "act.holiday", values)
        return words.say(f"act.{act.what}", values)

    async def _settings(self, query: CallbackQuery, act: Act, policy: Policy, person: Person, words: Words) -> Answers:
        """A page of the owner's menu, or the question before a wish."""
        if person.role != "owner":
            return [_toast(query, words.say("toast.not_allowed"))]
        if act.what == MENU:
            text, keyboard = await self.menu.page(policy, words, act.value)
            return [_toast(query, ""), *self._shown(query, text, keyboard)]
        text = self.menu.question(policy, words, act.value) or ""
        if not text:
            return [_toast(query, words.say("toast.stale"))]
        what, _, value = act.value.partition(".")
        return [_toast(query, ""), *self._closed(query, text, sure(words, what, policy.shop, value))]

    async def _ask_remove(self, query: CallbackQuery, act: Act, policy: Policy, words: Words) -> Answers:
        people = (await self._front.desk(policy.shop)).people
        gone = next((p for p in people if str(p.telegram) == act.value), None)
        if gone is None:
            return [_toast(query, words.say("toast.stale"))]
        text = words.say("people.sure", {"name": gone.name, "shop": policy.name})
        return [_toast(query, ""), *self._closed(query, text, sure(words, "remove", policy.shop, act.value))]

    def _closed(self, query: CallbackQuery, text: str, keyboard: InlineKeyboardMarkup | None = None) -> Answers:
        return self._shown(query, plain_html(text), keyboard)

    def _shown(self, query: CallbackQuery, html: str, keyboard: InlineKeyboardMarkup | None) -> Answers:
        if not isinstance(query.message, Message):
            return []
        chat, message_id = query.message.chat.id, query.message.message_id
        return [
            EditMessageText(chat_id=chat, message_id=message_id, text=html, parse_mode="HTML", reply_markup=keyboard)
        ]


async def speaks(front: Front, event_id: str, person: Person, language: str, policies: Iterable[Policy]) -> None:
    """One's language is one's own, at every shop that knows one."""
    for policy in policies:
        if (await front.desk(policy.shop)).person(person.telegram) is None:
            continue
        event = DeskActed(
            event_id=event_id,
            to=(pointers.desk(policy.shop),),
            at=front.now(),
            what="language",
            by=person.telegram,
            name=person.name,
            value=language,
        )
        await front.handle(event)


def _toast(query: CallbackQuery, text: str) -> AnswerCallbackQuery:
    return AnswerCallbackQuery(callback_query_id=query.id, text=toast(text) or None)


def moment(value: str) -> datetime | None:
    """From minutes of the epoch, as a button carries them."""
    from datetime import UTC

    known = value.isascii() and value.isdigit() and len(value) <= MINUTES_MOST
    return datetime.fromtimestamp(int(value) * 60, UTC) if known else None
