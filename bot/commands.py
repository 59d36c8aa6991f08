"""Commands of staff: one order as a card, lists, this chat's id, help. They read and change nothing."""

from __future__ import annotations

from typing import Any

from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import InlineKeyboardMarkup, Message, ReplyParameters
from msgspec import Struct

from bot import places
from bot.composing import card_html, plain_html
from bot.desk import NO_PREVIEW, TelegramDesk
from bot.places import Place
from bot.words import Words
from engine.ports import OrderRow
from flows import cards
from flows.conversation import Conversation
from flows.events import TimerDue
from flows.orders import Order
from flows.policy import Policy
from flows.turn import Turn
from flows.wording import Moment

#: Orders named in a list; the rest is only hinted at.
LISTED_MOST = 25
#: An order's number longer than this is none.
ORDER_ID_MOST = 100
#: What Telegram's menu offers.
NAMES = ("flagged", "pending", "order", "id", "help")
_LISTS = {"flagged": ("flagged", "held"), "pending": ("pending",)}


class Asker(Struct, frozen=True):
    """Who asks: their words, and the shops they may ask about."""

    name: str
    words: Words
    policies: tuple[Policy, ...]


class Commands:
    """The commands of one bot."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._front = desk.front
        self._desk = desk
        self._username = ""

    def called(self, username: str) -> None:
        """The bot's own name, so that a command for another bot is left alone."""
        self._username = username.lower()

    def read(self, message: Message) -> tuple[str, str] | None:
        """(command, the rest of the line) of a message that begins with one of ours; None for anything else."""
        text = message.text or ""
        if not text.startswith("/"):
            return None
        first, _, rest = text[1:].partition(" ")
        name, _, whose = first.partition("@")
        if whose and self._username and whose.lower() != self._username:
            return None
        name = name.lower()
        return (name, rest.strip()) if name in NAMES or name == "start" else None

    async def answer(self, command: tuple[str, str], message: Message, asker: Asker) -> list[TelegramMethod[Any]]:
        name, rest = command
        words = asker.words
        if name in _LISTS:
            return [_said(message, await self._list(name, asker))]
        if name == "order":
            return [await self._order(rest, message, asker)]
        if name == "id":
            return [_said(message, plain_html(words.say("id", {"chat": str(message.chat.id)})))]
        if name == "start" and message.chat.type == "private":
            shops = ", ".join(policy.name for policy in asker.policies)
            greeting = words.say("greeting", {"name": asker.name, "shop": shops})
            return [_said(message, plain_html(greeting, words.say("help")))]
        return [_said(message, plain_html(words.say("help")))]

    async def _list(self, name: str, asker: Asker) -> str:
        rows: list[tuple[OrderRow, Policy]] = []
        for policy in asker.policies:
            for state in _LISTS[name]:
                found = await self._front.orders(policy.shop, state, None, LISTED_MOST + 1)
                rows += [(row, policy) for row in found]
        rows.sort(key=lambda found: found[0].updated_at)
        shown = rows[:LISTED_MOST]
        more = len(rows) > LISTED_MOST
        words = asker.words
        lines = [words.say(f"list.{name}", {"count": f"{len(shown)}+" if more else str(len(shown))})]
        several = len(asker.policies) > 1
        for row, policy in shown:
            at = words.moment(Moment(at=row.updated_at, zone=policy.zone, style="daytime"))
            shop = f" · {policy.name}" if several else ""
            lines.append(f"{row.order_id} · {words.say(f'state.{row.state}')} · {at}{shop}")
        if not rows:
            lines.append(words.say("list.empty"))
        if more:
            lines.append(words.say("list.more"))
        return plain_html(*lines)

    async def _order(self, wanted: str, message: Message, asker: Asker) -> SendMessage:
        order_id = wanted.removeprefix("#").strip()
        words = asker.words
        if not order_id or len(order_id) > ORDER_ID_MOST:
            return _said(message, plain_html(words.say("find.usage")))
        for policy in asker.policies:
            conversation = await self._front.order(policy.shop, order_id)
            order = conversation.order(order_id) if conversation is not None else None
            if conversation is not None and order is not None:
                place = Place(conversation.id, order.seq, order.version)
                private = message.chat.type == "private"  # replies there go nowhere yet
                keyboard = None if private else places.reply_keyboard(order.id, place, words)
                return _said(message, self._card(conversation, order, policy, words), keyboard)
        return _said(message, plain_html(words.say("find.none", {"order": order_id})))

    def _card(self, conversation: Conversation, order: Order, policy: Policy, words: Words) -> str:
        """The order's card as it would be built now."""
        now = self._front.now()
        looking = TimerDue(event_id="telegram:look", to=(), at=now, due=now)
        return card_html(cards.build(Turn(conversation, looking, now, policy), order), words)


def _said(message: Message, html: str, keyboard: InlineKeyboardMarkup | None = None) -> SendMessage:
    return SendMessage(
        chat_id=message.chat.id,
        text=html,
        parse_mode="HTML",
        reply_markup=keyboard,
        link_preview_options=NO_PREVIEW,
        reply_parameters=ReplyParameters(message_id=message.message_id, allow_sending_without_reply=True),
    )
