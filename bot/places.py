"""Which conversation a message of the bot is about.

Every card and every notice carries a button, and a button's data names conversation, order and version. So a reply or a press
tells by itself what it is about, a week later and after a restart; what is remembered here only saves look-ups.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message
from msgspec import Struct

from bot.words import Words
from engine.ports import Front
from flows import cards
from flows.effects import Button, Card

#: Cards remembered at once. Forgetting one costs a look-up by the order's number.
REMEMBERED_MOST = 5000
#: The verb of the button that only says which order a message is about.
SHOW = "show"
#: Before the data in a link of ours.
MARK = "?d="


class Place(Struct, frozen=True):
    """One order in its conversation; seq 0 is the talk itself."""

    conversation: str
    seq: int
    version: int

    def data(self, verb: str) -> str:
        """Callback data, as flows/cards.py reads it."""
        return f"c:{verb}:{self.conversation}:{self.seq}:{self.version}"


class Places:
    """(chat, message id) -> Place, as far as this process has seen it."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, int], Place] = OrderedDict()

    def learn(self, chat: int, message_id: int, place: Place | None) -> None:
        if place is None:
            return
        self._known[chat, message_id] = place
        self._known.move_to_end((chat, message_id))
        while len(self._known) > REMEMBERED_MOST:
            self._known.popitem(last=False)

    def get(self, chat: int, message_id: int) -> Place | None:
        return self._known.get((chat, message_id))


def of_markup(markup: InlineKeyboardMarkup | None) -> Place | None:
    """What the buttons of a message say it is about."""
    for row in markup.inline_keyboard if markup else ():
        for button in row:
            if (read := cards.read(button.callback_data or "")) is not None:
                return Place(read[1], read[2], read[3])
    return None


def of_message(message: Message | None) -> Place | None:
    """What a message of ours is about: its buttons say it, or where it has none, the link on its order's number."""
    if message is None:
        return None
    return of_markup(message.reply_markup) or (asked[1] if (asked := asked_by(message)) is not None else None)


def asked_by(message: Message) -> tuple[str, Place] | None:
    """(what, about which order) a message of ours asks staff to write, from the link in it; None for any other message."""
    for entity in message.entities or ():
        _, mark, data = (entity.url or "").partition(MARK)
        read = cards.read(data) if entity.type == "text_link" and mark else None
        if read is not None:
            return read[0], Place(read[1], read[2], read[3])
    return None


def asking_link(place: Place, what: str, chat: int, message_id: int) -> str:
    """The address behind the order's number in a question to staff: it opens the card, and says what the answer is for."""
    where = f"c/{str(chat).removeprefix('-100')}/{message_id}" if str(chat).startswith("-100") else "telegram"
    return f"https://t.me/{where}{MARK}{place.data(what)}"


def of_card(card: Card) -> Place | None:
    for row in card.buttons:
        for button in row:
            if (read := cards.read(button.data)) is not None:
                return Place(read[1], read[2], read[3])
    return None


async def of_order(front: Front, shop: str, order_id: str) -> Place | None:
    """Where an order lives now."""
    if not order_id:
        return None
    conversation = await front.order(shop, order_id)
    order = conversation.order(order_id) if conversation is not None else None
    if conversation is None or order is None:
        return None
    return Place(conversation.id, order.seq, order.version)


def card_keyboard(card: Card, place: Place | None, words: Words) -> InlineKeyboardMarkup | None:
    """The card's buttons; a card that offers nothing any more keeps the one that says what it is about."""
    return keyboard(card.buttons, words) or reply_keyboard(order_of(card), place, words)


def keyboard(buttons: Sequence[Sequence[Button]], words: Words) -> InlineKeyboardMarkup | None:
    """Rows of buttons in one language; None where there is none."""
    rows = [
        [InlineKeyboardButton(text=words.say(f"button.{b.verb}", b.values, 40), callback_data=b.data) for b in row]
        for row in buttons
        if row
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def reply_keyboard(order_id: str, place: Place | None, words: Words) -> InlineKeyboardMarkup | None:
    """One small button that says which order a message is about."""
    if place is None:
        return None
    title = words.say("button.order", {"order": order_id}, 40) if order_id else words.say("button.reply")
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=title, callback_data=place.data(SHOW))]])


def way_to(chat: str, message_id: int, order_id: str, place: Place | None, words: Words) -> InlineKeyboardMarkup:
    """A button that opens the card in a supergroup, beside the one that says which order a message is about."""
    url = f"https://t.me/c/{chat.removeprefix('-100')}/{message_id}"
    opens = InlineKeyboardButton(text=words.say("button.to_card"), url=url)
    says = reply_keyboard(order_id, place, words)
    return InlineKeyboardMarkup(inline_keyboard=[[opens], *(says.inline_keyboard if says is not None else [])])


def order_of(card: Card) -> str:
    """The number of the card's order; "" for a talk."""
    return next((str(line.values.get("order", "")) for line in card.lines if line.key == "order"), "")
