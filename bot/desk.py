"""The staff's place in Telegram: cards and short replies in the group, messages in the owners' private chats.

A card is posted once and then edited in place; where its message is gone, or the group has moved, it is posted anew. An edit
that changes nothing counts as made. Telegram cannot be asked what became of a message: Unknown is for the flow to settle.
"""

from __future__ import annotations

import logging

from aiogram.exceptions import TelegramAPIError, TelegramMigrateToChat
from aiogram.methods import EditMessageReplyMarkup, EditMessageText, SendChatAction
from aiogram.types import InlineKeyboardMarkup, Message

from bot import digest, drawing, notice_message, owner_chat, places, showing
from bot.calls import SETUP_AGAIN_S, TelegramCalls, code_of, outcome_of
from bot.composing import CAPTION_MOST, card_html, notice_html, units
from bot.groups import Groups, OnMigrated
from bot.places import Place, Places
from bot.sending import NO_PREVIEW, Sending
from bot.topics import Topics
from bot.words import Words
from engine.ports import AtDesk, Front, Media
from flows.desk import Person
from flows.effects import (
    Accepted,
    Card,
    Outcome,
    PingOwner,
    PointTo,
    Refused,
    ShowCard,
    ShowDigest,
    ShowMedia,
    ShowNotice,
    TellPerson,
    TellStaff,
    TryAgain,
    Unknown,
)
from flows.policy import Policy
from flows.topics import CONVERSATIONS, FLAGGED

log = logging.getLogger("doorstep.telegram")


