"""What waits for a chat, named from the lanes: the facts of a digest, brought to the desk as an event.

Which effects wait is a hint in memory; what they are about is read from the store. The desk decides whether anything is said.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from engine.engine import Engine
from engine.lanes import Lane
from flows import digests, pointers
from flows.desk_events import WaitingListed

#: A lane that fills is looked at no oftener than this.
LOOK_EVERY = digests.EVERY
#: Effects whose line the owner has read already.
REMEMBERED_MOST = 5000
#: Below this an effect of a group's lane is a reply or an edit, no new card (flows/pacing.py).
NEW_CARD = 11


class Digesting:
    """One per process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._looked: dict[tuple[str, str], datetime] = {}
        self._named: OrderedDict[str, None] = OrderedDict()
        self._n = 0

    def due(self, shop: str, lane: Lane) -> str:
        """ "cards" or "pings" when this lane should be looked at now; "" when not."""
        if len(lane) < digests.FROM or not lane.name.startswith("telegram:"):
            return ""
        kind = self._kind(shop, lane.name)
        now, last = self._engine.now(), self._looked.get((shop, kind))
        if not kind or (last is not None and now - last < LOOK_EVERY[kind]):
            return ""
        self._looked[shop, kind] = now  # before the look itself: more is planned in this very step
        return kind

    def _kind(self, shop: str, lane: str) -> str:
        if lane == f"telegram:owner:{shop}":
            return "pings"
        return "cards" if lane == f"telegram:{self._engine.policies[shop].staff_chat}" else ""

    async def look(self, shop: str, kind: str) -> None:
        """Bring the desk what waits now, most urgent first."""
        self._looked[shop, kind] = self._engine.now()
        name = f"telegram:owner:{shop}" if kind == "pings" else f"telegram:{self._engine.policies[shop].staff_chat}"
        waiting = self._engine.lanes.get(name).waiting()
        if kind == "cards":
            waiting = [w for w in waiting if w[0] >= NEW_CARD]
            most = digests.CARDS_NAMED
        else:
            waiting = [w for w in waiting if w[0] == 0]
            most = digests.PINGS_NAMED
        found: list[digests.Named] = []
        for _, effect_id, conversation in waiting:
            if kind == "pings" and effect_id in self._named:
                continue
            found_in = await self._engine.by_id(conversation)
            one = digests.named(found_in, effect_id) if found_in is not None else None
            if one is not None:
                found.append(one)
                self._remember(effect_id)
            if len(found) >= most:
                break
        self._n += 1
        now = self._engine.now()
        await self._engine.handle(
            WaitingListed(
                event_id=f"waiting:{kind}:{now.timestamp()}:{self._n}",
                to=(pointers.desk(shop),),
                at=now,
                opens=True,
                kind=kind,  # type: ignore[arg-type]
                waiting=len(waiting),
                named=tuple(found),
            )
        )

    def _remember(self, effect_id: str) -> None:
        self._named[effect_id] = None
        while len(self._named) > REMEMBERED_MOST:
            self._named.popitem(last=False)
