"""Commands of staff: which there are, who may give which, and the help.

What each does is in commands_look.py (reading), commands_act.py (acting) and commands_people.py (who the shop's people are).
A command that its giver has no right to is answered so, and nothing else; a stranger gets no answer at all in a group.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiogram.types import Message
from msgspec import Struct

from bot.asking import Answers, Ask, Asker
from bot.commands_act import Acting
from bot.commands_look import Looking
from bot.commands_people import People
from bot.composing import plain_html
from bot.desk import TelegramDesk
from bot.notices import Notices
from flows.desk import ROLES

#: What may stand behind a command's name: rights by role (docs/desk.md).
LEAST = {
    "next": "staff", "flagged": "staff", "pending": "staff", "order": "staff", "find": "staff", "mine": "staff", "new": "staff",
    "handover": "staff", "stats": "staff", "language": "staff", "id": "staff", "help": "staff",
    "block": "manager", "unblock": "manager", "pause": "manager", "away": "manager", "notice": "manager",
    "settings": "owner", "invite": "owner", "people": "owner",
}  # fmt: skip
#: What Telegram's menu offers, in this order.
NAMES = tuple(LEAST)

Handler = Callable[[Ask], Awaitable[Answers]]


class Command(Struct, frozen=True):
    """What a command does, and the least role that may give it."""

    do: Handler
    least: str


class Commands:
    """The commands of one bot."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._username = ""
        self.acting = Acting(desk)
        self.people = People(desk)
        looking = Looking(desk)
        acting, people = self.acting, self.people
        handlers: dict[str, Handler] = {
            "next": looking.next,
            "flagged": looking.listed,
            "pending": looking.listed,
            "order": looking.order,
            "find": looking.find,
            "mine": looking.mine,
            "stats": looking.stats,
            "id": looking.chat_id,
            "new": acting.new,
            "handover": acting.handover,
            "language": people.language,
            "block": acting.rule,
            "unblock": acting.rule,
            "pause": acting.pause,
            "away": acting.away,
            "notice": Notices(desk).draft,
            "settings": acting.settings,
            "invite": people.invite,
            "people": people.people,
            "help": self._help,
        }
        self.known = {name: Command(handlers[name], least) for name, least in LEAST.items()}

    def called(self, username: str) -> None:
        """The bot's own name, so that a command for another bot is left alone."""
        self._username = username.lower()

    def read(self, message: Message) -> tuple[str, str] | None:
        """(command, what stands behind it) of a message that begins with one of ours; None for anything else."""
        text = message.text or ""
        if not text.startswith("/"):
            return None
        first, *rest = text[1:].split(maxsplit=1)
        name, _, whose = first.partition("@")
        if whose and self._username and whose.lower() != self._username:
            return None
        name = name.lower()
        return (name, rest[0].strip() if rest else "") if name in NAMES or name == "start" else None

    async def answer(self, update_id: int, command: tuple[str, str], message: Message, asker: Asker) -> Answers:
        name, rest = command
        ask = Ask(update_id, name, rest, message, asker)
        if name == "start":
            return await self._start(ask)
        found = self.known[name]
        if not asker.may(found.least):
            return [ask.say("command.not_allowed", role=asker.words.say(f"role.{found.least}"))]
        return await found.do(ask)

    async def _start(self, ask: Ask) -> Answers:
        """A greeting in private, with what they have taken: a press on Take may have sent them here."""
        if not ask.private:
            return await self._help(ask)
        words = ask.asker.words
        shops = ", ".join(policy.name for policy in ask.asker.policies)
        greeting = words.say("greeting", {"name": ask.asker.person.name, "shop": shops})
        hello = ask.answer(plain_html(greeting, *self.help_lines(ask.asker)))
        return [hello, *(await self.known["mine"].do(ask) if ask.rest == "mine" else [])]

    async def _help(self, ask: Ask) -> Answers:
        return [ask.answer(plain_html(*self.help_lines(ask.asker)))]

    def help_lines(self, asker: Asker) -> list[str]:
        """How the cards work, and the commands of this person by the role that they need."""
        words = asker.words
        lines = [words.say("help")]
        for role in [r for r in ROLES if asker.may(r)]:
            lines += ["", words.say(f"help.{role}")]
            lines += [
                f"/{name} {words.say(f'command.{name}')}"
                for name, command in self.known.items()
                if command.least == role
            ]
        return lines
