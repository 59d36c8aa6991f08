"""Which shops a chat belongs to, and who somebody is there. Being in the group gives no right: the people table does.

A group that becomes a supergroup gets a new id. The change is remembered here, told to `on_migrated`, and found again after a
restart, because Telegram repeats it to whoever writes to the old id (bot/start.py asks at start).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from msgspec import Struct

from engine.ports import Front, StoreUnavailable
from flows.desk import ROLES, Person
from flows.policy import Policy

log = logging.getLogger("doorstep.telegram")

OnMigrated = Callable[[str, str], Awaitable[None]]


class Room(Struct, frozen=True):
    """A staff group that is ours: the shops it serves (several where they share it)."""

    chat: int
    policies: tuple[Policy, ...]

    @property
    def language(self) -> str:
        return self.policies[0].language


class Groups:
    """The staff groups of the shops that one bot serves. `shops` None: every shop that has a group."""

    def __init__(
        self, front: Front, shops: frozenset[str] | None = None, on_migrated: OnMigrated | None = None
    ) -> None:
        self._front = front
        self._shops = shops
        self._on_migrated = on_migrated
        self._moved: dict[str, str] = {}

    def policies(self) -> list[Policy]:
        return [
            policy
            for shop, policy in self._front.policies.items()
            if policy.staff_chat and (self._shops is None or shop in self._shops)
        ]

    def current(self, chat: str) -> str:
        """The id that a chat has now."""
        seen = {chat}
        while (newer := self._moved.get(chat)) is not None and newer not in seen:
            seen.add(newer)
            chat = newer
        return chat

    async def migrated(self, old: str, new: str) -> None:
        """Telegram says that a group has a new id; told on once."""
        if old == new or self._moved.get(old) == new:
            return
        self._moved[old] = new
        log.warning("telegram.group_migrated", extra={"old": old, "new": new})
        if self._on_migrated is not None:
            try:
                await self._on_migrated(old, new)
            except StoreUnavailable:
                log.warning(
                    "telegram.migration_not_stored", extra={"old": old, "new": new}
                )  # told anew after a restart

    async def room(self, chat: int) -> Room | None:
        """The staff group with this id; None for any other chat."""
        mine = []
        for policy in self.policies():
            desk = await self._front.desk(policy.shop)
            named = {policy.staff_chat, desk.staff_chat} - {""}
            if str(chat) in named | {self.current(name) for name in named}:
                mine.append(policy)
        return Room(chat, tuple(mine)) if mine else None

    async def person_in(self, room: Room, user: int) -> Person | None:
        """Who this is in the group's people table. In a shared group: known to every shop in it, with the least of the roles."""
        found: list[Person] = []
        for policy in room.policies:
            person = (await self._front.desk(policy.shop)).person(user)
            if person is None:
                return None
            found.append(person)
        return min(found, key=lambda person: ROLES.index(person.role) if person.role in ROLES else -1)

    async def known_in(self, room: Room, user: int) -> tuple[tuple[Policy, Person], ...]:
        """Who they are in each shop of a group."""
        known = [(policy, (await self._front.desk(policy.shop)).person(user)) for policy in room.policies]
        return tuple((policy, person) for policy, person in known if person is not None)

    async def known_as(self, user: int) -> list[tuple[Policy, Person]]:
        """Every shop that knows this person, for the private chat."""
        known = []
        for policy in self.policies():
            person = (await self._front.desk(policy.shop)).person(user)
            if person is not None:
                known.append((policy, person))
        return known
