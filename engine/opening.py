"""At the start: each shop's desk learns who the people and where the group are; the first start fills the table."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from engine.engine import Engine
from flows import pointers
from flows.desk import Person
from flows.events import PeopleTold


async def open_desks(engine: Engine, people: Mapping[str, tuple[Person, ...]]) -> None:
    """Idempotent: what the table holds stays."""
    for shop, policy in engine.policies.items():
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
