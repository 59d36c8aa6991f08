"""At the start: each shop's desk learns who the people and where the group are; the first start fills the table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from engine.engine import Engine
from flows import pointers
from flows.desk import Person
from flows.desk_events import GroupMoved, PeopleTold


async def group_moved(engine: Engine, old: str, new: str) -> None:
    """A staff group got a new id: the desks keep it, and the cards go there from now on."""
    for shop, policy in list(engine.policies.items()):
        if policy.staff_chat == old:
            event_id = f"group:{shop}:{old}:{new}"
            await engine.handle(
                GroupMoved(event_id=event_id, to=(pointers.desk(shop),), at=engine.now(), old=old, new=new)
            )
            engine.overlay.moved(old, new, engine.now())


async def open_desks(engine: Engine, people: Mapping[str, tuple[Person, ...]]) -> None:
    """Idempotent: what the table holds stays."""
    for shop, policy in list(engine.policies.items()):
        told = people.get(shop, ())
        mark = hashlib.sha256(msgspec.json.encode((told, policy.staff_chat))).hexdigest()[:16]
        await engine.handle(
            PeopleTold(
                event_id=f"people:{shop}:{mark}",
                to=(pointers.desk(shop),),
                at=engine.now(),
                opens=True,
                people=told,
                staff_chat=policy.staff_chat,
            )
        )
        engine.overlay.desk(
            await engine.desk(shop), engine.now()
        )  # the group may have moved since the settings were written
