"""A press on a button of ours: an event, a menu that opens, or a question to the one who pressed.

Authority is the people table, looked at anew for every press; the chat has to be the shop's own group, and a card's button counts
on that card only (flows/staff.py looks). A menu changes nothing: its buttons are events like the card's own.
Source: https://core.telegram.org/bots/api (CallbackQuery), read 2026-11.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, EditMessageText, SendMessage, TelegramMethod
from aiogram.types import CallbackQuery, ForceReply, Message, ReplyParameters

from bot import places
from bot.composing import plain_html, toast
from bot.desk import TelegramDesk
from bot.echoes import echo
from bot.groups import Room
from bot.places import Place
from bot.sending import NO_PREVIEW
from bot.words import Words
from flows import cards, menus, pointers
from flows.conversation import Conversation
from flows.desk import Person
from flows.events import StaffPressed, TimerDue
from flows.orders import Order
from flows.turn import Turn
from flows.wording import Moment

Answers = list[TelegramMethod[Any]]


class Presses:
    """Presses on one bot's buttons in the staff groups."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front

    async def pressed(self, update_id: int, query: CallbackQuery) -> Answers:
        message = query.message
        room = await self._desk.groups.room(message.chat.id) if message is not None else None
        person = await self._desk.groups.person_in(room, query.from_user.id) if room is not None else None
        if message is None or room is None or person is None or query.from_user.is_bot:
            return [_toast(query, Words(query.from_user.language_code or "").say("toast.not_for_you"))]
        words = Words(person.language, room.language)
        read = cards.read(query.data or "")
        if read is None or not self._is_ours(message):
            return [_toast(query, words.say("toast.stale"))]
        verb, place = read[0], Place(read[1], read[2], read[3])
        if verb == places.SHOW:
            return [_toast(query, words.say("toast.reply"))]
        if isinstance(message, Message):
            self._desk.places.learn(message.chat.id, message.message_id, places.of_message(message))
        if verb in menus.MENUS or verb in (menus.BACK, menus.PROMPT):
            return await self._looks(query, verb, place, person, words, Words(room.language))
        event = StaffPressed(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(place.conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            verb=verb,
            seq=place.seq,
            version=place.version,
            chat=str(message.chat.id),
            message_id=message.message_id,
        )
        notice = (await self._front.handle(event)).notice
        return await self._answered(update_id, query, notice, place, person, words, room)

    async def _answered(
        self, update_id: int, query: CallbackQuery, notice: str, place: Place, person: Person, words: Words, room: Room
    ) -> Answers:
        message = query.message
        assert message is not None
        kind, _, rest = notice.partition(":")
        if kind == "yours" and not await self._desk.may_write(person.telegram):
            link = f"t.me/{self._desk.username}?start=mine"
            return [_toast(query, words.say("toast.press_start", {"link": link}), alert=True)]
        answers: Answers = [_toast(query, _pressed_text(notice, words, room))]
        if kind == "sent":
            answers.append(
                echo(message.chat.id, message.message_id, rest, place.data(f"unsay.{update_id}"), Words(room.language))
            )
        elif kind == "unsaid":
            text = Words(room.language).say("echo.unsaid", {"name": person.name})
            answers.append(
                EditMessageText(
                    chat_id=message.chat.id, message_id=message.message_id, text=plain_html(text), parse_mode="HTML"
                )
            )
        return answers

    def _is_ours(self, message: object) -> bool:
        """A message that Telegram shows no more (older than two days) has no sender; the card's own id is checked anyway."""
        if not isinstance(message, Message):
            return True
        return message.from_user is not None and message.from_user.id == self._desk.calls.bot_id

    # -- what only opens something

    async def _looks(
        self, query: CallbackQuery, verb: str, place: Place, person: Person, words: Words, groups: Words
    ) -> Answers:
        message = query.message
        assert message is not None
        conversation = await self._front.by_id(place.conversation)
        order = conversation.by_seq(place.seq) if conversation is not None else None
        if conversation is None or order is None:
            return [_toast(query, words.say("toast.gone"))]
        stands = order.card is not None and (order.card.chat, order.card.message_id) == (
            str(message.chat.id),
            message.message_id,
        )
        if not stands or order.version != place.version:
            return [_toast(query, words.say("toast.stale"))]
        if verb == menus.PROMPT:
            return [_toast(query, ""), _asks(message.chat.id, message.message_id, order, place, person, words)]
        turn = self._turn(conversation)
        rows = cards.build(turn, order).buttons if verb == menus.BACK else menus.rows(turn, order, verb)
        if not rows:
            return [_toast(query, words.say("toast.no_choice"))]
        return [
            _toast(query, ""),
            EditMessageReplyMarkup(
                chat_id=message.chat.id, message_id=message.message_id, reply_markup=places.keyboard(rows, groups)
            ),
        ]

    def _turn(self, conversation: Conversation) -> Turn:
        """The conversation as it stands now, to look at."""
        now = self._front.now()
        looking = TimerDue(event_id="telegram:look", to=(), at=now, due=now)
        return Turn(conversation, looking, now, self._front.policies[conversation.shop])


def _asks(chat: int, card: int, order: Order, place: Place, person: Person, words: Words) -> SendMessage:
    """Ask who pressed for the new number: their app opens the answer to this message."""
    link = places.asking_link(place, menus.PROMPT, chat, card)
    values = {"name": "⁅name⁆", "order": "⁅order⁆"}
    text = escape(words.say("ask.number", values), quote=False)
    mention = f'<a href="tg://user?id={person.telegram}">{escape(person.name, quote=False)}</a>'
    number = f'<a href="{escape(link)}">{escape(order.id, quote=False)}</a>'
    return SendMessage(
        chat_id=chat,
        text=text.replace("⁅name⁆", mention).replace("⁅order⁆", number),
        parse_mode="HTML",
        reply_markup=ForceReply(force_reply=True, selective=True, input_field_placeholder="+34 600 000 000"),
        link_preview_options=NO_PREVIEW,
        reply_parameters=ReplyParameters(message_id=card, allow_sending_without_reply=True),
    )


def _toast(query: CallbackQuery, text: str, *, alert: bool = False) -> AnswerCallbackQuery:
    return AnswerCallbackQuery(callback_query_id=query.id, text=toast(text) or None, show_alert=alert or None)


def _pressed_text(notice: str, words: Words, room: Room) -> str:
    """The notice of flows/staff.py as a toast."""
    kind, _, rest = notice.partition(":")
    if kind == "already":
        what, _, name = rest.partition(":")
        if what in ("called", "taken"):
            return words.say(f"toast.{what}", {"name": name})
        by_code = words.say(f"who.{name}") if words.has(f"who.{name}") else name
        return words.say("toast.already", {"state": what, "name": by_code})
    if kind == "too_soon":
        at = Moment(at=datetime.fromisoformat(rest), zone=room.policies[0].zone, style="daytime")
        return words.say("toast.too_soon", {"at": at})
    return words.say(f"toast.{kind}") if words.has(f"toast.{kind}") else words.say("toast.done")