class TelegramDesk:
    """Implements engine.ports.DeskPort for one bot, which may serve several shops.

    `shops`: those of this bot; None: every shop with a group. `on_migrated(old id, new id)`: a group became a supergroup.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        front: Front,
        *,
        shops: frozenset[str] | None = None,
        on_migrated: OnMigrated | None = None,
    ) -> None:
        self.front = front
        self.calls = TelegramCalls(token, base_url)
        self.groups = Groups(front, shops, on_migrated)
        self.sending = Sending(self.calls, self.groups)
        self.places = Places()
        self.topics = Topics(self.calls, self.groups, front)
        self.username = ""  # the bot's own, once Telegram has said it

    async def perform(self, effect: AtDesk, effect_id: str, shop: str) -> Outcome:
        """One attempt. Never raises for a fault of Telegram's. Accepted.provider_id is "<chat>/<message id>"."""
        policy = self.front.policies[shop]
        match effect:
            case ShowCard(card=Card() as card):
                return await self._show(card, policy)
            case ShowCard():
                return Refused("no_card", "the card was not filled in")
            case ShowDigest():
                chat = self.groups.current(policy.staff_chat)
                return await self.sending.followed(chat, digest.show(self.calls, effect, chat, policy))
            case ShowNotice():
                chat = self.groups.current(effect.chat)
                return await self.sending.followed(chat, notice_message.show(self.calls, effect, chat, policy))
            case TellStaff():
                return await self._tell(effect, policy)
            case PointTo():
                return await self._point(effect, policy)
            case TellPerson():
                return await self._tell_person(effect, policy)
            case PingOwner():
                return await self._ping(effect, policy)

    async def show_media(self, effect: ShowMedia, media: Media, effect_id: str, shop: str) -> Outcome:
        """A reply to the card without a sound: the words that came with it have made one."""
        policy = self.front.policies[shop]
        chat = self.groups.current(effect.chat or policy.staff_chat)
        reply_to = effect.message_id if chat == effect.chat else 0
        place = self.places.get(int(chat), reply_to) or await places.of_order(self.front, shop, effect.order_id)
        sent = await showing.show(self.calls, effect, media, chat, reply_to, place, Words(policy.language))
        if not isinstance(sent, Message):
            return sent
        self.places.learn(sent.chat.id, sent.message_id, place)
        return Accepted(f"{sent.chat.id}/{sent.message_id}")

    async def close(self) -> None:
        await self.calls.close()

    # -- cards

    async def _show(self, card: Card, policy: Policy) -> Outcome:
        words = Words(policy.language)
        chat = self.groups.current(card.chat or policy.staff_chat)
        place = await self._place_of(card, policy)
        keyboard = places.card_keyboard(card, place, words)
        stands = card.message_id != 0 and chat == card.chat
        topic = CONVERSATIONS if card.state in ("talk", "talk_closed") else FLAGGED
        if not stands:
            return await self._post(policy, chat, card_html(card, words), keyboard, place, topic)
        edit = EditMessageText(
            chat_id=int(chat),
            message_id=card.message_id,
            text=card_html(card, words),
            parse_mode="HTML",
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
        )
        try:
            await self.calls.ask(edit)
        except TelegramMigrateToChat as moved:
            await self.groups.migrated(chat, str(moved.migrate_to_chat_id))
            return await self._post(policy, self.groups.current(chat), card_html(card, words), keyboard, place, topic)
        except TelegramAPIError as error:
            if code_of(error) != "not_modified":
                return outcome_of(error)
        self.places.learn(int(chat), card.message_id, place)
        return Accepted(f"{chat}/{card.message_id}")

    async def _post(
        self,
        policy: Policy,
        chat: str,
        html: str,
        keyboard: InlineKeyboardMarkup | None,
        place: Place | None,
        topic: str,
        quiet: bool = False,
    ) -> Outcome:
        """Something new, in its topic where the group is a forum. A topic that is gone is made once more; else General."""
        thread = policy.topics.get(topic, 0)
        sent = await self.sending.send(chat, html, keyboard, thread=thread, quiet=quiet)
        if thread and _topic_gone(sent):
            thread = await self.topics.anew(policy, chat, topic, thread)
            sent = await self.sending.send(chat, html, keyboard, thread=thread, quiet=quiet)
            if thread and _topic_gone(sent):
                sent = await self.sending.send(chat, html, keyboard, quiet=quiet)
        if not isinstance(sent, Message):
            return sent
        self.places.learn(sent.chat.id, sent.message_id, place)
        return Accepted(f"{sent.chat.id}/{sent.message_id}")

    async def _place_of(self, card: Card, policy: Policy) -> Place | None:
        """What the card's buttons say; for a card without any, what is remembered, or where its order lives."""
        found = places.of_card(card)
        if found is None and card.message_id and card.chat.lstrip("-").isdigit():
            found = self.places.get(int(card.chat), card.message_id)
        if found is None:
            found = await places.of_order(self.front, policy.shop, places.order_of(card))
        return found

    async def _point(self, effect: PointTo, policy: Policy) -> Outcome:
        """A message in another topic with the way to the card; silent, for the card has told it."""
        words = Words(policy.language)
        chat = self.groups.current(effect.chat or policy.staff_chat)
        if effect.topic not in policy.topics or chat != effect.chat or not chat.startswith("-100"):
            return Refused("no_forum")
        order_id = str(effect.values.get("order", ""))
        place = self.places.get(int(chat), effect.message_id) or await places.of_order(
            self.front, policy.shop, order_id
        )
        keyboard = places.way_to(chat, effect.message_id, order_id, place, words)
        html = notice_html(effect.key, effect.values, words)
        return await self._post(policy, chat, html, keyboard, place, effect.topic, quiet=True)

    # -- replies under a card

    async def _tell(self, effect: TellStaff, policy: Policy) -> Outcome:
        words = Words(policy.language)
        chat = self.groups.current(effect.chat or policy.staff_chat)
        reply_to = effect.message_id if chat == effect.chat else 0  # ids of the old group mean nothing in the new one
        order_id = str(effect.values.get("order", ""))
        place = await self._place_of_reply(effect, policy, order_id)
        sent = await self.sending.send(
            chat,
            notice_html(effect.key, effect.values, words),
            places.reply_keyboard(order_id, place, words),
            reply_to,
        )
        if not isinstance(sent, Message):
            return sent
        if place is None:
            place = places.of_message(sent.reply_to_message)
            await self._mark(sent, places.reply_keyboard(order_id, place, words))
        self.places.learn(sent.chat.id, sent.message_id, place)
        return Accepted(f"{sent.chat.id}/{sent.message_id}")

    async def _place_of_reply(self, effect: TellStaff, policy: Policy, order_id: str) -> Place | None:
        if effect.chat.lstrip("-").isdigit():
            known = self.places.get(int(effect.chat), effect.message_id)
            if known is not None:
                return known
        return await places.of_order(self.front, policy.shop, order_id)

    async def _mark(self, sent: Message, keyboard: InlineKeyboardMarkup | None) -> None:
        """A talk's reply after a restart: only the card that Telegram shows with it says which talk it is."""
        if keyboard is not None:
            self.calls.afterwards(
                [EditMessageReplyMarkup(chat_id=sent.chat.id, message_id=sent.message_id, reply_markup=keyboard)]
            )

    # -- one person

    async def _tell_person(self, effect: TellPerson, policy: Policy) -> Outcome:
        """To a member of staff in private, in their own language. Refused where they have never pressed Start."""
        person = (await self.front.desk(policy.shop)).person(effect.person)
        if person is None:
            return Refused("not_staff")
        words = Words(person.language, policy.language)
        sent = await self.sending.send(str(effect.person), notice_html(effect.key, effect.values, words), None)
        return Accepted(f"{sent.chat.id}/{sent.message_id}") if isinstance(sent, Message) else sent

    async def may_write(self, person: int) -> bool:
        """Whether they have pressed Start: a bot may write to nobody else. Where Telegram does not say, yes."""
        try:
            await self.calls.ask(SendChatAction(chat_id=person, action="typing"))
        except TelegramAPIError as error:
            return code_of(error) != "chat_gone"
        return True

    # -- the owner

    async def _ping(self, effect: PingOwner, policy: Policy) -> Outcome:
        """To every owner; one who takes it is enough. Telegram lets a bot write only to people who have started it."""
        owners = (await self.front.desk(policy.shop)).owners()
        outcomes = [await self._ping_one(owner, effect, policy) for owner in owners]
        for kind in (Accepted, Unknown):
            for outcome in outcomes:
                if isinstance(outcome, kind):
                    return outcome
        waits = [outcome.after_s for outcome in outcomes if isinstance(outcome, TryAgain)]
        return TryAgain(min(waits), "too_many") if waits else TryAgain(SETUP_AGAIN_S, "no_owner_reached")

    async def _ping_one(self, owner: Person, effect: PingOwner, policy: Policy) -> Outcome:
        told = owner_chat.ping(owner, effect, policy)
        sent: Message | Outcome = Refused("not_drawn")
        if effect.chart is not None and units(told.text) <= CAPTION_MOST:
            png = await drawing.drawn(effect.chart, Words(owner.language, policy.language))
            sent = await self.sending.sent(owner_chat.charted(told, png)) if png is not None else sent
        if isinstance(sent, Refused):
            sent = await self.sending.sent(told)
        return Accepted(f"{sent.chat.id}/{sent.message_id}") if isinstance(sent, Message) else sent


def _topic_gone(sent: Message | Outcome) -> bool:
    return isinstance(sent, Refused) and sent.code == "topic_gone"
