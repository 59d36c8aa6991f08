"""/notice: news to many. The command is an event; the preview, the buttons and the progress are one message (bot/notice_message.py)."""

from __future__ import annotations

from bot.asking import Answers, Ask
from bot.desk import TelegramDesk
from flows import notice_reading, pointers
from flows.desk_events import NoticeDrafted


class Notices:
    """What managers tell many customers at once."""

    def __init__(self, desk: TelegramDesk) -> None:
        self._front = desk.front

    async def draft(self, ask: Ask) -> Answers:
        """Nothing is sent by this: the preview comes as a message of its own."""
        policy, person = ask.asker.known[0]
        read = notice_reading.read(ask.rest, self._front.now(), policy)
        if isinstance(read, str):
            return [ask.say(read, most=notice_reading.TEXT_MOST)]
        event = NoticeDrafted(
            event_id=f"telegram:{ask.update_id}",
            to=(pointers.desk(policy.shop),),
            at=self._front.now(),
            by=person.telegram,
            name=person.name,
            chat=str(ask.message.chat.id),
            language=person.language if ask.private else "",
            draft=read,
        )
        if (await self._front.handle(event)).notice == "not_allowed":
            return [ask.say("command.not_allowed", role=ask.asker.words.say("role.manager"))]
        return []
