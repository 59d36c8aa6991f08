"""WhatsApp templates at their providers: where they are kept, how ours compare with them, and the look that tells the desks.

config.yaml says which template of the provider is which of ours; what the provider thinks of it comes by Meta's webhook, and by a
look at the list now and then. Both are the same event (TemplatesTold); the desk decides what follows (flows/approvals.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol

from msgspec import Struct

from engine.engine import Engine
from engine.ports import Trouble, Unanswered
from flows import pointers
from flows.approvals import Listed, standings
from flows.desk_events import LimitTold, TemplatesTold
from flows.wording import Overrides, WaTemplate, proactive_templates, wa_template

#: Between two looks at a provider's list, business time. A review takes minutes to a day, and Meta's webhook is there at once.
EVERY = timedelta(minutes=15)
#: What our templates are called at the provider, unless --prefix says otherwise.
PREFIX = "doorstep"


class Submitted(Struct, frozen=True, kw_only=True):
    """What came of a template's submission. `why`: it was not taken. `was`: new, again (a better text), or there already."""

    ref: str = ""  # how config.yaml names it from now on
    was: Literal["", "new", "again", "there"] = ""
    why: str = ""


class TemplatePlace(Protocol):
    """Where a WhatsApp provider keeps the templates of one account, and judges them."""

    name: str
    provider: str  # as the owner knows it
    #: (our template's name, our language) -> how the provider's list names what config.yaml means (Listed.ref)
    configured: Mapping[tuple[str, str], str]
    shops: tuple[str, ...]

    def lacks(self) -> str:
        """The setting without which it cannot be asked; "" where nothing lacks."""

    async def listed(self) -> tuple[Listed, ...]:
        """Every template of the account. Raises Unanswered."""

    async def limit(self) -> int:
        """People whom we may write to first within 24 hours; -1: no limit, 0: it does not say. Raises Unanswered."""

    async def submit(self, template: WaTemplate, theirs: str, known: tuple[Listed, ...]) -> Submitted:
        """Ask for approval under the name `theirs`. `known`: what is there already. Never raises for a provider's fault."""


class TemplateWatch:
    """Implements engine.ports.Watch: one provider's account. What it finds goes to the desks, which tell the owner."""

    def __init__(self, engine: Engine, place: TemplatePlace) -> None:
        self._engine = engine
        self._place = place
        self._next: datetime | None = None
        self.name = place.name
        self.shops = place.shops

    async def look(self) -> tuple[Trouble, ...]:
        """Raises Unanswered."""
        now = self._engine.now()
        if self._place.configured and (self._next is None or now >= self._next):
            await self._limit(now)
        if self._place.lacks() or not self._place.configured or (self._next is not None and now < self._next):
            return ()
        self._next = now + EVERY
        told = standings(self._place.configured, await self._place.listed())
        for shop in self.shops:
            await self._engine.handle(
                TemplatesTold(
                    event_id=f"templates:{self.name}:{now.isoformat()}",
                    to=(pointers.desk(shop),),
                    at=now,
                    opens=True,
                    standings=told,
                )
            )
        return ()

    async def _limit(self, now: datetime) -> None:
        """Learn how many people a day may be written to. A provider that does not say leaves things as they are."""
        try:
            limit = await self._place.limit()
        except Unanswered:
            return
        for shop in self.shops if limit else ():
            event_id = f"limit:{self.name}:{now.isoformat()}"
            desk = (pointers.desk(shop),)
            await self._engine.handle(LimitTold(event_id=event_id, to=desk, at=now, opens=True, limit=limit))


class Row(Struct, frozen=True):
    """One of our templates in one language, with what the provider says of it; `listed` None: it is not there."""

    name: str
    lang: str
    ref: str  # as config.yaml names it; "" where it does not
    listed: Listed | None

    @property
    def word(self) -> str:
        """In one word, for a table."""
        if self.listed is not None:
            return self.listed.state or "approved"
        return "unknown there" if self.ref else "not submitted"


def rows(configured: Mapping[tuple[str, str], str], listed: Sequence[Listed], langs: Sequence[str]) -> list[Row]:
    """All of ours in these languages and in those that config.yaml names, beside what the provider has."""
    by_ref = {one.ref: one for one in listed}
    wanted = {(name, lang) for name in proactive_templates() for lang in langs} | set(configured)
    found = []
    for name, lang in sorted(wanted, key=lambda pair: (pair[1], pair[0])):
        ref = configured.get((name, lang), "")
        found.append(Row(name, lang, ref, by_ref.get(ref) if ref else None))
    return found


def other_words(row: Row, overrides: Overrides, script: str | None) -> bool:
    """Whether the provider's text differs from ours: what leaves then reads otherwise than `preview` shows it."""
    if row.listed is None or not row.listed.body or row.name not in proactive_templates():
        return False
    return row.listed.body.split() != wa_template(row.name, row.lang, overrides=overrides, script=script).body.split()
