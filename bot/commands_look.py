"""Commands that show something and change nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot import places
from bot.asking import Answers, Ask
from bot.composing import card_html, plain_html, units
from bot.desk import TelegramDesk
from bot.places import Place
from bot.words import Words
from engine.ports import OrderRow
from flows import cards, hours, taking, urgency
from flows.conversation import Conversation
from flows.events import TimerDue
from flows.orders import Order
from flows.policy import Policy
from flows.turn import Turn
from flows.wording import Moment

#: Orders named in a list; the rest is only hinted at.
LISTED_MOST = 25
#: Orders found by a part of something.
FOUND_MOST = 10
#: An order's number longer than this is none.
ORDER_ID_MOST = 100
#: Open orders that are looked through for the most urgent one.
LOOKED_MOST = 500
_LISTS = {"flagged": ("flagged", "held"), "pending": ("pending",)}
_OPEN = ("flagged", "held", "pending", "confirmed", "shipped")
_COUNTED = ("pending", "flagged", "held", "confirmed", "cancelled", "shipped", "delivered", "returned")
COUNTED_MOST = 10_000

Found = tuple[Policy, Conversation, Order]


class Looking:
    """What staff may look at."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._front = desk.front
        self._desk = desk

    # -- lists

    async def listed(self, ask: Ask) -> Answers:
        rows: list[tuple[OrderRow, Policy]] = []
        for policy in ask.asker.policies:
            for state in _LISTS[ask.name]:
                found = await self._front.orders(policy.shop, state, None, LISTED_MOST + 1)
                rows += [(row, policy) for row in found]
        rows.sort(key=lambda found: found[0].updated_at)
        words = ask.asker.words
        more = len(rows) > LISTED_MOST
        count = f"{LISTED_MOST}+" if more else str(len(rows))
        lines = [words.say(f"list.{ask.name}", {"count": count}), *self._rows(ask, rows[:LISTED_MOST])]
        if not rows:
            lines.append(words.say("list.empty"))
        if more:
            lines.append(words.say("list.more"))
        return [ask.answer(plain_html(*lines))]

    def _rows(self, ask: Ask, rows: list[tuple[OrderRow, Policy]]) -> list[str]:
        words = ask.asker.words
        several = len(ask.asker.policies) > 1
        lines = []
        for row, policy in rows:
            at = words.moment(Moment(at=row.updated_at, zone=policy.zone, style="daytime"))
            shop = f" · {policy.name}" if several else ""
            lines.append(f"{row.order_id} · {words.say(f'state.{row.state}')} · {at}{shop}")
        return lines

    async def find(self, ask: Ask) -> Answers:
        """One hit is shown as its card, several as a list."""
        if not ask.rest:
            return [ask.say("find.how")]
        rows: list[tuple[OrderRow, Policy]] = []
        for policy in ask.asker.policies:
            found = await self._front.search(policy.shop, ask.rest[:ORDER_ID_MOST], FOUND_MOST + 1)
            rows += [(row, policy) for row in found]
        if len(rows) == 1 and (one := await self._load(rows[0][1], rows[0][0].order_id)) is not None:
            return [self._shown(ask, one)]
        words = ask.asker.words
        more = len(rows) > FOUND_MOST
        count = f"{FOUND_MOST}+" if more else str(len(rows))
        head = words.say("list.found", {"count": count, "wanted": ask.rest})
        return [ask.answer(plain_html(head, *self._rows(ask, rows[:FOUND_MOST])))]

    async def stats(self, ask: Ask) -> Answers:
        """Orders by state, as of now: those that changed today, and in the last seven days."""
        words = ask.asker.words
        lines: list[str] = []
        for policy in ask.asker.policies:
            zone = hours.zone(policy.zone)
            midnight = self._front.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
            lines.append(words.say("stats", {"shop": policy.name}))
            for key, since in (("stats.today", midnight), ("stats.week", self._front.now() - timedelta(days=7))):
                lines.append(words.say(key, {"counts": await self._counts(policy, since, words)}))
        return [ask.answer(plain_html(*lines))]

    async def _counts(self, policy: Policy, since: datetime, words: Words) -> str:
        counts = []
        for state in _COUNTED:
            rows = await self._front.orders(policy.shop, state, since, COUNTED_MOST)
            if rows:
                counts.append(f"{words.say(f'state.{state}')} {len(rows)}")
        return ", ".join(counts) or "0"

    # -- one order

    async def order(self, ask: Ask) -> Answers:
        order_id = ask.rest.removeprefix("#").strip()
        if not order_id or len(order_id) > ORDER_ID_MOST:
            return [ask.say("find.usage")]
        for policy in ask.asker.policies:
            found = await self._load(policy, order_id)
            if found is not None:
                return [self._shown(ask, found)]
        return [ask.say("find.none", order=order_id)]

    async def _load(self, policy: Policy, order_id: str) -> Found | None:
        conversation = await self._front.order(policy.shop, order_id)
        order = conversation.order(order_id) if conversation is not None else None
        return (policy, conversation, order) if conversation is not None and order is not None else None

    def _shown(self, ask: Ask, found: Found, beneath: str = "") -> SendMessage:
        """The order's card as it would be built now; in private, with the whole number where the asker has taken it. `beneath`: a
        last line."""
        policy, conversation, order = found
        words = ask.asker.words
        more = [beneath] if beneath else []
        if ask.private and order.taken_id == ask.asker.person.telegram:
            more.insert(0, words.say("yours", taking.reach_of(order)))
        room = sum(units(line) + 2 for line in more)
        html = "\n\n".join(
            [card_html(cards.build(self._turn(conversation, policy), order), words, room), *map(plain_html, more)]
        )
        return ask.answer(html, self._links(ask, found))

    def _links(self, ask: Ask, found: Found) -> InlineKeyboardMarkup | None:
        """In the group, the button that lets one answer the customer by a reply; and the way to the card, where it has one."""
        _, conversation, order = found
        place = Place(conversation.id, order.seq, order.version)
        words = ask.asker.words
        rows = []
        reply = None if ask.private else places.reply_keyboard(order.id, place, words)
        if reply is not None:
            rows += reply.inline_keyboard
        if order.card is not None and order.card.chat.startswith("-100"):
            url = f"https://t.me/c/{order.card.chat.removeprefix('-100')}/{order.card.message_id}"
            rows.append([InlineKeyboardButton(text=words.say("button.card"), url=url)])
        return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None

    def _turn(self, conversation: Conversation, policy: Policy) -> Turn:
        now = self._front.now()
        looking = TimerDue(event_id="telegram:look", to=(), at=now, due=now)
        return Turn(conversation, looking, now, policy)

    # -- what is mine to do

    async def next(self, ask: Ask) -> Answers:
        """The most urgent order that is the asker's or nobody's."""
        now = self._front.now()
        ranked: list[tuple[tuple[int, datetime], Found]] = []
        for policy, _, found in await self._open(ask, _OPEN):
            order = found[2]
            zone = hours.zone_for(order.fields.address.country, policy)
            quiet = hours.quiet_until(now, policy.quiet, zone) is not None
            rank = urgency.rank(order, ask.asker.person.telegram, now, quiet)
            if rank is not None:
                ranked.append((rank, found))
        if not ranked:
            return [ask.say("next.none")]
        ranked.sort(key=lambda r: r[0])
        more = ask.asker.words.say("next.more", {"count": len(ranked) - 1}) if len(ranked) > 1 else ""
        return [self._shown(ask, ranked[0][1], more)]

    async def mine(self, ask: Ask) -> Answers:
        """What the asker has taken; in private with the whole numbers."""
        me, words = ask.asker.person.telegram, ask.asker.words
        taken = [found for _, _, found in await self._open(ask, _OPEN) if found[2].taken_id == me]
        lines = [words.say("list.mine", {"count": str(len(taken))})]
        for _, _, order in taken:
            if ask.private:
                lines += ["", words.say("yours", taking.reach_of(order))]
            else:
                lines.append(f"{order.id} · {words.say(f'state.{order.state}')}")
        return [ask.answer(plain_html(*lines))]

    async def _open(self, ask: Ask, states: tuple[str, ...]) -> list[tuple[Policy, OrderRow, Found]]:
        found = []
        for policy in ask.asker.policies:
            for state in states:
                for row in await self._front.orders(policy.shop, state, None, LOOKED_MOST):
                    loaded = await self._load(policy, row.order_id)
                    if loaded is not None:
                        found.append((policy, row, loaded))
        return found

    async def chat_id(self, ask: Ask) -> Answers:
        """The settings need it."""
        return [ask.say("id", chat=str(ask.message.chat.id))]
