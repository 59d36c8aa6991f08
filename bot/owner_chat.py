"""The owner's private chat: pings with what is known and buttons to act on, and answers by replying to them.

A ping's buttons name conversation and complaint, so a reply to it says by itself what it is about, a week later and after a
restart. Who may do what is decided by the flow (flows/complaint_presses.py), with the role as of this moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)

from bot.composing import ping_html, plain_html, toast
from bot.echoes import echo, not_sent, reply, unfit
from bot.words import Words
from engine.ports import Front, Handled
from flows import complaint_pings, pointers
from flows.conversation import Conversation
from flows.desk import Person
from flows.effects import PingOwner, Value
from flows.events import ComplaintPressed, StaffWrote
from flows.policy import Policy

Answers = list[TelegramMethod[Any]]
Known = list[tuple[Policy, Person]]


def ping(owner: Person, effect: PingOwner, policy: Policy) -> SendMessage:
    """The message of one ping to one owner."""
    words = Words(owner.language, policy.language)
    values: Mapping[str, Value] = {"shop": policy.name, "order": effect.order_id, **effect.values}
    rows = [
        [InlineKeyboardButton(text=words.say(f"button.{b.verb}"), callback_data=b.data) for b in row]
        for row in effect.buttons
    ]
    return SendMessage(
        chat_id=owner.telegram,
        text=ping_html(effect.key, values, effect.lines, words),
        parse_mode="HTML",
        disable_notification=effect.silent or None,
        reply_markup=InlineKeyboardMarkup(inline_keyboard=rows) if rows else None,
    )


def charted(told: SendMessage, png: bytes) -> SendPhoto:
    """The same message as a picture with its words beneath."""
    return SendPhoto(
        chat_id=told.chat_id,
        photo=BufferedInputFile(png, filename="numbers.png"),
        caption=told.text,
        parse_mode="HTML",
        disable_notification=told.disable_notification,
        reply_markup=told.reply_markup,
    )


def of_message(message: Message | None) -> tuple[str, int] | None:
    """(conversation, complaint) that the buttons of a ping name."""
    markup = message.reply_markup if message is not None else None
    for row in markup.inline_keyboard if markup else ():
        for button in row:
            if (read := complaint_pings.read(button.callback_data or "")) is not None:
                return read[1], read[2]
    return None


class OwnerChat:
    """Presses and replies in private chats with people of the shop."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def _theirs(self, conversation: str, known: Known) -> tuple[Conversation, Policy, Person] | None:
        """The conversation with the shop and the person, where the person belongs to that very shop."""
        found = await self._front.by_id(conversation)
        if found is None:
            return None
        return next(((found, policy, person) for policy, person in known if policy.shop == found.shop), None)

    # -- presses

    async def pressed(self, update_id: int, query: CallbackQuery, known: Known) -> Answers | None:
        """None: it is no button of a ping."""
        read = complaint_pings.read(query.data or "")
        if read is None:
            return None
        verb, conversation, n = read
        theirs = await self._theirs(conversation, known)
        if theirs is None:
            return [_toast(query, Words(query.from_user.language_code or "").say("toast.not_for_you"))]
        _, policy, person = theirs
        event = ComplaintPressed(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(conversation),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            verb=verb,
            complaint=n,
        )
        handled = await self._front.handle(event)
        words = Words(person.language, policy.language)
        return self._told(query, handled, words)

    def _told(self, query: CallbackQuery, handled: Handled, words: Words) -> Answers:
        kind, _, rest = handled.notice.partition(":")
        message = query.message
        if kind == "unsaid" and message is not None:
            text = plain_html(words.say("echo.unsaid", {"name": query.from_user.first_name}))
            edit = EditMessageText(chat_id=message.chat.id, message_id=message.message_id, text=text, parse_mode="HTML")
            return [_toast(query, words.say("toast.unsaid")), edit]
        if kind == "taken":
            text = words.say("toast.taken", {"name": rest})
        elif kind in ("wanted", "already"):
            text = words.say(f"toast.{kind}.{rest}")
        else:
            text = words.say(f"toast.{kind}") if words.has(f"toast.{kind}") else words.say("toast.done")
        answers: Answers = [_toast(query, text)]
        if kind == "solved" and isinstance(message, Message):
            # solved: the buttons that act go, one that names the complaint stays, so that a reply still finds its way
            answers.append(
                EditMessageReplyMarkup(
                    chat_id=message.chat.id, message_id=message.message_id, reply_markup=_kept(message)
                )
            )
        return answers

    # -- replies

    async def replied(self, update_id: int, message: Message, known: Known) -> Answers | None:
        """A reply to a ping goes to the customer; None: it is no reply to one."""
        about = of_message(message.reply_to_message)
        if about is None:
            return None
        theirs = await self._theirs(about[0], known)
        if theirs is None or message.forward_origin is not None or message.via_bot is not None:
            return []
        conversation, policy, person = theirs
        words = Words(person.language, policy.language)
        complaint = next((c for c in conversation.complaints if c.n == about[1]), None)
        if complaint is None:
            return [reply(message, words.say("echo.gone"))]
        if (refusal := unfit(message, words)) is not None:
            return [refusal]
        event = StaffWrote(
            event_id=f"telegram:{update_id}",
            to=(pointers.conversation(about[0]),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            role=person.role,
            seq=complaint.seq,
            chat=str(message.chat.id),
            text=message.text or "",
            complaint=complaint.n,
        )
        handled = await self._front.handle(event)
        if handled.duplicate:
            return []
        kind, _, rest = handled.notice.partition(":")
        if kind == "sent":
            undo = complaint_pings.data(about[0], complaint, f"k_unsay.{update_id}")
            return [echo(message.chat.id, message.message_id, rest, undo, words)]
        return [not_sent(message, kind, words)]


def _kept(message: Message) -> InlineKeyboardMarkup | None:
    rows = message.reply_markup.inline_keyboard if message.reply_markup else []
    keep = [[b for b in row if (b.callback_data or "").startswith("k_call")] for row in rows]
    keep = [row for row in keep if row]
    return InlineKeyboardMarkup(inline_keyboard=keep) if keep else None


def _toast(query: CallbackQuery, text: str) -> AnswerCallbackQuery:
    return AnswerCallbackQuery(callback_query_id=query.id, text=toast(text) or None)
