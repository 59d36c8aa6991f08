"""Commands that bring an event on the road, or ask "really?" first: orders from a call, rulings, hand-over, pauses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.acts import button, sure
from bot.asking import Answers, Ask
from bot.composing import plain_html
from bot.desk import TelegramDesk
from bot.ordering import Ordering
from bot.settings_menu import SettingsMenu
from bot.until import read_until
from flows import hours, pointers
from flows.conversation import Conversation
from flows.desk import Person
from flows.events import StaffPressed, StaffRuled, StaffWrote
from flows.orders import Order
from flows.policy import Policy
from flows.saying import NOTE
from flows.wishes import CHANNELS
from flows.wording import Moment

#: Orders of one person that are handed over at once.
HANDED_MOST = 500
_BACK = frozenset({"off", "back", "no", "-", "0"})
_OPEN = ("flagged", "held", "pending", "confirmed", "shipped")


class Acting:
    """What staff may do by a command."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front
        self.ordering = Ordering(desk)
        self.menu = SettingsMenu(desk.front)

    async def new(self, ask: Ask) -> Answers:
        return [self.ordering.preview(ask)]

    # -- rulings

    async def rule(self, ask: Ask) -> Answers:
        """/block and /unblock: by the order's number, or by what finds exactly one order."""
        wanted = ask.rest.removeprefix("#").strip()
        if not wanted:
            return [ask.say("block.how")]
        for policy, person in ask.asker.known:
            order_id = wanted
            if await self._front.order(policy.shop, wanted) is None:
                rows = await self._front.search(policy.shop, wanted, 20)
                if len({row.conversation for row in rows}) != 1:
                    continue
                order_id = rows[0].order_id
            event = StaffRuled(
                event_id=f"telegram:{ask.update_id}",
                to=(pointers.order(policy.shop, order_id),),
                at=self._front.now(),
                by=person.telegram,
                name=person.name,
                role=person.role,
                order_id=order_id,
                ruling="block" if ask.name == "block" else "let_off",
            )
            notice = (await self._front.handle(event)).notice
            if notice == "done":
                return [ask.say(f"{ask.name}.done", order=order_id, name=person.name)]
        return [ask.say("find.none", order=wanted)]

    # -- hand-over

    async def handover(self, ask: Ask) -> Answers:
        """Give back every card of mine, with a note on each, and say in one list what the next one finds."""
        words = ask.asker.words
        lines: list[str] = []
        for policy, person in ask.asker.known:
            rows = [r for s in _OPEN for r in await self._front.orders(policy.shop, s, None, HANDED_MOST)]
            for row in rows:
                conversation = await self._front.order(policy.shop, row.order_id)
                order = conversation.order(row.order_id) if conversation is not None else None
                if conversation is None or order is None or order.card is None or order.taken_id != person.telegram:
                    continue
                await self._give_back(f"telegram:{ask.update_id}:{len(lines)}", conversation, order, person, ask.rest)
                said = f" · “{order.said[-1][:60]}”" if order.said else ""
                lines.append(f"{order.id} · {words.say(f'state.{order.state}')}{said}")
        head_line = words.say("handover", {"name": ask.asker.person.name, "count": len(lines)})
        note_line = [words.say("handover.note", {"note": ask.rest})] if ask.rest and lines else []
        return [ask.answer(plain_html(head_line, *note_line, *lines))]

    async def _give_back(
        self, event_id: str, conversation: Conversation, order: Order, person: Person, note: str
    ) -> None:
        """The press on Give back that they would make themselves, and before it the note."""
        assert order.card is not None
        head: dict[str, Any] = {"to": (pointers.conversation(conversation.id),), "at": self._front.now()}
        head |= {"by": person.telegram, "name": person.name, "role": person.role, "seq": order.seq}
        if note:
            await self._front.handle(
                StaffWrote(event_id=f"{event_id}:note", chat=order.card.chat, text=f"{NOTE} {note}", **head)
            )
        card = order.card
        await self._front.handle(
            StaffPressed(
                event_id=event_id,
                verb="take",
                version=order.version,
                chat=card.chat,
                message_id=card.message_id,
                **head,
            )
        )

    # -- the shop

    async def pause(self, ask: Ask) -> Answers:
        """Which channel; each press is asked about once more. Whoever has several shops is asked for each."""
        return [await self._pause(ask, policy) for policy in ask.asker.policies]

    async def _pause(self, ask: Ask, policy: Policy) -> SendMessage:
        words = ask.asker.words
        desk = await self._front.desk(policy.shop)
        channel = ask.rest.lower()
        if channel in CHANNELS:
            value = f"-{channel}" if channel in desk.paused else channel
            key = "pause.sure_resume" if value.startswith("-") else "pause.sure"
            text = words.say(key, {"channel": channel, "shop": policy.name})
            return ask.answer(plain_html(text), sure(words, "pause", policy.shop, value))
        rows = []
        for name in CHANNELS:
            paused = name in desk.paused
            title = words.say("button.resume" if paused else "button.pause", {"channel": name})
            rows.append([button(title, "pause", policy.shop, f"-{name}" if paused else name)])
        text = plain_html(*_of(ask, policy), words.say("pause.which"))
        return ask.answer(text, InlineKeyboardMarkup(inline_keyboard=rows))

    async def away(self, ask: Ask) -> Answers:
        """Until when; the press decides. `/away off`: back again. Whoever has several shops is asked for each."""
        return [await self._away(ask, policy) for policy in ask.asker.policies]

    async def _away(self, ask: Ask, policy: Policy) -> SendMessage:
        words = ask.asker.words
        now = self._front.now()
        if ask.rest.lower() in _BACK:
            text = words.say("away.sure_back", {"shop": policy.name})
            return ask.answer(plain_html(text), sure(words, "away", policy.shop, "-"))
        until = read_until(ask.rest, now, policy)
        if ask.rest and until is not None:
            at = words.moment(Moment(at=until, zone=policy.zone, style="daytime"))
            text = words.say("away.sure", {"until": at, "shop": policy.name})
            return ask.answer(plain_html(text), sure(words, "away", policy.shop, _minutes(until)))
        rows = [self._until(ask, policy, now + timedelta(days=days)) for days in (1, 2, 3, 7)]
        if (await self._front.desk(policy.shop)).away_until is not None:
            rows.append([button(words.say("button.here"), "away", policy.shop, "-")])
        text = plain_html(*_of(ask, policy), words.say("away.how"))
        return ask.answer(text, InlineKeyboardMarkup(inline_keyboard=rows))

    def _until(self, ask: Ask, policy: Policy, moment: datetime) -> list[InlineKeyboardButton]:
        start = moment.astimezone(hours.zone(policy.zone)).replace(hour=0, minute=0, second=0, microsecond=0)
        until = hours.next_open(start, policy.hours, policy.zone) or start
        title = ask.asker.words.moment(Moment(at=until, zone=policy.zone, style="daytime"))
        return [button(title, "away", policy.shop, _minutes(until))]

    async def settings(self, ask: Ask) -> Answers:
        """What lies over the settings file, and what may be set; or what stands behind the command, asked about once more."""
        if not ask.private:
            return [ask.say("only_private")]
        words, menu, answers = ask.asker.words, self.menu, Answers()
        for policy in ask.asker.policies:
            if not ask.rest:
                answers.append(ask.answer(*await menu.page(policy, words)))
                continue
            until = read_until(ask.rest.partition(" ")[2].strip(), self._front.now(), policy)
            wish = menu.written(ask.rest, policy, until)
            if wish is None:
                return [ask.say("settings.unread")]
            what, _, value = wish.partition(".")
            question = menu.question(policy, words, wish) or ""
            answers.append(ask.answer(plain_html(question), sure(words, what, policy.shop, value)))
        return answers


def _of(ask: Ask, policy: Policy) -> list[str]:
    """Which shop is meant, where it could be another."""
    return [policy.name] if len(ask.asker.policies) > 1 else []


def _minutes(moment: datetime) -> str:
    return str(int(moment.timestamp()) // 60)
