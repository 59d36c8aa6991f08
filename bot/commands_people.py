"""Who the shop's people are: invited by a code, shown in a table, taken out; and the language in which each reads."""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardMarkup

from bot.acts import button, speaks
from bot.asking import Answers, Ask
from bot.composing import plain_html
from bot.desk import TelegramDesk
from bot.texts import CATALOGUES
from flows import pointers
from flows.desk import ROLES
from flows.desk_events import DeskActed
from flows.policy import Policy

#: What /start carries behind it when a newcomer opens the owner's link.
JOIN = "join_"
#: Random bytes of a code: nobody guesses 72 bits within a day.
CODE_BYTES = 9


def mark(shop: str, code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(f"{shop}:{code}".encode()).hexdigest()


class People:
    """The commands about people, and a newcomer's first message."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._desk = desk
        self._front = desk.front

    async def invite(self, ask: Ask) -> Answers:
        """A code in the owner's private chat; the group would all read it."""
        if not ask.private:
            return [ask.say("only_private")]
        role = ask.rest.lower() or "staff"
        if role not in ROLES:
            return [ask.say("invite.how")]
        code = secrets.token_urlsafe(CODE_BYTES)
        for policy, person in ask.asker.known:
            notice = await self._act(
                ask.update_id,
                policy,
                what="invite",
                by=person.telegram,
                name=person.name,
                value=role,
                mark=mark(policy.shop, code),
            )
            if notice != "done":
                return [ask.say("command.not_allowed", role=ask.asker.words.say("role.owner"))]
        link = f"https://t.me/{self._desk.username}?start={JOIN}{code}"
        return [ask.say("invite", role=ask.asker.words.say(f"role.{role}"), link=link)]

    async def join(self, update_id: int, code: str, user: int, name: str, language: str) -> str:
        """A newcomer brings a code. Gives the notice: joined:<role> | known:<role> | bad_code."""
        best = "bad_code"
        for policy in self._desk.groups.policies():
            notice = await self._act(
                update_id, policy, what="join", by=user, name=name, value=language, mark=mark(policy.shop, code)
            )
            best = notice if notice != "bad_code" else best
        return best

    async def people(self, ask: Ask) -> Answers:
        """Who is in the table, each with a button that takes them out; in private only."""
        if not ask.private:
            return [ask.say("only_private")]
        return [await self._table(ask, policy) for policy in ask.asker.policies]

    async def _table(self, ask: Ask, policy: Policy) -> SendMessage:
        words = ask.asker.words
        people = (await self._front.desk(policy.shop)).people
        lines = [words.say("people", {"shop": policy.name, "count": len(people)})]
        for person in people:
            line = f"{person.name} · {words.say(f'role.{person.role}')}"
            lines.append(f"{line} · {words.say('people.left')}" if person.left else line)
        me = ask.asker.person.telegram
        rows = [
            [button(words.say("button.remove", {"name": p.name}, 30), "ask_remove", policy.shop, str(p.telegram))]
            for p in people
            if p.telegram != me
        ]
        return ask.answer(plain_html(*lines), InlineKeyboardMarkup(inline_keyboard=rows) if rows else None)

    async def language(self, ask: Ask) -> Answers:
        """One's own words; of the card itself the group's language stays."""
        policy, person = ask.asker.known[0]
        wanted = ask.rest.lower()
        if wanted not in CATALOGUES:
            rows = [
                [
                    button(CATALOGUES[code]["language"], "language", policy.shop, code)
                    for code in list(CATALOGUES)[n : n + 2]
                ]
                for n in range(0, len(CATALOGUES), 2)
            ]
            return [
                ask.answer(
                    plain_html(ask.asker.words.say("language.which")), InlineKeyboardMarkup(inline_keyboard=rows)
                )
            ]
        await speaks(self._front, f"telegram:{ask.update_id}", person, wanted, ask.asker.policies)
        return [ask.answer(plain_html(CATALOGUES[wanted]["act.language"]))]

    async def _act(
        self,
        update_id: int,
        policy: Policy,
        *,
        what: Literal["invite", "join"],
        by: int,
        name: str,
        value: str,
        mark: str,
    ) -> str:
        """The event on the road; gives its notice."""
        event = DeskActed(
            event_id=f"telegram:{update_id}:{policy.shop}",
            to=(pointers.desk(policy.shop),),
            at=self._front.now(),
            what=what,
            by=by,
            name=name,
            value=value,
            mark=mark,
        )
        return (await self._front.handle(event)).notice
